import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { limits } from '@sluice/contracts';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createTelemetry } from './create-telemetry.js';
import { createMetrics } from './metrics.js';
import { semanticConventionsUrl } from './span-names.js';
import { startTracing, type TracingSettings } from './start-tracing.js';
import { isSampled, readTraceparent, traceField, validTraceparent } from './traceparent.js';

interface OtlpSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  traceState?: string;
  name: string;
  kind: number;
  status: { code: number; message?: string };
  attributes: { key: string; value: { stringValue?: string } }[];
  links: { traceId: string; spanId: string }[];
}

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A collector of this test: takes OTLP over HTTP as JSON and keeps the spans. */
async function startCollector() {
  const spans: OtlpSpan[] = [];
  const resources: string[] = [];
  const schemas: string[] = [];
  const headers: (string | undefined)[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    headers.push(request.headers['x-tenant'] as string | undefined);
    const { resourceSpans } = JSON.parse(Buffer.concat(chunks).toString()) as {
      resourceSpans: { resource: unknown; scopeSpans: { schemaUrl: string; spans: OtlpSpan[] }[] }[];
    };
    for (const { resource, scopeSpans } of resourceSpans) {
      resources.push(JSON.stringify(resource));
      for (const scope of scopeSpans) {
        spans.push(...scope.spans);
        schemas.push(scope.schemaUrl);
      }
    }
    response.end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => new Promise<void>((resolve) => server.close(() => resolve())));
  const { port } = server.address() as AddressInfo;
  return { spans, resources, schemas, headers, endpoint: `http://127.0.0.1:${port}/v1/traces` };
}

const off: TracingSettings = { exporter: 'none', endpoint: '', headers: {}, sampleRatio: 0.01, serviceName: 'sluice' };
const parent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
const unsampled = `00-${'c'.repeat(32)}-${'d'.repeat(16)}-00`;
const silent = { role: 'edge', logLevel: 'silent' as const };

describe('tracing', () => {
  it('exports spans with parents, links, attributes and failures', async () => {
    const collector = await startCollector();
    const settings = { ...off, exporter: 'otlp' as const, endpoint: collector.endpoint, headers: { 'x-tenant': 't1' } };
    const tracing = await startTracing({ ...settings, sampleRatio: 1 }, 'edge', '1.2.3', createMetrics());
    const telemetry = createTelemetry({ ...silent, tracing });
    expect(telemetry.tracing.enabled).toBe(true);
    const root = telemetry.tracing.startSpan('send frames', {
      kind: 'producer',
      links: [parent, 'garbage', undefined],
    });
    const child = telemetry.tracing.startSpan('process', {
      kind: 'consumer',
      parent: root.traceparent,
      attributes: { 'sluice.api': 'chat' },
    });
    child.end('integration_timeout');
    root.end();
    await telemetry.close();

    const [first, second] = ['send frames', 'process'].map((name) => collector.spans.find((s) => s.name === name));
    expect(first).toMatchObject({ kind: 4, links: [{ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) }] });
    expect(first?.parentSpanId).toBeFalsy();
    expect(second).toMatchObject({
      kind: 5,
      traceId: first?.traceId,
      parentSpanId: first?.spanId,
      status: { code: 2, message: 'integration_timeout' },
      attributes: [{ key: 'sluice.api', value: { stringValue: 'chat' } }],
    });
    expect(root.traceparent).toBe(`00-${first?.traceId}-${first?.spanId}-01`);
    expect(collector.resources[0]).toContain('"1.2.3"');
    expect(collector.headers).toEqual(['t1']);
  });

  it('samples by the decision of the parent, else by the ratio, before anything is built', async () => {
    const collector = await startCollector();
    const settings = { ...off, exporter: 'otlp' as const, endpoint: collector.endpoint };
    const started = await startTracing({ ...settings, sampleRatio: 0.1 }, 'edge', '1', createMetrics());
    const telemetry = createTelemetry({ ...silent, tracing: started });
    const { tracing } = telemetry;
    expect([tracing.samples(parent), tracing.samples(unsampled)]).toEqual([true, false]);
    let roots = 0;
    for (let i = 0; i < 20_000; i++) if (tracing.samples(undefined)) roots++;
    // Six standard deviations to either side.
    expect(Math.abs(roots - 2_000)).toBeLessThan(6 * Math.sqrt(20_000 * 0.1 * 0.9));
    const kept = tracing.startSpan('kept', {
      kind: 'server',
      parent,
      traceState: 'vendor=1',
      startedAtMs: 1_700_000_000_500,
    });
    kept.end(undefined, 1_700_000_001_000);
    expect(isSampled(kept.traceparent)).toBe(true);
    await telemetry.close();
    expect(collector.spans).toMatchObject([
      {
        name: 'kept',
        startTimeUnixNano: '1700000000500000000',
        endTimeUnixNano: '1700000001000000000',
        traceState: 'vendor=1',
      },
    ]);
    expect(collector.schemas).toEqual([semanticConventionsUrl]);
  });

  it.each(['0', '1', '2', '3', '9', 'a', 'b', 'e', 'f'])('reads the last digit %s of the flags', (digit) => {
    const text = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-0${digit}`;
    expect(isSampled(text)).toBe((Number.parseInt(digit, 16) & 1) === 1);
  });

  it('neither throws nor waits long when the collector is away, and counts what is lost', async () => {
    const settings = { ...off, exporter: 'otlp' as const, endpoint: 'http://127.0.0.1:9/v1/traces', sampleRatio: 1 };
    const metrics = createMetrics();
    const telemetry = createTelemetry({ ...silent, tracing: await startTracing(settings, 'edge', '1', metrics) });
    for (let i = 0; i < 5_000; i++) telemetry.tracing.startSpan('x', { kind: 'server' }).end();
    const count = (result: string) => metrics.traceSpansTotal.labels(result).value;
    expect(count('dropped')).toBe(5_000 - limits.spansQueuedMax);
    await telemetry.close();
    await vi.waitFor(() => expect(count('failed')).toBe(limits.spansQueuedMax), { timeout: 10_000 });
    expect(count('exported')).toBe(0);
  });

  it('counts what it exports', async () => {
    const collector = await startCollector();
    const metrics = createMetrics();
    const settings = { ...off, exporter: 'otlp' as const, endpoint: collector.endpoint, sampleRatio: 1 };
    const telemetry = createTelemetry({ ...silent, tracing: await startTracing(settings, 'edge', '1', metrics) });
    for (let i = 0; i < 3; i++) telemetry.tracing.startSpan('x', { kind: 'server' }).end();
    await telemetry.close();
    expect(metrics.traceSpansTotal.labels('exported').value).toBe(3);
    expect(collector.spans).toHaveLength(3);
  });

  it('is off unless asked for', async () => {
    expect(await startTracing(off, 'edge', '1', createMetrics())).toBeUndefined();
    const { tracing } = createTelemetry(silent);
    expect([tracing.enabled, tracing.samples(undefined), tracing.samples(parent)]).toEqual([false, false, false]);
    expect(tracing.startSpan('x', { kind: 'server', parent }).traceparent).toBeUndefined();
  });

  it('knows a traceparent from what is none', () => {
    expect(validTraceparent(parent)).toBe(parent);
    expect(validTraceparent('x\r\ny: z')).toBeUndefined();
    expect(traceField(parent)).toEqual({ trace_id: 'a'.repeat(32) });
    expect(traceField(undefined)).toEqual({});
  });

  it.each([
    '',
    'x',
    `ff-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
    `00-${'0'.repeat(32)}-${'b'.repeat(16)}-01`,
    `${parent}-x`,
  ])('takes %j for no traceparent', (text) => {
    expect(readTraceparent(text)).toBeUndefined();
  });
});
