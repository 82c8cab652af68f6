import type { IncomingMessage } from 'node:http';
import { type ClientOptions, WebSocket } from 'ws';
import { waitFor } from './wait-for.js';

/** What a refused handshake was answered with. */
export interface Refusal {
  status: number;
  headers: IncomingMessage['headers'];
  rawHeaders: string[];
  body: string;
}

export class HandshakeRefusedError extends Error {
  constructor(readonly refusal: Refusal) {
    super(`handshake refused with ${refusal.status}: ${refusal.body}`);
    this.name = 'HandshakeRefusedError';
  }
}

/** A `ws` client that keeps all it receives, so that a test can look at it when it likes. */
export interface WebSocketClient {
  readonly socket: WebSocket;
  /** Sub-protocol of the 101, empty where it had none. */
  readonly protocol: string;
  readonly responseHeaders: IncomingMessage['headers'];
  /** Everything received, in order. */
  readonly messages: string[];
  /** Settles when the connection has ended; 1006 where no close frame came. */
  readonly closed: Promise<{ code: number; reason: string }>;
  send(message: string | Buffer | object): void;
  /** The next message not yet taken by `next`. */
  next(timeoutMs?: number): Promise<string>;
  close(code?: number, reason?: string): Promise<{ code: number; reason: string }>;
  terminate(): void;
}

export interface ConnectOptions extends Omit<ClientOptions, 'headers'> {
  protocols?: string[];
  /** A list is a header that comes several times. */
  headers?: Record<string, string | string[]>;
}

/** Connects; rejects with `HandshakeRefusedError` where the server answers anything but 101. */
export function connectClient(url: string, options: ConnectOptions = {}): Promise<WebSocketClient> {
  const { protocols = [], ...rest } = options;
  const socket = new WebSocket(url, protocols, { perMessageDeflate: false, ...(rest as ClientOptions) });
  const messages: string[] = [];
  let taken = 0;
  let responseHeaders: IncomingMessage['headers'] = {};
  socket.on('message', (data) => messages.push(data.toString()));
  socket.once('upgrade', (response) => {
    responseHeaders = response.headers;
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
  });

  return new Promise((resolve, reject) => {
    socket.once('unexpected-response', (_request, response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.once('end', () => {
        const { statusCode = 0, headers, rawHeaders } = response;
        reject(new HandshakeRefusedError({ status: statusCode, headers, rawHeaders, body }));
        socket.terminate();
      });
    });
    socket.on('error', reject);
    socket.once('open', () =>
      resolve({
        socket,
        protocol: socket.protocol,
        responseHeaders,
        messages,
        closed,
        send: (message) =>
          socket.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message)),
        async next(timeoutMs = 10_000) {
          const message = await waitFor(
            'a message',
            () => (messages.length > taken ? { text: messages[taken] } : undefined),
            timeoutMs,
          );
          taken += 1;
          return message.text as string;
        },
        close(code, reason) {
          socket.close(code, reason);
          return closed;
        },
        terminate: () => socket.terminate(),
      }),
    );
  });
}

/** The answer to a handshake that must fail. */
export async function refusedHandshake(url: string, options?: ConnectOptions): Promise<Refusal> {
  try {
    const client = await connectClient(url, options);
    client.terminate();
  } catch (error) {
    if (error instanceof HandshakeRefusedError) return error.refusal;
    throw error;
  }
  throw new Error(`${url} accepted a handshake that should have been refused`);
}
