import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type AdminServer, createAdminServer, type ProbeResult } from './admin-server.js';
import { createTelemetry } from './create-telemetry.js';
import { collectProcessMetrics, openFileLimit } from './process-metrics.js';

const { log, metrics } = createTelemetry({ role: 'edge', logLevel: 'silent' });
const probes = { live: { ok: true }, ready: { ok: true }, started: { ok: true } } as Record<string, ProbeResult>;
let drains = 0;
let server: AdminServer | undefined;
let stopProcessMetrics: (() => void) | undefined;
afterEach(async () => {
  await server?.stop();
  stopProcessMetrics?.();
});

async function start(withDrain = true): Promise<string> {
  server = createAdminServer({
    host: '127.0.0.1',
    port: 0,
    metrics,
    log,
    probes: {
      live: () => probes['live'] as ProbeResult,
      ready: () => probes['ready'] as ProbeResult,
      started: () => probes['started'] as ProbeResult,
    },
    ...(withDrain ? { drain: () => void drains++ } : {}),
  });
  const { port } = await server.start();
  return `http://127.0.0.1:${port}`;
}

describe('admin server', () => {
  it('answers each probe by its own function, with the reason', async () => {
    const base = await start();
    probes['started'] = { ok: false, reason: 'Redis has not answered yet' };
    expect((await fetch(`${base}/livez`)).status).toBe(200);
    expect((await fetch(`${base}/readyz?verbose`)).status).toBe(200);
    const startup = await fetch(`${base}/startupz`);
    expect([startup.status, await startup.text()]).toEqual([503, 'Redis has not answered yet\n']);
  });

  it('shows metrics with process defaults, build, event loop lag and file descriptors', async () => {
    stopProcessMetrics = collectProcessMetrics(metrics, { version: '9.9.9', role: 'edge' });
    const base = await start();
    await new Promise((resolve) => setTimeout(resolve, 600));
    const response = await fetch(`${base}/metrics`);
    const text = await response.text();
    expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4');
    expect(text).toContain('sluice_build_info{version="9.9.9",role="edge"} 1');
    expect(text).toContain('process_cpu_seconds_total');
    expect(Number(/sluice_event_loop_lag_seconds_count (\d+)/.exec(text)?.[1])).toBeGreaterThan(0);
    if (process.platform === 'linux') {
      expect(Number(/sluice_fds_open (\d+)/.exec(text)?.[1])).toBeGreaterThan(3);
      expect(Number(/sluice_fds_max (\d+)/.exec(text)?.[1])).toBe(openFileLimit());
    }
  });

  it('drains on POST only, and not from a web page', async () => {
    const base = await start();
    expect((await fetch(`${base}/drain`)).status).toBe(405);
    const page = await fetch(`${base}/drain`, { method: 'POST', headers: { origin: 'http://evil.example' } });
    expect([page.status, drains]).toEqual([403, 0]);
    expect((await fetch(`${base}/drain`, { method: 'POST', body: 'x' })).status).toBe(202);
    expect(drains).toBe(1);
    await server?.stop();
    const without = await start(false);
    expect((await fetch(`${without}/drain`, { method: 'POST' })).status).toBe(404);
  });

  it('refuses other paths and methods', async () => {
    const base = await start();
    expect((await fetch(`${base}/../etc/passwd`)).status).toBe(404);
    expect((await fetch(`${base}/metrics`, { method: 'DELETE' })).status).toBe(405);
    const head = await fetch(`${base}/livez`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  it('says which port is in use and how to choose another', async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => blocker.once('listening', resolve));
    const { port } = blocker.address() as { port: number };
    const taken = createAdminServer({
      host: '127.0.0.1',
      port,
      metrics,
      log,
      probes: { live: () => ({ ok: true }), ready: () => ({ ok: true }), started: () => ({ ok: true }) },
    });
    await expect(taken.start()).rejects.toThrow(
      new RegExp(`admin port ${port} on 127.0.0.1 is in use.*--admin-port \\(SLUICE_ADMIN_PORT\\)`),
    );
    blocker.close();
  });
});
