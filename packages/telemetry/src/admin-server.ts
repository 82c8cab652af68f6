import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { limits } from '@sluice/contracts';
import type { Metrics } from './metrics.js';
import { openMetricsText, openMetricsType, wantsOpenMetrics } from './open-metrics.js';
import type { Log } from './telemetry.js';

/** Answer of a probe; the reason is shown to whoever asks, so it names no secret. */
export interface ProbeResult {
  ok: boolean;
  reason?: string;
}

export interface AdminProbes {
  /** Whether this process works at all. Must not depend on Redis or anything remote. */
  live(): ProbeResult;
  /** Whether it should be sent new work: not draining, below its ceilings. */
  ready(): ProbeResult;
  /** Whether it has finished starting: settings valid, Redis reached once, definitions loaded. */
  started(): ProbeResult;
}

export interface AdminServerParts {
  host: string;
  /** 0 takes any free port. */
  port: number;
  metrics: Metrics;
  log: Log;
  probes: AdminProbes;
  /** Begins the drain and returns at once. Unset: POST /drain is 404. */
  drain?: () => void;
}

export interface AdminServer {
  /** Rejects with a sentence for the operator where the port cannot be had. */
  start(): Promise<{ host: string; port: number }>;
  stop(): Promise<void>;
}

/** The internal port of every process: `/livez`, `/readyz`, `/startupz`, `/metrics` and `POST /drain`. Never to be published. */
export function createAdminServer(parts: AdminServerParts): AdminServer {
  const server = createServer(
    { requestTimeout: limits.adminRequestTimeoutMs, headersTimeout: limits.adminRequestTimeoutMs },
    (request, response) => {
      request.resume();
      answer(parts, request)
        .catch((error: unknown) => {
          parts.log.error('admin.failed', 'the admin port could not answer', { error });
          return { status: 500, body: 'internal error\n' };
        })
        .then((reply) => send(response, reply));
    },
  );
  server.maxConnections = limits.adminConnectionsMax;
  return {
    start: () => listen(server, parts),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, { host, port, log }: AdminServerParts): Promise<{ host: string; port: number }> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(new Error(bindFailure(error, host, port))));
    server.listen({ host, port }, () => {
      server.removeAllListeners('error');
      server.on('error', (error) => log.error('admin.failed', 'the admin port failed', { error }));
      const address = server.address() as AddressInfo;
      log.info('admin.listening', `health and metrics on http://${urlHost(host)}:${address.port}`);
      resolve({ host, port: address.port });
    });
  });
}

function bindFailure(error: NodeJS.ErrnoException, host: string, port: number): string {
  const where = `admin port ${port} on ${host}`;
  if (error.code === 'EADDRINUSE') {
    return `${where} is in use by another process; end it, or choose another with --admin-port (SLUICE_ADMIN_PORT)`;
  }
  if (error.code === 'EACCES') return `${where} is not allowed for this user; choose one above 1023 with --admin-port`;
  if (error.code === 'EADDRNOTAVAIL') return `${where}: this machine has no such address; see --admin-host`;
  return `${where} cannot be opened: ${error.message}`;
}

function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

interface Reply {
  status: number;
  body: string;
  headers?: Record<string, string>;
}

async function answer(parts: AdminServerParts, request: IncomingMessage): Promise<Reply> {
  const path = (request.url ?? '/').split('?', 1)[0];
  if (path === '/drain') return drain(parts, request);
  const reading = request.method === 'GET' || request.method === 'HEAD';
  if (!reading) return { status: 405, body: 'only GET here\n', headers: { allow: 'GET, HEAD' } };
  switch (path) {
    case '/livez':
      return probeReply(parts.probes.live());
    case '/readyz':
      return probeReply(parts.probes.ready());
    case '/startupz':
      return probeReply(parts.probes.started());
    case '/metrics':
      return metricsReply(parts.metrics, request);
    case '/':
      return { status: 200, body: '/livez\n/readyz\n/startupz\n/metrics\nPOST /drain\n' };
    default:
      return { status: 404, body: 'not found; see /\n' };
  }
}

async function metricsReply({ registry }: Metrics, request: IncomingMessage): Promise<Reply> {
  if (wantsOpenMetrics(request.headers.accept)) {
    return { status: 200, body: await openMetricsText(registry), headers: { 'content-type': openMetricsType } };
  }
  return { status: 200, body: await registry.metrics(), headers: { 'content-type': registry.contentType } };
}

function drain(parts: AdminServerParts, request: IncomingMessage): Reply {
  if (parts.drain === undefined) return { status: 404, body: 'this process has nothing to drain\n' };
  if (request.method !== 'POST') return { status: 405, body: 'POST it\n', headers: { allow: 'POST' } };
  // A page open on the operator's machine can make a browser POST to loopback; no tool of operations sends these headers.
  if (request.headers.origin !== undefined || request.headers['sec-fetch-site'] !== undefined) {
    return { status: 403, body: 'not from a browser\n' };
  }
  parts.drain();
  return { status: 202, body: 'draining\n' };
}

function probeReply({ ok, reason }: ProbeResult): Reply {
  return { status: ok ? 200 : 503, body: `${reason ?? (ok ? 'ok' : 'not ok')}\n` };
}

function send(response: ServerResponse, { status, body, headers }: Reply): void {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-store',
    'content-length': String(Buffer.byteLength(body)),
    ...headers,
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}
