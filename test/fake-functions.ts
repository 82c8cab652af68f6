import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Thrown by a handler: the function fails with this message (`X-Amz-Function-Error`). */
export class FunctionFailure extends Error {}

export type FunctionHandler = (event: FunctionEvent) => unknown;

/** The members that tests look at; the whole event is in `calls`. */
export interface FunctionEvent {
  type?: string;
  methodArn?: string;
  headers?: Record<string, string>;
  body?: string;
  isBase64Encoded?: boolean;
  stageVariables?: Record<string, string>;
  requestContext: {
    eventType: string;
    routeKey: string;
    connectionId: string;
    authorizer?: Record<string, unknown>;
    identity: Record<string, string>;
    [name: string]: unknown;
  };
  [name: string]: unknown;
}

/** An endpoint that speaks the Lambda Invoke API. */
export interface FakeFunctions {
  readonly url: string;
  /** Every invocation, in the order of arrival. */
  readonly calls: { name: string; event: FunctionEvent }[];
  callsOf(name: string): FunctionEvent[];
  /** Replaces a function. */
  set(name: string, handler: FunctionHandler): void;
  stop(): Promise<void>;
}

/** Where the gateway finds a function of this endpoint. */
export function functionUri(name: string): string {
  const arn = `arn:aws:lambda:us-east-1:000000000000:function:${name}`;
  return `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${arn}/invocations`;
}

export async function startFunctions(handlers: Record<string, FunctionHandler>): Promise<FakeFunctions> {
  const functions = new Map(Object.entries(handlers));
  const calls: FakeFunctions['calls'] = [];
  const server = createServer((request, response) => {
    void invoke(request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });

  async function invoke(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const path = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/.exec(request.url ?? '')?.[1];
    const name = decodeURIComponent(path ?? '');
    const handler = functions.get(name);
    if (handler === undefined) return void send(response, 404, { Message: `no function ${name}` });
    const event = JSON.parse(Buffer.concat(chunks).toString()) as FunctionEvent;
    calls.push({ name, event });
    try {
      send(response, 200, await handler(event));
    } catch (error) {
      if (!(error instanceof FunctionFailure)) throw error;
      response.setHeader('X-Amz-Function-Error', 'Unhandled');
      send(response, 200, { errorMessage: error.message, errorType: 'Error' });
    }
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    callsOf: (name) => calls.filter((call) => call.name === name).map(({ event }) => event),
    set: (name, handler) => void functions.set(name, handler),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function send(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body) ?? '';
  response
    .writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
    .end(text);
}
