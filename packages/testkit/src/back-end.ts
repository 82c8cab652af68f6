import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { waitFor } from './wait-for.js';

/** A request as a back end saw it. */
export interface BackEndRequest {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
  atMs: number;
  /** Headers the gateway always sets. */
  connectionId: string;
  messageId: string;
  routeKey: string;
  eventType: string;
}

export interface BackEndAnswer {
  status?: number;
  headers?: Record<string, string>;
  body?: string;
}

/** Gives the answer, or writes it to `response` by itself. */
export type BackEndHandler = (
  request: BackEndRequest,
  response: ServerResponse,
) => BackEndAnswer | undefined | void | Promise<BackEndAnswer | undefined> | Promise<void>;

/** A real HTTP server that keeps every request and answers as the test says. */
export interface BackEnd {
  readonly url: string;
  readonly port: number;
  readonly requests: BackEndRequest[];
  /** Replaces how requests are answered from now on. */
  answer(handler: BackEndHandler): void;
  /** Requests of one event type: CONNECT, MESSAGE or DISCONNECT. */
  of(eventType: string): BackEndRequest[];
  /** Waits until a request fits. */
  seen(what: string, fits: (request: BackEndRequest) => boolean, timeoutMs?: number): Promise<BackEndRequest>;
  stop(): Promise<void>;
}

/** Starts a back end that answers 200 with the request's body, on a free port of the loopback interface. */
export async function startBackEnd(handler?: BackEndHandler, port = 0): Promise<BackEnd> {
  let answer: BackEndHandler = handler ?? ((request) => ({ body: request.body }));
  const requests: BackEndRequest[] = [];
  const server = createServer(async (incoming, response) => {
    const request = await readRequest(incoming);
    requests.push(request);
    const answered = await answer(request, response);
    if (answered === undefined || response.writableEnded) return;
    const body = answered.body ?? '';
    response.writeHead(answered.status ?? 200, { 'content-length': Buffer.byteLength(body), ...answered.headers });
    response.end(body);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  return {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    requests,
    answer(next) {
      answer = next;
    },
    of: (eventType) => requests.filter((request) => request.eventType === eventType),
    seen: (what, fits, timeoutMs) => waitFor(what, () => requests.find(fits), timeoutMs),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function readRequest(incoming: IncomingMessage): Promise<BackEndRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const header = (name: string) => String(incoming.headers[name] ?? '');
  return {
    method: incoming.method ?? '',
    url: incoming.url ?? '',
    headers: incoming.headers,
    body: Buffer.concat(chunks).toString(),
    atMs: Date.now(),
    connectionId: header('x-sluice-connection-id'),
    messageId: header('x-sluice-message-id'),
    routeKey: header('x-sluice-route-key'),
    eventType: header('x-sluice-event-type'),
  };
}
