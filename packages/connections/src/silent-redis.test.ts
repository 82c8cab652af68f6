import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { createMetrics, noTracing, type Telemetry } from '@sluice/telemetry';
import { type RedisServer, startRedis, waitFor } from '@sluice/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { countingHandlers } from './conformance/connection-store.js';
import { testTiming } from './conformance/redis-store-fixture.js';
import type { ConnectionStore } from './connection-store.js';
import { createRedisConnectionStore } from './redis-connection-store.js';

const telemetry: Telemetry = {
  metrics: createMetrics(),
  log: { debug() {}, info() {}, warn() {}, error() {} },
  tracing: noTracing,
};

describe('connections to a Redis that falls silent', () => {
  let redis: RedisServer;
  let server: Server;
  let store: ConnectionStore;
  let carried: Socket[];

  beforeEach(async () => {
    redis = await startRedis();
    carried = [];
    server = createServer((near) => {
      const far = connect(redis.port, '127.0.0.1');
      for (const socket of [near, far]) socket.on('error', () => {});
      near.on('close', () => far.destroy());
      near.pipe(far);
      far.pipe(near);
      carried.push(near, far);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const settings = { mode: 'standalone' as const, url, nodes: [], sentinelName: '', keyPrefix: 'test', shards: 1 };
    store = createRedisConnectionStore({
      settings,
      role: 'test',
      telemetry,
      timing: { ...testTiming, leaseMs: 20_000 },
    });
  });
  afterEach(async () => {
    await store.close();
    for (const socket of carried) socket.destroy();
    server.close();
    await redis.stop();
  });

  it('are given up for new ones: the primary that took its place is found, the node goes on', async () => {
    const node = await store.join(countingHandlers());
    expect(await node.renew()).toBe(true);
    // Black-holed, as by a frozen server: nothing is answered, nothing is closed.
    for (const socket of carried) socket.unpipe().pause();
    await expect(node.renew()).rejects.toThrow();
    await waitFor('a renewal', () => node.renew().catch(() => false), 10_000);
    expect(await store.nodeState(node.nodeSlot)).toBe('live');
    expect(await telemetry.metrics.redisWatchdogTotal.get().then(({ values }) => values.length)).toBe(1);
  });
});
