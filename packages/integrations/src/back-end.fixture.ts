import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import type { IntegrationDefinition } from '@sluice/contracts';
import { createMetrics } from '@sluice/telemetry';
import type {
  IntegrationOutcome,
  IntegrationRequest,
  IntegrationRoute,
  PreparedIntegration,
  Selectors,
} from './index.js';
import { createInvoker, type Invoker, type InvokerOptions } from './index.js';
import { testCertificate, testKey } from './test-certificate.fixture.js';

export interface SeenRequest {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  rawHeaders: string[];
  body: string;
}

export interface BackEnd {
  uri: string;
  seen: SeenRequest[];
  server: Server;
}

const closers: (() => Promise<unknown>)[] = [];

/** For `afterEach`: ends every server and invoker that a test has opened. */
export async function closeAll(): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close();
}

export interface BackEndOptions {
  respond?: RequestListener;
  tls?: boolean;
  host?: string;
  /** Gets each body as bytes. */
  onBody?: (body: Buffer) => void;
}

/** An HTTP back end on loopback that records what it gets; echoes the body unless told otherwise. */
export async function backEnd(options: BackEndOptions = {}): Promise<BackEnd> {
  const seen: SeenRequest[] = [];
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const bytes = Buffer.concat(chunks);
      const body = bytes.toString();
      options.onBody?.(bytes);
      const { method = '', url = '', headers, rawHeaders } = request;
      seen.push({ method, url, headers, rawHeaders, body });
      if (options.respond === undefined) response.end(body);
      else options.respond(request, response);
    });
  };
  const server = options.tls
    ? createTlsServer({ cert: testCertificate, key: testKey }, listener)
    : createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, options.host ?? '127.0.0.1', resolve));
  closers.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { uri: `${options.tls ? 'https' : 'http'}://127.0.0.1:${port}/path`, seen, server };
}

/** The address of a bare TCP server on loopback; its sockets are handed to `accept`. */
export async function tcpServer(accept: (socket: Socket, count: number) => void): Promise<string> {
  let count = 0;
  const sockets = new Set<Socket>();
  const server = createTcpServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    accept(socket, ++count);
  });
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}/`;
}

export function invoker(
  options: Partial<InvokerOptions> = {},
): Invoker & { metrics: ReturnType<typeof createMetrics> } {
  const metrics = createMetrics();
  const made = createInvoker({ telemetry: { metrics }, ...options });
  closers.push(() => made.close());
  return { ...made, metrics };
}

export const route: IntegrationRoute = {
  apiId: 'chat',
  stage: 'dev',
  routeKey: 'sendMessage',
  stageVariables: {},
  hasRouteResponse: true,
  accountId: '123456789012',
  region: 'us-east-1',
  headerSpellings: new Map(),
  binaryFrames: false,
};

export function definition(changes: Partial<IntegrationDefinition> = {}): IntegrationDefinition {
  return {
    integrationId: 'backend',
    integrationType: 'HTTP_PROXY',
    integrationUri: undefined,
    integrationMethod: 'POST',
    timeoutInMillis: 3_000,
    passthroughBehavior: 'WHEN_NO_MATCH',
    requestTemplates: {},
    templateSelectionExpression: undefined,
    integrationResponses: [],
    ...changes,
  };
}

/** A prepared integration of an invoker of its own. */
export function prepared(
  changes: Partial<IntegrationDefinition>,
  routeChanges: Partial<IntegrationRoute> = {},
  selectors: Selectors = {},
): PreparedIntegration {
  return invoker().prepare(definition(changes), { ...route, ...routeChanges }, selectors);
}

const base = {
  connectionId: 'gbgHN0-zjQAYKEjhgA==',
  requestId: 'Qyi3UG41tjMFlUg=',
  timeMs: 1_689_794_896_162,
  connectionContext: '{}',
};

export function message(text: string, traceparent?: string): IntegrationRequest {
  return { kind: 'MESSAGE', ...base, traceparent, messageId: 'Qyi3UG41tjMFlUk=', body: Buffer.from(text) };
}

export function connectRequest(headers: [string, string][] = [], queryString = ''): IntegrationRequest {
  return { kind: 'CONNECT', ...base, traceparent: undefined, handshake: { headers, queryString } };
}

export function disconnectRequest(code: number, reason: string): IntegrationRequest {
  const closed = { disconnectStatusCode: code, disconnectReason: reason };
  return { kind: 'DISCONNECT', ...base, traceparent: undefined, ...closed };
}

/** The outcome, with its body as text; fails the test if it is told twice. */
export async function invoke(
  integration: PreparedIntegration,
  request: IntegrationRequest,
): Promise<{
  ok?: boolean;
  status?: number;
  headers?: [string, string][];
  text?: string;
  body?: Uint8Array;
  code?: string;
  detail?: string;
}> {
  let told = 0;
  const outcome = await new Promise<IntegrationOutcome>((resolve) => {
    integration.invoke(request, (each) => {
      told++;
      resolve(each);
    });
  });
  await new Promise((resolve) => setImmediate(resolve));
  if (told !== 1) throw new Error(`told ${told} times`);
  return outcome.ok ? { ...outcome, text: Buffer.from(outcome.body).toString() } : outcome;
}
