import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ReceivedSpan, readOtlpJson } from './otlp-json.js';

/** A collector of this test: takes OTLP over HTTP in its JSON encoding and keeps the spans. */
export interface TraceReceiver {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT: without the path of the signal. */
  readonly url: string;
  /** With it. */
  readonly endpoint: string;
  /** Everything taken so far, in order of arrival. */
  readonly spans: ReceivedSpan[];
  /** Headers of each export. */
  readonly headers: IncomingMessage['headers'][];
  /** What could not be read: the test should find none. */
  readonly problems: string[];
  /** How exports are answered from now on: `silent` never, `unavailable` with 503. */
  behave(how: 'well' | 'silent' | 'unavailable'): void;
  /** Spans of this name, of one trace where it is given. */
  named(name: string | RegExp, traceId?: string): ReceivedSpan[];
  /** The environment that makes a gateway send all its spans here, soon. */
  env(sampleRatio?: number): Record<string, string>;
  stop(): Promise<void>;
}

export async function startTraceReceiver(): Promise<TraceReceiver> {
  const spans: ReceivedSpan[] = [];
  const headers: IncomingMessage['headers'][] = [];
  const problems: string[] = [];
  let behaviour: 'well' | 'silent' | 'unavailable' = 'well';
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request);
    headers.push(request.headers);
    if (behaviour === 'silent') return;
    if (behaviour === 'unavailable') return void response.writeHead(503).end();
    try {
      checkRequest(request);
      spans.push(...readOtlpJson(body));
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    } catch (error) {
      problems.push((error as Error).message);
      response.writeHead(400, { 'content-type': 'application/json' }).end('{}');
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    endpoint: `${url}/v1/traces`,
    spans,
    headers,
    problems,
    behave: (how) => {
      behaviour = how;
    },
    named: (name, traceId) =>
      spans.filter(
        (span) =>
          (typeof name === 'string' ? span.name === name : name.test(span.name)) &&
          (traceId === undefined || span.traceId === traceId),
      ),
    env: (sampleRatio = 1) => ({
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_TRACES_SAMPLER_ARG: `${sampleRatio}`,
      OTEL_BSP_SCHEDULE_DELAY: '200',
    }),
    async stop() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function checkRequest({ method, url, headers }: IncomingMessage): void {
  if (method !== 'POST' || url !== '/v1/traces') throw new Error(`${method} ${url} is no export of traces`);
  if (headers['content-type'] !== 'application/json') throw new Error(`content-type ${headers['content-type']}`);
  if (headers['content-encoding'] !== undefined) throw new Error(`content-encoding ${headers['content-encoding']}`);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
