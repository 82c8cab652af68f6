import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { limits } from '@sluice/contracts';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createTelemetry } from './create-telemetry.js';
import { createMetrics } from './metrics.js';
import { startTracing } from './start-tracing.js';
import { WorkerExporter } from './worker-exporter.js';

/** As many as the processor hands over at once, without waiting for more. */
const batch = limits.spansQueuedMax / 4;

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

/** The endpoint of a collector that answers like this. */
async function collect(answer: (response: ServerResponse) => void): Promise<string> {
  const listening = createServer((request, response) => request.resume().on('end', () => answer(response)));
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  server = listening;
  return `http://127.0.0.1:${(listening.address() as AddressInfo).port}/v1/traces`;
}

async function start(endpoint: string, headers: Record<string, string> = {}) {
  const metrics = createMetrics();
  const lines: Record<string, unknown>[] = [];
  const settings = { exporter: 'otlp' as const, endpoint, headers, sampleRatio: 1, serviceName: 'sluice' };
  const telemetry = createTelemetry({
    role: 'edge',
    logLevel: 'info',
    logDestination: { write: (line) => void lines.push(JSON.parse(line)) },
    tracing: await startTracing(settings, 'edge', '1', metrics),
  });
  return {
    close: () => telemetry.close(),
    endSpans(count: number) {
      for (let n = 0; n < count; n++) telemetry.tracing.startSpan('x', { kind: 'server' }).end();
    },
    count: (result: string) => metrics.traceSpansTotal.labels(result).value,
    failures: () => lines.filter(({ event }) => event === 'tracing.export_failed'),
  };
}

describe('the export of spans', () => {
  it('[TR-9] is waited for at the end of the process, also where it had begun before', async () => {
    const tracing = await start(await collect((response) => void setTimeout(() => response.end('{}'), 500)));
    tracing.endSpans(batch);
    await tracing.close();
    expect([tracing.count('exported'), tracing.count('failed')]).toEqual([batch, 0]);
  });

  it('[TR-9] is waited for at the end of the process while another batch fails', async () => {
    let exports = 0;
    const tracing = await start(
      await collect((response) => {
        if (exports++ > 0) response.writeHead(400).end();
        else setTimeout(() => response.end('{}'), 1_000);
      }),
    );
    tracing.endSpans(batch + 1);
    await tracing.close();
    expect([tracing.count('exported'), tracing.count('failed')]).toEqual([batch, 1]);
  });

  it('that cannot even begin fails its spans, and keeps no room from those that come later', async () => {
    // What cannot be copied to a thread: the start of one throws.
    const tracing = await start('http://127.0.0.1:9/v1/traces', { broken: (() => '') as unknown as string });
    for (let round = 1; round <= 6; round++) {
      tracing.endSpans(batch);
      await vi.waitFor(() => expect(tracing.count('failed')).toBe(round * batch));
    }
    expect(tracing.count('dropped')).toBe(0);
    expect(tracing.failures()).toMatchObject([
      { level: 'warn', reason: expect.stringContaining('could not be cloned') },
    ]);
    await tracing.close();
  });

  it.each([
    ['the wrong key', 401, 'the collector answered 401 Unauthorized'],
    ['the wrong path', 404, 'the collector answered 404 Not Found'],
  ])('that is refused for %s is one line in the log, without what was sent', async (_case, status, reason) => {
    const endpoint = await collect((response) => void response.writeHead(status).end('you sent planted'));
    const withSecrets = endpoint.replace('http://', 'http://me:planted@').concat('?token=planted');
    const tracing = await start(withSecrets, { authorization: 'planted' });
    for (let round = 1; round <= 3; round++) {
      tracing.endSpans(batch);
      await vi.waitFor(() => expect(tracing.count('failed')).toBe(round * batch), { timeout: 10_000 });
    }
    await tracing.close();
    const sentence = `spans cannot be exported to ${endpoint}; they are dropped`;
    expect(tracing.failures()).toMatchObject([{ level: 'warn', msg: sentence, reason }]);
    expect(JSON.stringify(tracing.failures())).not.toContain('planted');
  });

  it('that reaches nobody says so, and blames no Redis', async () => {
    const tracing = await start('http://127.0.0.1:9/v1/traces');
    tracing.endSpans(1);
    await tracing.close();
    expect(tracing.failures()).toMatchObject([{ reason: expect.stringContaining('ECONNREFUSED') }]);
  });
});

describe('a flush of the exporter', () => {
  it('is over at once with nothing under way, and in time where nobody answers', async () => {
    const url = await collect(() => undefined);
    const scope = { name: 'sluice', version: '1', schemaUrl: 'x' };
    const exporter = new WorkerExporter({ url, headers: {}, timeoutMs: 300, resource: {}, scope });
    await exporter.forceFlush();
    const results: number[] = [];
    exporter.export([], ({ code }) => void results.push(code));
    const startedAt = performance.now();
    await exporter.shutdown();
    // Its own bound, and the end of the thread on a busy machine.
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect(results).toEqual([1]);
  });
});
