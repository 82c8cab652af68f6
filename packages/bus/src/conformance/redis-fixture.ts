import type { RedisSettings } from '@sluice/contracts';
import { openRedis, type RedisClient } from '@sluice/redis';
import type { Telemetry } from '@sluice/telemetry';
import { type RedisServer, startRedis } from '@sluice/testkit';
import type { Bus } from '../bus.js';
import { busKeys, type ShardKeys } from '../keys.js';
import { createRedisBus, type RedisBusOptions } from '../redis-bus.js';
import { quietTelemetry, testTiming, until } from './test-parts.js';

export interface TestBus {
  bus: Bus;
  telemetry: Telemetry;
}

/** A Redis of the test's own, a client to look behind the scenes, and buses upon it that `stop` closes. */
export interface RedisFixture {
  redis: RedisServer;
  raw: RedisClient;
  shard: ShardKeys;
  settings: RedisSettings;
  open(url?: string, more?: Pick<RedisBusOptions, 'codec' | 'timing'>): Promise<TestBus>;
  stop(): Promise<void>;
}

export async function redisFixture(args: string[] = []): Promise<RedisFixture> {
  const redis = await startRedis({ args });
  const settings: RedisSettings = {
    mode: 'standalone',
    url: redis.url,
    nodes: [],
    sentinelName: '',
    keyPrefix: 'test',
    shards: 1,
  };
  const raw = openRedis(settings, 'raw', 'consumer', quietTelemetry());
  const [shard] = busKeys(settings).shards;
  if (shard === undefined) throw new Error('no shard');
  const buses: Bus[] = [];
  return {
    redis,
    raw,
    shard,
    settings,
    async open(url = redis.url, more = {}) {
      const telemetry = quietTelemetry();
      const timing = { ...testTiming, ...more.timing };
      const bus = createRedisBus({ ...more, settings: { ...settings, url }, role: 'test', telemetry, timing });
      buses.push(bus);
      await until('bus available', () => bus.available);
      return { bus, telemetry };
    },
    async stop() {
      redis.resume();
      await Promise.all(buses.map((bus) => bus.close()));
      raw.disconnect();
      await redis.stop();
    },
  };
}

/** Ends the leases of all workers now, as the silence of their owners would. */
export async function endLeases({ raw, shard }: RedisFixture): Promise<void> {
  const leases = await raw.call('KEYS', [`${shard.leasePrefix}*`]);
  for (const lease of leases as string[]) await raw.call('DEL', [lease]);
}
