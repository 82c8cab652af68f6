import { clientFrame, type MessageShape, messageShape, mockReply, readSequence, writeSequence } from './message.js';
import type { WebSocketConnection, WebSocketHandlers } from './websocket-connection.js';

/**
 * What the answers must be. `echo`: each answers one message in flight and repeats it. `fixed`: each is the same text, and
 * as many come as were asked for. `ordered echo`: the answers come in the order of their messages.
 */
export type Expectation = 'echo' | 'ordered echo' | 'fixed';

const fixedReply = Buffer.from(mockReply, 'latin1');
const outstandingMax = 1_024;

/**
 * Keeps `inFlight` messages of one connection unanswered at any moment until told to stop, and checks each answer. Closed
 * loop: the next message leaves when an answer came, and the answers of one read are followed up in one write.
 */
export class EchoLoad implements WebSocketHandlers {
  completed = 0;
  private connection: WebSocketConnection | undefined;
  private readonly shape: MessageShape;
  private readonly frame: Buffer;
  private sequence = 0;
  private answered = 0;
  private answeredInRead = 0;
  private running = false;
  private readonly outstanding = new Uint8Array(outstandingMax);
  private outstandingCount = 0;
  private sentAtMs = 0;
  private onRoundTrip: ((milliseconds: number) => void) | undefined;

  constructor(
    action: string,
    sender: number,
    private readonly expectation: Expectation,
    private readonly onFailure: (reason: string) => void,
  ) {
    this.shape = messageShape(action, sender);
    this.frame = clientFrame(this.shape);
  }

  attach(connection: WebSocketConnection): void {
    this.connection = connection;
  }

  get pending(): number {
    return this.outstandingCount;
  }

  start(inFlight: number): void {
    if (inFlight > outstandingMax / 2) throw new RangeError(`at most ${outstandingMax / 2} messages in flight`);
    this.running = true;
    this.sendMessages(inFlight);
  }

  /** Sends nothing more; answers to what is in flight are still awaited and checked. */
  stop(): void {
    this.running = false;
  }

  /** Sends one message on an otherwise silent connection; resolves with its round trip in ms. */
  roundTrip(): Promise<number> {
    return new Promise((resolve) => {
      this.onRoundTrip = resolve;
      this.sentAtMs = performance.now();
      this.sendMessages(1);
    });
  }

  close(): void {
    this.running = false;
    this.connection?.close();
    this.connection = undefined;
  }

  onText(buffer: Buffer, start: number, end: number): void {
    if (this.expectation === 'fixed') this.checkFixed(buffer, start, end);
    else this.checkEcho(buffer, start, end);
    this.outstandingCount--;
    this.completed++;
    this.answeredInRead++;
    this.onRoundTrip?.(performance.now() - this.sentAtMs);
  }

  onReadEnd(): void {
    const count = this.answeredInRead;
    this.answeredInRead = 0;
    if (this.running && count > 0) this.sendMessages(count);
  }

  onEnd(reason: string): void {
    if (this.connection !== undefined) this.onFailure(reason);
  }

  private checkFixed(buffer: Buffer, start: number, end: number): void {
    if (this.outstandingCount === 0) throw new Error('an answer came that nobody asked for');
    if (end - start !== fixedReply.length || buffer.compare(fixedReply, 0, fixedReply.length, start, end) !== 0) {
      throw new Error(`a wrong answer: ${buffer.toString('utf8', start, Math.min(end, start + 300))}`);
    }
  }

  private checkEcho(buffer: Buffer, start: number, end: number): void {
    const sequence = readSequence(buffer, start, end, this.shape);
    if (sequence < 0) throw new Error(`a wrong answer: ${buffer.toString('utf8', start, Math.min(end, start + 300))}`);
    // A message's slot is free again long before its number comes round: at most half of the slots are in use.
    const slot = sequence % outstandingMax;
    if (sequence >= this.sequence || this.outstanding[slot] !== 1)
      throw new Error(`message ${sequence} was answered twice`);
    this.outstanding[slot] = 0;
    if (this.expectation === 'ordered echo' && sequence !== this.answered++) {
      throw new Error(`message ${sequence} was answered where ${this.answered - 1} was due`);
    }
  }

  private sendMessages(count: number): void {
    // The socket may keep what it is given, so each write has a buffer of its own.
    const frames = Buffer.allocUnsafe(this.frame.length * count);
    for (let i = 0; i < count; i++) {
      const at = i * this.frame.length;
      this.frame.copy(frames, at);
      if (this.expectation !== 'fixed') this.number(frames, at);
    }
    this.outstandingCount += count;
    this.connection?.write(frames);
  }

  private number(frames: Buffer, at: number): void {
    const sequence = this.sequence++;
    const slot = sequence % outstandingMax;
    // Parallel routing lets a slow message be overtaken; one overtaken a thousand times is lost.
    if (this.outstanding[slot] === 1) throw new Error(`message ${sequence - outstandingMax} has no answer`);
    this.outstanding[slot] = 1;
    writeSequence(frames, at, this.shape, sequence);
  }
}
