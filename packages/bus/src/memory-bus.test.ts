import { limits } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';
import type { Refusal } from './bus.js';
import { registerBusTests } from './conformance/bus-conformance.js';
import { message, quietTelemetry } from './conformance/test-parts.js';
import { createMemoryBus } from './memory-bus.js';

registerBusTests('in-process', {
  create: async () => createMemoryBus({ telemetry: quietTelemetry() }),
  cleanUp: async () => {},
});

describe('in-process bus', () => {
  it('refuses what goes over the bound on waiting bytes, and takes more when there is room again', async () => {
    const bus = createMemoryBus({ telemetry: quietTelemetry() });
    const producer = bus.openProducer('e0');
    const refusals: (Refusal | undefined)[] = [];
    const large = 'a'.repeat(limits.messageBytesMax);
    const fitting = limits.appendInflightBytesMax / limits.messageBytesMax;
    for (let i = 0; i < fitting + 10; i++) producer.append(message(large), (_, refusal) => refusals.push(refusal));
    await producer.drain();
    expect(refusals.filter((refusal) => refusal === undefined)).toHaveLength(fitting);
    expect(refusals.filter((refusal) => refusal === 'backlog_full')).toHaveLength(10);
    await bus.consume((delivery) => delivery.done());
    await new Promise((resolve) => setTimeout(resolve, 50));
    producer.append(message('x'), (_, refusal) => refusals.push(refusal));
    await producer.drain();
    expect(refusals.at(-1)).toBeUndefined();
    await bus.close();
  });

  it('refuses frames once it is closed', async () => {
    const bus = createMemoryBus({ telemetry: quietTelemetry() });
    const producer = bus.openProducer('e0');
    await bus.close();
    expect(bus.available).toBe(false);
    const refusals: (Refusal | undefined)[] = [];
    producer.append(message('x'), (_, refusal) => refusals.push(refusal));
    await producer.drain();
    expect(refusals).toEqual(['bus_unavailable']);
  });
});
