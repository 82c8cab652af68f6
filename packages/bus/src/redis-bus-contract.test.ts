import { type RedisServer, startRedis } from '@sluice/testkit';
import { afterAll, beforeAll } from 'vitest';
import { registerBusTests } from './conformance/bus-conformance.js';
import { quietTelemetry, testTiming } from './conformance/test-parts.js';
import { createRedisBus } from './redis-bus.js';

let redis: RedisServer;
let tests = 0;

beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

for (const shards of [1, 4]) {
  registerBusTests(`Redis, ${shards} shard${shards === 1 ? '' : 's'}`, {
    create: async () => {
      const keyPrefix = `t${tests++}`;
      const settings = { mode: 'standalone', url: redis.url, nodes: [], sentinelName: '', keyPrefix, shards } as const;
      return createRedisBus({
        settings: { ...settings, nodes: [] },
        role: 'test',
        telemetry: quietTelemetry(),
        timing: testTiming,
      });
    },
    cleanUp: async () => {},
  });
}
