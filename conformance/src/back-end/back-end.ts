import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { waitFor } from '@sluice/testkit';
import { scriptOf } from './script.js';
import { type FunctionEvent, runScripted } from './scripted-function.js';
import { createTokenIssuer, issuerPath, type TokenIssuer } from './token-issuer.js';

/** One request to the back end, whichever way it came. */
export interface Call {
  /** `function` through the Invoke API, `http` by an HTTP integration, `service` as a call of an AWS service. */
  way: 'function' | 'http' | 'service';
  /** Name of the function, with its qualifier; else the path. */
  name: string;
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  rawHeaders: string[];
  body: string;
  /** The body parsed, where it is JSON. */
  event: Event;
  atMs: number;
}

/** An event as functions get it, loosely typed: rules look at members that may be wrong. */
// biome-ignore lint/suspicious/noExplicitAny: what a gateway sends is what is being tested
export type Event = any;

/** The back end of the suite: an Invoke API with any function, an HTTP server under `/http/`, services under `/service/`. */
export interface ScriptedBackEnd {
  readonly port: number;
  readonly calls: readonly Call[];
  /** A token of the issuer that the back end is. */
  readonly token: TokenIssuer['token'];
  /** Waits until a call fits. */
  seen(what: string, fits: (call: Call) => boolean, timeoutMs?: number): Promise<Call>;
  /** Calls that fit, after `quietMs` in which nothing further may arrive: for rules that say that nothing is called. */
  settled(fits: (call: Call) => boolean, quietMs?: number): Promise<Call[]>;
  stop(): Promise<void>;
}

const invokePath = /^\/2015-03-31\/functions\/([^/]+)\/invocations(?:\?Qualifier=([^&]+))?/;
const callsKeptMax = 20_000;

export async function startScriptedBackEnd(port: number): Promise<ScriptedBackEnd> {
  const calls: Call[] = [];
  const issuer = createTokenIssuer(() => (server.address() as AddressInfo).port);
  const server = createServer((request, response) => {
    answer(request, response, issuer, (call) => {
      calls.push(call);
      if (calls.length > callsKeptMax) calls.shift();
    }).catch((error: Error) => response.destroy(error));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    calls,
    token: issuer.token,
    seen: (what, fits, timeoutMs) => waitFor(what, () => calls.find(fits), timeoutMs),
    async settled(fits, quietMs = 300) {
      await new Promise((resolve) => setTimeout(resolve, quietMs));
      return calls.filter(fits);
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  issuer: TokenIssuer,
  record: (call: Call) => void,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks).toString();
  const url = request.url ?? '';
  const invoked = invokePath.exec(url);
  const way = invoked !== null ? 'function' : url.startsWith('/service') ? 'service' : 'http';
  const name = invoked === null ? (url.split('?')[0] ?? '') : functionName(invoked);
  const { method = '', headers, rawHeaders } = request;
  record({ way, name, method, url, headers, rawHeaders, body, event: parsed(body), atMs: Date.now() });
  if (name.startsWith(issuerPath)) return answerDocument(issuer.document(name), response);
  if (way === 'function' || name === '/http/authorizer') return answerInvocation(body, response);
  return answerHttp(url, body, headers, response);
}

function functionName([, name = '', qualifier]: RegExpExecArray): string {
  const decoded = decodeURIComponent(name).replace(/^arn:aws:lambda:[^:]*:[^:]*:function:/, '');
  return qualifier === undefined ? decoded : `${decoded}:${decodeURIComponent(qualifier)}`;
}

function answerDocument(document: object | undefined, response: ServerResponse): void {
  response.writeHead(document === undefined ? 404 : 200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(document ?? {}));
}

/** An HTTP authorizer gets what a function gets, and answers alike. */
async function answerInvocation(body: string, response: ServerResponse): Promise<void> {
  const end = await runScripted((parsed(body) ?? {}) as FunctionEvent);
  if (end.script.status !== undefined) {
    // The Lambda service itself refuses: the function does not run.
    response.writeHead(end.script.status, { 'content-type': 'application/json', 'x-amzn-errortype': 'Refused' });
    response.end('{"Message":"refused"}');
    return;
  }
  response.writeHead(200, {
    'content-type': 'application/json',
    'x-amzn-requestid': '5a0c5a0c-0000-4000-8000-5a0c5a0c5a0c',
    ...(end.failed ? { 'x-amz-function-error': 'Unhandled' } : {}),
  });
  response.end(end.payload);
}

async function answerHttp(
  url: string,
  body: string,
  requestHeaders: IncomingHttpHeaders,
  response: ServerResponse,
): Promise<void> {
  const query = Object.fromEntries(new URL(url, 'http://back-end').searchParams);
  const inHeader = requestHeaders['x-script'];
  const script = typeof inHeader === 'string' ? JSON.parse(inHeader) : scriptOf(query, 'script', body);
  if (script.sleepMs !== undefined) await new Promise((resolve) => setTimeout(resolve, script.sleepMs));
  if (script.cuts === true) {
    response.destroy();
    return;
  }
  if (script.wire !== undefined) {
    response.socket?.end(script.wire);
    return;
  }
  const text = script.raw ?? (script.result === undefined ? body : JSON.stringify(script.result));
  response.writeHead(script.status ?? 200, { 'content-type': 'application/json', ...script.headers });
  response.end(text + ' '.repeat(script.padBytes ?? 0));
}

function parsed(text: string): Event {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
