import { isSampled, type SpanOptions, type Tracing } from '@sluice/telemetry';
import { afterEach, describe, expect, it } from 'vitest';
import { BusDouble, EdgeDouble, NodesDouble } from './testing/edge-double.js';
import { edgeSlot, startCallbackOn } from './testing/start-callback.js';

const traceId = 'a'.repeat(32);
const callers = `00-${traceId}-${'b'.repeat(16)}-01`;
const unrecorded = `00-${traceId}-${'b'.repeat(16)}-00`;
let stop: () => Promise<void>;
afterEach(() => stop());

interface Span {
  name: string;
  options: SpanOptions;
  traceparent: string;
  attributes: Record<string, unknown>;
  endings: (string | undefined)[];
}

/** Keeps the spans; one without a parent is recorded where `roots` says so. */
function recorder(roots: boolean): Tracing & { spans: Span[] } {
  const spans: Span[] = [];
  return {
    spans,
    enabled: true,
    samples: (parent) => (parent === undefined ? roots : isSampled(parent)),
    startSpan(name, options) {
      const traceparent = `00-${traceId}-${String(spans.length + 1).padStart(16, '0')}-01`;
      const span: Span = { name, options, traceparent, attributes: { ...options.attributes }, endings: [] };
      spans.push(span);
      return {
        traceparent,
        setAttribute(key, value) {
          span.attributes[key] = value;
        },
        end: (failure) => void span.endings.push(failure),
      };
    },
  };
}

async function start(tracing?: Tracing) {
  const bus = new BusDouble();
  const edge = new EdgeDouble(bus, edgeSlot);
  await edge.open();
  const service = await startCallbackOn({ bus: bus.bus, connections: new NodesDouble() }, {}, undefined, tracing);
  stop = () => service.callback.stop();
  const post = (id: string, headers: Record<string, string>) =>
    fetch(`${service.base}/dev/@connections/${id}`, { method: 'POST', body: 'x', headers });
  const traceparents = () => edge.commands.map((command) => ('traceparent' in command ? command.traceparent : 'none'));
  return { bus, edge, post, traceparents };
}

describe('tracing', () => {
  it('makes a server span under the caller and a producer span under that, which the command carries to the edge', async () => {
    const tracing = recorder(false);
    const { edge, post, traceparents } = await start(tracing);
    const id = edge.connect('chat/dev');
    await post(id, { traceparent: callers, tracestate: 'vendor=1' });
    const [server, producer] = tracing.spans as [Span, Span];
    expect(server).toMatchObject({
      name: 'POST /{stage}/@connections/{connectionId}',
      options: { kind: 'server', parent: callers, traceState: 'vendor=1' },
      attributes: {
        'http.request.method': 'POST',
        'sluice.api': 'chat',
        'sluice.stage': 'dev',
        'sluice.connection_id': id,
        'http.response.status_code': 200,
      },
      endings: [undefined],
    });
    expect(producer).toMatchObject({
      name: 'send inbox',
      options: { kind: 'producer', parent: server.traceparent },
      attributes: { 'messaging.destination.partition.id': `e${edgeSlot}` },
      endings: [undefined],
    });
    expect(traceparents()).toEqual([producer.traceparent]);
  });

  it('ends both as failed where the call failed', async () => {
    const tracing = recorder(true);
    const { bus, edge, post } = await start(tracing);
    bus.fault = 'failed';
    const response = await post(edge.connect('chat/dev'), {});
    expect(response.status).toBe(500);
    expect(tracing.spans.map(({ endings }) => endings)).toEqual([['status 500'], ['status 500']]);
  });

  it('records nothing where neither caller nor ratio asks for it, and hands an unrecorded trace on', async () => {
    const tracing = recorder(false);
    const { edge, post, traceparents } = await start(tracing);
    const id = edge.connect('chat/dev');
    await post(id, {});
    await post(id, { traceparent: unrecorded });
    expect(tracing.spans).toEqual([]);
    expect(traceparents()).toEqual([undefined, unrecorded]);
  });

  it('hands the caller’s trace on where it makes no spans, and nothing that is not one', async () => {
    const { edge, post, traceparents } = await start();
    const id = edge.connect('chat/dev');
    await post(id, { traceparent: callers });
    await post(id, { traceparent: `nonsense${'x'.repeat(400)}` });
    await post(id, {});
    expect(traceparents()).toEqual([callers, undefined, undefined]);
  });
});
