import { createTelemetry, isSampled, type SpanOptions, type Tracing } from '@sluice/telemetry';
import { describe, expect, it } from 'vitest';
import { type ApiOptions, endAfterEach, openClient, startGateway, until } from './edge.fixture.js';

endAfterEach();

const clients = `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`;

interface Span {
  name: string;
  options: SpanOptions;
  traceparent: string;
  endings: (string | undefined)[];
}

/** Keeps the spans; those without a parent are not recorded. */
function recorder(): Tracing & { spans: Span[] } {
  const spans: Span[] = [];
  return {
    spans,
    enabled: true,
    samples: (parent) => isSampled(parent),
    startSpan(name, options) {
      const traceparent = `00-${'ef'.repeat(16)}-${String(spans.length + 1).padStart(16, '0')}-01`;
      const span: Span = { name, options, traceparent, endings: [] };
      spans.push(span);
      return { traceparent, setAttribute() {}, end: (failure) => void span.endings.push(failure) };
    },
  };
}

async function start(options: ApiOptions = {}) {
  const tracing = recorder();
  const telemetry = { ...createTelemetry({ role: 'edge', logLevel: 'silent' }), tracing };
  const gateway = await startGateway({ ...options, telemetry });
  const disconnectSpans = () => tracing.spans.filter(({ options: { links = [] } }) => links.length > 0);
  return { gateway, disconnectSpans };
}

describe('the trace of a handshake', () => {
  it('[IN-23] with tracing off goes on to $connect as the client sent it, and nothing that is none', async () => {
    const gateway = await startGateway();
    await openClient(gateway.url, [], { traceparent: clients, tracestate: 'vendor=1' });
    await openClient(gateway.url, [], { traceparent: 'nonsense' });
    await openClient(gateway.url);
    expect(gateway.connects().map(({ traceparent }) => traceparent)).toEqual([clients, undefined, undefined]);
  });
});

describe('the span of a $disconnect', () => {
  it('[TR-5] ends once, when the bus takes the announcement at last', async () => {
    const { gateway, disconnectSpans } = await start();
    const client = await openClient(gateway.url, [], { traceparent: clients });
    gateway.busState.refusal = 'bus_unavailable';
    client.socket.close();
    await until('its span', () => disconnectSpans().length === 1);
    expect(disconnectSpans()[0]?.endings).toEqual([]);
    gateway.busState.refusal = undefined;
    await until('$disconnect', () => gateway.disconnects().length === 1);
    expect(disconnectSpans()).toMatchObject([{ endings: [undefined] }]);
    expect(gateway.disconnects()[0]?.traceparent).toBe(disconnectSpans()[0]?.traceparent);
  });

  it('[TR-5] ends as failed where the process ends first', async () => {
    const { gateway, disconnectSpans } = await start();
    await openClient(gateway.url, [], { traceparent: clients });
    gateway.busState.refusal = 'bus_unavailable';
    await gateway.edge.drain({ holdMs: 0, windowMs: 0, settleMs: 100 });
    expect(disconnectSpans()).toMatchObject([{ endings: [expect.stringContaining('process ended')] }]);
  });
});
