import { setTimeout as sleep } from 'node:timers/promises';
import { limits } from '@sluice/contracts';
import { openRedis, type RedisClient } from '@sluice/redis';
import { type RedisCluster, type RedisServer, startRedis, startRedisCluster, waitFor } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countOf, grantedOf, registerRateKeeperTests, takeOf } from './conformance/rate-keeper.js';
import { openKeeper, redisSettings } from './conformance/redis-keepers.js';
import { countRequests } from './lua/count-requests-1.js';
import { periodEndMs, periodNumber } from './quota-period.js';

/** For what is not about time: a busy machine is no outage. */
const patient = { timeoutMs: 5_000 };

let server: RedisServer;
let cluster: RedisCluster;
let raw: RedisClient;

beforeAll(async () => {
  [server, cluster] = await Promise.all([startRedis(), startRedisCluster()]);
  const { telemetry, keeper } = await openKeeper(redisSettings({ url: server.url }));
  raw = openRedis(redisSettings({ url: server.url }), 'raw', 'consumer', telemetry);
  await keeper.close();
});
afterAll(async () => {
  raw?.disconnect();
  await Promise.all([server?.stop(), cluster?.stop()]);
});

registerRateKeeperTests('over Redis', {
  create: async () => (await openKeeper(redisSettings({ url: server.url }), patient)).keeper,
});
registerRateKeeperTests('over a Redis Cluster', {
  create: async () => (await openKeeper(redisSettings({ mode: 'cluster', nodes: cluster.addresses }), patient)).keeper,
});

async function commandsOf(text: RegExp): Promise<number> {
  return Number(text.exec(String(await raw.call('INFO', ['commandstats'])))?.[1] ?? 0);
}
const scriptCalls = () => commandsOf(/cmdstat_evalsha:calls=(\d+)/);

describe('several processes on one Redis', () => {
  it('[SL-2] together never get more than burst + rate × time, and nearly all of it', async () => {
    const settings = redisSettings({ url: server.url });
    const keepers = await Promise.all(Array.from({ length: 4 }, () => openKeeper(settings, patient)));
    const bucket = { key: 'a', ratePerSecond: 4_000, burst: 1_000 };
    const callsBefore = await scriptCalls();
    let granted = 0;
    let takes = 0;
    const startMs = performance.now();
    while (performance.now() - startMs < 2_000) {
      for (const { keeper } of keepers) {
        for (let i = 0; i < 12; i++) {
          takes += 1;
          keeper.take([bucket], (emptyIndex) => {
            if (emptyIndex === -1) granted += 1;
          });
        }
      }
      await sleep(1);
    }
    await sleep(100);
    const elapsedMs = performance.now() - startMs;
    const most = 1_000 + (4_000 * elapsedMs) / 1_000;
    const calls = (await scriptCalls()) - callsBefore;
    console.log(
      `4 keepers: ${takes} takes, ${granted} granted of at most ${Math.floor(most)}, ${calls} calls of Redis`,
    );
    for (const { events } of keepers) expect(events).not.toContain('rates.redis_away');
    expect(granted).toBeLessThanOrEqual(most);
    expect(granted).toBeGreaterThan(most / 2);
    expect(calls).toBeLessThan(takes / 4);
    await Promise.all(keepers.map(({ keeper }) => keeper.close()));
  });

  it('get one burst of a bucket that hardly refills, whatever the size of their reservations', async () => {
    const settings = redisSettings({ url: server.url });
    const keepers = await Promise.all(Array.from({ length: 3 }, () => openKeeper(settings, patient)));
    const bucket = { key: 'a', ratePerSecond: 0.0001, burst: 2_000 };
    const granted = await Promise.all(keepers.map(({ keeper }) => grantedOf(keeper, bucket, 1_500)));
    expect(granted.reduce((sum, count) => sum + count)).toBe(2_000);
    await Promise.all(keepers.map(({ keeper }) => keeper.close()));
  });

  it('never exceed a quota, and what one has reserved and not used comes back', async () => {
    const settings = redisSettings({ url: server.url });
    const [first, second] = await Promise.all([openKeeper(settings, patient), openKeeper(settings, patient)]);
    const quota = { key: 'plan', limit: 5_000, offset: 0, period: 'MONTH' } as const;
    let counted = 0;
    for (let round = 0; round < 40; round++) {
      const results = await Promise.all(
        [first, second].flatMap(({ keeper }) => Array.from({ length: 50 }, () => countOf(keeper, quota))),
      );
      counted += results.filter(Boolean).length;
    }
    expect(counted).toBe(4_000);
    await first.keeper.close();
    for (let round = 0; round < 30; round++) {
      const results = await Promise.all(Array.from({ length: 50 }, () => countOf(second.keeper, quota)));
      counted += results.filter(Boolean).length;
    }
    expect(counted).toBe(5_000);
    expect(await countOf(second.keeper, quota)).toBe(false);
    await second.keeper.close();
    expect(await raw.call('HGET', [`${settings.keyPrefix}:quota:plan`, 'count'])).toBe('5000');
  });
});

describe('one process', () => {
  it('answers synchronously while it has tokens in reserve', async () => {
    const { keeper } = await openKeeper(redisSettings({ url: server.url }), patient);
    const bucket = { key: 'a', ratePerSecond: 10_000, burst: 5_000 };
    let synchronous = 0;
    for (let round = 0; round < 100; round++) {
      for (let i = 0; i < 5; i++) {
        let answered = false;
        keeper.take([bucket], () => {
          answered = true;
        });
        if (answered) synchronous += 1;
      }
      await sleep(2);
    }
    console.log(`${synchronous} of 500 takes answered synchronously`);
    expect(synchronous).toBeGreaterThan(300);
    await keeper.close();
  });

  it('remembers a refusal, so that a flood of takes does not become a flood of calls', async () => {
    const { keeper } = await openKeeper(redisSettings({ url: server.url }), patient);
    const bucket = { key: 'a', ratePerSecond: 0.01, burst: 1 };
    expect(await takeOf(keeper, bucket)).toBe(-1);
    const before = await scriptCalls();
    expect(await grantedOf(keeper, bucket, 10_000)).toBe(0);
    expect(await grantedOf(keeper, bucket, 10_000)).toBe(0);
    expect((await scriptCalls()) - before).toBeLessThanOrEqual(2);
    await keeper.close();
  });

  it('remembers a bounded number of buckets; Redis knows those it has forgotten, and gets back their quotas', async () => {
    const settings = redisSettings({ url: server.url });
    const { keeper } = await openKeeper(settings, { ...patient, bucketsMax: 2 });
    const bucket = (key: string) => ({ key, ratePerSecond: 0.001, burst: 1 });
    for (const key of ['a', 'b', 'c', 'd']) expect(await takeOf(keeper, bucket(key))).toBe(-1);
    for (const key of ['a', 'b', 'c', 'd']) expect(await takeOf(keeper, bucket(key))).toBe(0);
    const quota = (key: string) => ({ key, limit: 10_000, offset: 0, period: 'DAY' }) as const;
    for (let i = 0; i < 40; i++) await Promise.all(Array.from({ length: 10 }, () => countOf(keeper, quota('q'))));
    for (const key of ['r', 's', 't']) expect(await countOf(keeper, quota(key))).toBe(true);
    await waitFor('what was reserved', async () => {
      return String(await raw.call('HGET', [`${settings.keyPrefix}:quota:q`, 'count'])) === '400';
    });
    await keeper.close();
  });

  it('leaves no key without an end', async () => {
    const settings = redisSettings({ url: server.url });
    const { keeper } = await openKeeper(settings);
    await takeOf(keeper, { key: 'a', ratePerSecond: 0.0000001, burst: 5 });
    await countOf(keeper, { key: 'q', limit: 3, offset: 1, period: 'WEEK' });
    for (const key of [`${settings.keyPrefix}:rate:a`, `${settings.keyPrefix}:quota:q`]) {
      expect(Number(await raw.call('PTTL', [key]))).toBeGreaterThan(1_000);
    }
    await keeper.close();
  });

  it('decides alone at once where Redis is gone, and holds for the cluster again when it is back', async () => {
    const own = await startRedis();
    const { keeper, events } = await openKeeper(redisSettings({ url: own.url }), patient);
    try {
      const known = { key: 'known', ratePerSecond: 0.001, burst: 5 };
      expect(await takeOf(keeper, known)).toBe(-1);
      expect(await takeOf(keeper, known)).toBe(-1);
      await own.kill();
      const bucket = { key: 'a', ratePerSecond: 0.001, burst: 2 };
      expect(await grantedOf(keeper, bucket, 5)).toBe(2);
      // What was spent before stays spent.
      expect(await grantedOf(keeper, known, 9)).toBe(3);
      await own.restart();
      await waitFor('Redis to be found again', async () => {
        await takeOf(keeper, bucket);
        return events.includes('rates.redis_back');
      });
      // This Redis came back empty.
      expect(await grantedOf(keeper, { ...bucket, key: 'b' }, 5)).toBe(2);
    } finally {
      await keeper.close();
      await own.stop();
    }
  });

  it('decides alone while Redis is silent, waits no longer than its time for it, and comes back', async () => {
    const own = await startRedis();
    const { keeper, events, localTakes } = await openKeeper(redisSettings({ url: own.url }));
    try {
      const bucket = { key: 'a', ratePerSecond: 20, burst: 3 };
      const quota = { key: 'q', limit: 4, offset: 0, period: 'DAY' } as const;
      expect(await countOf(keeper, quota)).toBe(true);
      expect(await takeOf(keeper, bucket)).toBe(-1);
      own.pause();
      const startMs = performance.now();
      const granted = await grantedOf(keeper, bucket, 50);
      expect(performance.now() - startMs).toBeLessThan(limits.rateTimeoutMs + 150);
      // Two of three were left, and what the rate has brought since.
      expect(granted).toBeGreaterThanOrEqual(2);
      expect(granted).toBeLessThanOrEqual(6);
      // The count is known from before: three of the four are left.
      const counts = [];
      for (let i = 0; i < 5; i++) counts.push(await countOf(keeper, quota));
      expect(counts).toEqual([true, true, true, false, false]);
      expect(await localTakes()).toBeGreaterThan(50);
      expect(events.filter((event) => event === 'rates.redis_away')).toHaveLength(1);
      own.resume();
      const deadline = Date.now() + 10_000;
      while (!events.includes('rates.redis_back') && Date.now() < deadline) {
        await takeOf(keeper, { key: 'other', ratePerSecond: 20, burst: 3 });
        await sleep(20);
      }
      expect(events).toContain('rates.redis_back');
      // What was granted meanwhile is counted now.
      expect(await countOf(keeper, quota)).toBe(false);
    } finally {
      own.resume();
      await keeper.close();
      await own.stop();
    }
  });
});

it.each(['DAY', 'WEEK', 'MONTH'] as const)('counts a %s in Redis by the same calendar', async (period) => {
  const source = countRequests.source.replace("redis.call('TIME')", "{ARGV[9], '0'}");
  expect(source).toContain('ARGV[9]');
  for (let day = 0; day < 3_000; day++) {
    const timeMs = (day * 13 + 10) * 86_400_000 - (day % 3) * 1_000;
    const args = [10, 0, period, 0, 0, 0, 0, 0, timeMs / 1_000];
    const reply = (await raw.call('EVAL', [source, 1, `calendar-${period}`, ...args])) as number[];
    const number = periodNumber(period, timeMs);
    expect([timeMs, reply[2], reply[3]]).toEqual([timeMs, number, periodEndMs(period, number) - timeMs]);
  }
});
