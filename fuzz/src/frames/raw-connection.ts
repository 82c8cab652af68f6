import { isUtf8 } from 'node:buffer';
import { connect, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import type { Random } from '../random.js';
import { Finding, must } from '../target.js';
import { opcodes, readServerFrame, type ServerFrame } from './frame.js';

const stackTrace = /\n\s+at .+:\d+:\d+|node:internal|node_modules/;

/** No answer may show the inside of the gateway. */
export function mustShowNoStack(text: string): void {
  must(!stackTrace.test(text), () => `an answer with a stack trace: ${text.slice(0, 2_000)}`);
}

/** A client that sends whatever bytes it is told to, and reads frames as strictly as RFC 6455 has it. */
export class RawConnection {
  readonly texts: string[] = [];
  pongs = 0;
  /** The gateway's close frame has come, or the end of the TCP connection. */
  ended = false;
  private head = '';
  private rest: Buffer = Buffer.alloc(0);
  private closing = false;
  private fault: unknown;
  private changed: () => void = () => {};

  private constructor(private readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.once('close', () => {
      this.ended = true;
      this.changed();
    });
  }

  static async open(port: number): Promise<RawConnection> {
    const socket = connect(port, '127.0.0.1');
    const raw = new RawConnection(socket);
    socket.on('data', (chunk) => {
      try {
        raw.read(chunk);
      } catch (error) {
        raw.fault ??= error;
      }
      raw.changed();
    });
    return raw;
  }

  /** Bytes in up to four pieces, as networks cut them, but the first `whole` ones together. */
  async send(bytes: Buffer, random: Random, whole = 0): Promise<void> {
    const cuts = random
      .list(3, () => random.below(bytes.length + 1))
      .filter((cut) => cut >= whole)
      .sort((a, b) => a - b);
    for (const [index, from] of [0, ...cuts].entries()) {
      if (this.socket.writable) this.socket.write(bytes.subarray(from, cuts[index] ?? bytes.length));
      await setImmediate();
    }
  }

  /** The head of a request. Its first line stays whole: in pieces, the pinned library answers it 505. */
  sendHead(head: string, random: Random): Promise<void> {
    return this.send(Buffer.from(head, 'latin1'), random, head.indexOf('\n') + 1);
  }

  /** Status of the answer to the handshake; 0 where there has been none in this time. */
  async status(timeoutMs: number): Promise<number> {
    await this.until(() => this.head.endsWith('\r\n\r\n') || this.ended, timeoutMs);
    mustShowNoStack(this.head);
    must(this.head === '' || this.head.startsWith('HTTP/1.1 '), () => `no answer of HTTP: ${this.head}`);
    return Number(/^HTTP\/1\.1 (\d{3})/.exec(this.head)?.[1] ?? 0);
  }

  /** Whether the condition came to hold in time. Throws what the bytes of the gateway had wrong. */
  async until(condition: () => boolean, timeoutMs: number): Promise<boolean> {
    const deadline = performance.now() + timeoutMs;
    while (this.fault === undefined && !condition()) {
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) break;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.changed = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    if (this.fault !== undefined) throw this.fault;
    return condition();
  }

  destroy(): void {
    this.socket.destroy();
  }

  private read(chunk: Buffer): void {
    if (!this.head.endsWith('\r\n\r\n')) {
      const text = this.head + chunk.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      this.head = end < 0 ? text : text.slice(0, end + 4);
      const after = end < 0 ? 0 : text.length - this.head.length;
      // The body of a refusal is no frame.
      if (after > 0 && this.head.startsWith('HTTP/1.1 101')) this.frames(chunk.subarray(chunk.length - after));
      else if (after > 0) mustShowNoStack(text);
      return;
    }
    if (this.head.startsWith('HTTP/1.1 101')) this.frames(chunk);
  }

  private frames(chunk: Buffer): void {
    this.rest = Buffer.concat([this.rest, chunk]);
    for (let found = readServerFrame(this.rest); found !== undefined; found = readServerFrame(this.rest)) {
      this.rest = found.rest;
      this.take(found.frame);
    }
  }

  private take({ fin, rsv, opcode, masked, payload }: ServerFrame): void {
    must(!this.closing, () => `a frame of opcode ${opcode} after the close frame`);
    must(!masked && rsv === 0 && fin, () => `a frame with mask ${masked}, reserved bits ${rsv}, fin ${fin}`);
    if (opcode === opcodes.text) {
      must(isUtf8(payload), () => 'a text frame that is not UTF-8');
      const text = payload.toString();
      mustShowNoStack(text);
      this.texts.push(text);
    } else if (opcode === opcodes.pong || opcode === opcodes.ping) {
      must(payload.length <= 125, () => `a control frame of ${payload.length} bytes`);
      if (payload.toString() === sentinel) this.pongs += 1;
    } else if (opcode === opcodes.close) {
      this.closing = true;
      this.ended = true;
      mustBeClose(payload);
    } else if (opcode === opcodes.binary) {
      this.texts.push('');
    } else throw new Finding(`a frame of opcode ${opcode}`);
  }
}

/** Payload of the ping after which a script is over. */
export const sentinel = 'the last ping';

function mustBeClose(payload: Buffer): void {
  if (payload.length === 0) return;
  must(payload.length >= 2 && payload.length <= 125, () => `a close frame of ${payload.length} bytes`);
  const code = payload.readUInt16BE(0);
  const known = (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code <= 4999);
  must(known, () => `a close frame with code ${code}`);
  must(isUtf8(payload.subarray(2)), () => 'a close reason that is not UTF-8');
}
