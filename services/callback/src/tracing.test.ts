import type { ActiveSpan, SpanOptions } from '@sluice/telemetry';
import { afterEach, describe, expect, it } from 'vitest';
import { BusDouble, EdgeDouble, NodesDouble } from './testing/edge-double.js';
import { edgeSlot, startCallbackOn } from './testing/start-callback.js';

const callers = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
const own = `00-${'a'.repeat(32)}-${'c'.repeat(16)}-01`;
let stop: () => Promise<void>;
afterEach(() => stop());

async function start(tracing?: Parameters<typeof startCallbackOn>[3]) {
  const bus = new BusDouble();
  const edge = new EdgeDouble(bus, edgeSlot);
  await edge.open();
  const service = await startCallbackOn({ bus: bus.bus, connections: new NodesDouble() }, {}, undefined, tracing);
  stop = () => service.callback.stop();
  const post = (id: string, headers: Record<string, string>) =>
    fetch(`${service.base}/dev/@connections/${id}`, { method: 'POST', body: 'x', headers });
  const traceparents = () => edge.commands.map((command) => ('traceparent' in command ? command.traceparent : 'none'));
  return { edge, post, traceparents };
}

describe('tracing', () => {
  it('makes a server span under the caller, and the command carries it to the edge', async () => {
    const started: [string, SpanOptions][] = [];
    const attributes: Record<string, unknown> = {};
    const ended: (string | undefined)[] = [];
    const span: ActiveSpan = {
      traceparent: own,
      setAttribute: (name, value) => {
        attributes[name] = value;
      },
      end: (failure) => ended.push(failure),
    };
    const { edge, post, traceparents } = await start({
      enabled: true,
      startSpan: (name, options) => {
        started.push([name, options]);
        return span;
      },
    });
    const id = edge.connect('chat/dev');
    await post(id, { traceparent: callers });
    expect(started).toMatchObject([['POST /{stage}/@connections/{connectionId}', { kind: 'server', parent: callers }]]);
    expect(traceparents()).toEqual([own]);
    expect(ended).toEqual([undefined]);
    expect(attributes).toEqual({
      'sluice.api': 'chat',
      'sluice.stage': 'dev',
      'sluice.connection_id': id,
      'http.response.status_code': 200,
    });
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
