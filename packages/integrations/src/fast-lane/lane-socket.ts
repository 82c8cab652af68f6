import { connect, type LookupFunction, type Socket } from 'node:net';
import { type ErrorCode, limits } from '@sluice/contracts';
import { EgressRefusedError } from '../egress.js';
import { AnswerReader, type ReaderVerdict } from './answer-reader.js';
import type { Exchange, ExchangeHolder } from './exchange.js';
import { Timed, type TimingWheel } from './timing-wheel.js';

const readBufferBytes = 65_536;

// Reads are handed over synchronously, so all sockets share one buffer. Not on Windows, where a read is started with its
// memory before its data is there.
const sharedReadBuffer = process.platform === 'win32' ? undefined : Buffer.allocUnsafeSlow(readBufferBytes);

// Up to 16 KiB Node hands a string to the kernel from its stack, without an allocation; a longer body goes beside the head.
const oneWriteBytesMax = 16_000;

/** Why an attempt to connect failed: the name of a system error, or that the address is refused. */
export type ConnectFailure = string | EgressRefusedError;

/** What a socket tells its pool. */
export interface LaneSocketOwner {
  readonly wheel: TimingWheel;
  connected(socket: LaneSocket): void;
  /** The answer is complete and the connection may carry another request. */
  reusable(socket: LaneSocket): void;
  /** The socket is destroyed. `connectFailure` says why the attempt to connect failed; undefined where its time ran out. */
  gone(socket: LaneSocket, from: 'connecting' | 'open', connectFailure: ConnectFailure | undefined): void;
  /** The exchange met a connection that was already closed, and is to go out once more on a new one. */
  repeat(exchange: Exchange): void;
}

/**
 * One keep-alive connection to a back end, carrying one request at a time. What it cannot account for, a byte too many or a
 * byte while nothing was asked, ends it: a stray byte would become the beginning of somebody else's answer.
 */
export class LaneSocket extends Timed implements ExchangeHolder {
  private readonly socket: Socket;
  private readonly reader = new AnswerReader();
  private exchange: Exchange | undefined = undefined;
  private state: 'connecting' | 'open' | 'gone' = 'connecting';
  private sentAtMs = 0;
  /** The connection has had another request or a rest before this one, so that the server may have closed it meanwhile. */
  private reused = false;

  constructor(
    private readonly owner: LaneSocketOwner,
    host: string,
    port: number,
    lookup: LookupFunction,
    connectTimeoutMs: number,
  ) {
    super();
    const buffer = sharedReadBuffer ?? Buffer.allocUnsafeSlow(readBufferBytes);
    this.socket = connect({
      host,
      port,
      lookup,
      noDelay: true,
      onread: {
        buffer,
        callback: (byteCount) => {
          this.read(buffer, byteCount);
          return true;
        },
      },
    });
    this.socket.on('connect', () => this.connected());
    this.socket.on('end', () => this.ended());
    this.socket.on('error', (error: NodeJS.ErrnoException) =>
      this.failed(error instanceof EgressRefusedError ? error : (error.code ?? error.message)),
    );
    this.socket.on('close', () => this.failed('closed'));
    owner.wheel.arm(this, performance.now(), connectTimeoutMs);
  }

  /** How long the server keeps this connection after the last answer, ms: 0 not at all. */
  get idleMs(): number {
    const seconds = this.reader.keepAliveSeconds;
    // A second less than the server says: our request and its FIN may be on their way at the same time.
    return seconds === -1 ? limits.integrationIdleMs : Math.min(Math.max(0, seconds - 1) * 1000, 60_000);
  }

  /** Sends a request; the socket must be connected and carry none. */
  start(exchange: Exchange, reused: boolean): void {
    const { head, body, expectation } = exchange.request;
    this.owner.wheel.disarm(this);
    this.exchange = exchange;
    exchange.holder = this;
    this.reused = reused;
    this.sentAtMs = performance.now();
    this.reader.begin(expectation);
    if (body.length === 0) this.socket.write(head, 'latin1');
    else if (head.length + body.length <= oneWriteBytesMax) this.socket.write(head + latin1(body), 'latin1');
    else {
      this.socket.cork();
      this.socket.write(head, 'latin1');
      this.socket.write(body);
      this.socket.uncork();
    }
  }

  /** Waits for a request, for as long as the server surely keeps the connection. */
  rest(idleMs: number): void {
    this.owner.wheel.arm(this, performance.now(), idleMs);
  }

  abandon(exchange: Exchange): void {
    if (this.exchange !== exchange) return;
    this.exchange = undefined;
    this.destroy(undefined);
  }

  override expire(): void {
    this.destroy(undefined);
  }

  /** Ends the connection at once; a request on it fails. */
  close(): void {
    this.fail('integration_unreachable', 'the gateway is stopping');
  }

  private connected(): void {
    if (this.state !== 'connecting') return;
    this.state = 'open';
    this.owner.wheel.disarm(this);
    this.owner.connected(this);
  }

  private read(bytes: Buffer, byteCount: number): void {
    if (this.state === 'gone') return;
    // A byte while nothing was asked: many servers say 408 before they close. There is nobody to tell.
    if (this.exchange === undefined) this.destroy(undefined);
    else this.heed(this.reader.feed(bytes, byteCount), byteCount);
  }

  private heed(verdict: ReaderVerdict, byteCount: number): void {
    if (verdict === 'more') return;
    if (verdict === 'invalid') this.fail('integration_invalid_response', 'the answer is not valid HTTP/1.1');
    else if (verdict === 'too-large') this.fail('integration_response_too_large', 'head or body is over its limit');
    else if (this.reader.consumed !== byteCount) {
      // The length the answer gave itself is wrong, so its body cannot be trusted either.
      this.fail('integration_invalid_response', 'more bytes than the answer announced');
    } else this.answered(byteCount);
  }

  private answered(byteCount: number): void {
    const { exchange, reader } = this;
    if (exchange === undefined) return;
    const { status, headers, body } = reader;
    this.exchange = undefined;
    exchange.holder = undefined;
    this.owner.wheel.disarm(exchange);
    // A full read buffer may have more behind it, and an unsent rest of the request would precede the next one.
    const trusted = byteCount < readBufferBytes && this.socket.writableLength === 0;
    // The socket comes first: `settle` may ask for one in the same breath.
    if (trusted && this.idleMs > 0) this.owner.reusable(this);
    else this.destroy(undefined);
    exchange.settle({ ok: true, status, headers, body });
  }

  private ended(): void {
    if (this.state === 'gone') return;
    if (this.exchange !== undefined && this.reader.begun && this.reader.finish() === 'complete') this.answered(0);
    else this.failed('closed');
  }

  private failed(reason: ConnectFailure): void {
    if (this.state === 'gone') return;
    const { exchange } = this;
    if (exchange === undefined) return this.destroy(reason);
    if (this.reader.begun) {
      return this.fail('integration_invalid_response', `the connection broke off inside the answer (${reason})`);
    }
    // The gateway never repeats a call, with this one exception: a kept-alive connection that closes right after the
    // request without a byte was being closed when the request was written. The back end may see it twice in the rare case
    // that it read the request and died; `x-sluice-message-id` is the same both times.
    const closedBefore = this.reused && performance.now() - this.sentAtMs <= limits.integrationStaleCloseMs;
    if (!closedBefore || exchange.repeated) {
      return this.fail('integration_unreachable', `the connection closed before an answer (${reason})`);
    }
    this.exchange = undefined;
    exchange.holder = undefined;
    exchange.repeated = true;
    this.destroy(undefined);
    this.owner.repeat(exchange);
  }

  private fail(code: ErrorCode, detail: string): void {
    const { exchange } = this;
    this.exchange = undefined;
    if (exchange !== undefined) {
      exchange.holder = undefined;
      this.owner.wheel.disarm(exchange);
    }
    this.destroy(undefined);
    exchange?.fail(code, detail);
  }

  private destroy(reason: ConnectFailure | undefined): void {
    if (this.state === 'gone') return;
    const from = this.state;
    this.state = 'gone';
    this.owner.wheel.disarm(this);
    this.socket.destroy();
    this.owner.gone(this, from, from === 'connecting' ? reason : undefined);
  }
}

function latin1(body: Uint8Array): string {
  const bytes = body instanceof Buffer ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return bytes.latin1Slice(0, bytes.length);
}
