import { WebSocket } from 'ws';
import { signatureHeaders } from './request-signature.js';
import { type SelfTestTarget, StepFailure, shown } from './self-test-target.js';
import type { TimeBudget } from './time-budget.js';

/** The one WebSocket connection of a self-test. */
export interface TestConnection {
  send(text: string): void;
  /** The next message; throws `StepFailure` where none comes in time. */
  next(what: string): Promise<string>;
  /** Closes, and resolves with the code that the connection ended with: 1006 where the gateway did not answer. */
  close(): Promise<number>;
  terminate(): void;
}

/** Connects, with a signed handshake where there is a key. Throws `StepFailure`. */
export async function openTestConnection(
  address: string,
  target: SelfTestTarget,
  times: TimeBudget,
): Promise<TestConnection> {
  // Signed as the HTTP request it is.
  const url = new URL(address.replace(/^ws/, 'http'));
  const headers = await signatureHeaders({ method: 'GET', url, body: '' }, target);
  const socket = new WebSocket(address, { headers, perMessageDeflate: false, handshakeTimeout: times.leftMs() });
  const messages = new Messages(socket, times);
  await opened(socket, address, target);
  return {
    send: (text) => socket.send(text),
    next: (what) => messages.next(what),
    close: () => closed(socket, times),
    terminate: () => socket.terminate(),
  };
}

function opened(socket: WebSocket, address: string, target: SelfTestTarget): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string, wayOut: string) => {
      socket.on('error', () => undefined);
      socket.terminate();
      reject(new StepFailure(reason, wayOut));
    };
    socket.once('open', resolve);
    socket.once('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code ?? error.message;
      fail(
        `no connection to ${address}: ${reason}`,
        'Is --edge-url the Service of the edge process, does one run and is it ready, does a NetworkPolicy let this in?',
      );
    });
    socket.once('unexpected-response', (_request, response) => {
      const status = response.statusCode ?? 0;
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const body = shown(Buffer.concat(chunks).toString());
        fail(`the handshake was refused with ${status} ${body}`, wayOutOf(status, target));
      });
    });
  });
}

function wayOutOf(status: number, { api, stage, key }: SelfTestTarget): string {
  if (status === 401 || (status === 403 && key === undefined)) {
    return 'The API wants a signature: name the file with the keys, --auth-keys-file or --config.';
  }
  if (status === 403) {
    return `Either no API ${api} with a stage ${stage} is defined, or the router does not have this key in auth.keys, or the clocks are more than 5 minutes apart.`;
  }
  if (status === 503)
    return 'The edge takes no connections now: draining, full, or without Redis. Its /readyz and its log say which.';
  if (status === 504 || status === 500)
    return 'No router answered for $connect: does one run, on the same Redis and redis.keyPrefix?';
  return 'Is this a port of the edge, and does what stands in front of it pass WebSocket upgrades on?';
}

/** What arrives, kept until it is asked for. */
class Messages {
  private readonly arrived: string[] = [];
  private notify: (() => void) | undefined;
  private endedWith: number | undefined;

  constructor(
    socket: WebSocket,
    private readonly times: TimeBudget,
  ) {
    socket.on('message', (data) => {
      this.arrived.push(data.toString());
      this.notify?.();
    });
    socket.on('close', (code) => {
      this.endedWith = code;
      this.notify?.();
    });
  }

  async next(what: string): Promise<string> {
    if (this.arrived.length === 0 && this.endedWith === undefined) await this.untilNews();
    const text = this.arrived.shift();
    if (text !== undefined) return text;
    if (this.endedWith !== undefined) {
      throw new StepFailure(
        `the connection was closed with ${this.endedWith} instead of bringing ${what}`,
        'The log of the edge names the reason of each close.',
      );
    }
    throw new StepFailure(
      `${what} did not come in time`,
      'Do edge, router and callback run on the same Redis and redis.keyPrefix? sluice_stream_oldest_age_seconds shows whether messages wait for a router.',
    );
  }

  private untilNews(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.times.leftMs());
      this.notify = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function closed(socket: WebSocket, times: TimeBudget): Promise<number> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => socket.terminate(), times.leftMs());
    socket.once('close', (code) => {
      clearTimeout(timer);
      resolve(code);
    });
    socket.close(1000);
  });
}
