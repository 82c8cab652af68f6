import type { RedisSettings } from '@sluice/contracts';
import { type RedisCluster, startRedisCluster } from '@sluice/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { registerBusTests } from './conformance/bus-conformance.js';
import { message, quietTelemetry, testTiming, textOf, until } from './conformance/test-parts.js';
import { keySlot } from './key-slot.js';
import { busKeys } from './keys.js';
import { createRedisBus } from './redis-bus.js';

const nodeCount = 3;
let cluster: RedisCluster;
let tests = 0;

function clusterSettings(keyPrefix: string): RedisSettings {
  return {
    mode: 'cluster',
    url: 'redis://127.0.0.1',
    nodes: cluster.addresses,
    sentinelName: '',
    keyPrefix,
    shards: 6,
  };
}

beforeAll(async () => {
  cluster = await startRedisCluster({ nodes: nodeCount });
});
afterAll(() => cluster.stop());

registerBusTests('Redis Cluster of three nodes, 6 shards', {
  create: async () =>
    createRedisBus({
      settings: clusterSettings(`c${tests++}`),
      role: 'test',
      telemetry: quietTelemetry(),
      timing: testTiming,
    }),
  cleanUp: async () => {},
});

it('spreads batches over all shards and nodes', async () => {
  const settings = clusterSettings('spread');
  const bus = createRedisBus({ settings, role: 'test', telemetry: quietTelemetry(), timing: testTiming });
  await until('bus available', () => bus.available);
  const shards = new Set<string>();
  await bus.consume((delivery) => {
    shards.add(delivery.deliveryId.split(':')[0] ?? '');
    expect(textOf(delivery)).toBe('x');
    delivery.done();
  });
  const producer = bus.openProducer('e1');
  await until('every shard', async () => {
    producer.append(message('x'));
    await producer.drain();
    return shards.size === 6;
  });
  const owners = busKeys(settings).shards.map(({ stream }) => Math.floor((keySlot(stream) * nodeCount) / 16_384));
  expect([0, 1, 2].map((node) => owners.filter((owner) => owner === node).length)).toEqual([2, 2, 2]);
  await bus.close();
});

it('a frozen node takes only its own shards with it', async () => {
  const settings = clusterSettings('frozen');
  const bus = createRedisBus({ settings, role: 'test', telemetry: quietTelemetry(), timing: testTiming });
  await until('bus available', () => bus.available);
  const producer = bus.openProducer('e1');
  const refusals: (string | undefined)[] = [];
  const append = async () => {
    producer.append(message('x'), (_, refusal) => refusals.push(refusal));
    await producer.drain();
  };
  // Every shard has been found to answer by then.
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  for (let i = 0; i < 6; i++) await append();
  cluster.nodes[1]?.pause();
  try {
    // At most one batch meets each of the two frozen shards before they are passed over.
    for (let i = 0; i < 30; i++) await append();
    expect(refusals.filter((refusal) => refusal !== undefined).length).toBeLessThanOrEqual(2);
    expect(bus.available).toBe(true);
  } finally {
    cluster.nodes[1]?.resume();
  }
  await bus.close();
});
