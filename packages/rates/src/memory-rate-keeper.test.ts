import { expect, it } from 'vitest';
import { countOf, grantedOf, registerRateKeeperTests, takeOf } from './conformance/rate-keeper.js';
import { createMemoryRateKeeper } from './memory-rate-keeper.js';
import type { Quota } from './rate-keeper.js';

registerRateKeeperTests('in memory', { create: async () => createMemoryRateKeeper() });

it('[SL-2] never grants more than burst + rate × time, and all of that to those who keep asking', async () => {
  let nowMs = 0;
  const keeper = createMemoryRateKeeper({ nowMs: () => nowMs });
  const bucket = { key: 'a', ratePerSecond: 30, burst: 7 };
  let granted = 0;
  for (; nowMs <= 10_000; nowMs += 3) granted += await grantedOf(keeper, bucket, 2);
  expect(granted).toBeLessThanOrEqual(307);
  expect(granted).toBeGreaterThanOrEqual(305);
});

it('begins quotas anew with each period, by UTC, and counts the offset only once', async () => {
  let timeMs = Date.UTC(2024, 1, 29, 23, 59, 59);
  const keeper = createMemoryRateKeeper({ wallClockMs: () => timeMs });
  const quota = (period: Quota['period'], offset = 0): Quota => ({ key: period, limit: 2, offset, period });
  expect(await countOf(keeper, quota('DAY', 1))).toBe(true);
  expect(await countOf(keeper, quota('DAY', 1))).toBe(false);
  expect(await countOf(keeper, quota('MONTH', 2))).toBe(false);
  expect(await countOf(keeper, quota('WEEK', 2))).toBe(false);
  timeMs += 1_000;
  expect(await countOf(keeper, quota('DAY', 1))).toBe(true);
  expect(await countOf(keeper, quota('DAY', 1))).toBe(true);
  expect(await countOf(keeper, quota('DAY', 1))).toBe(false);
  expect(await countOf(keeper, quota('MONTH', 2))).toBe(true);
  // 29 February 2024 was a Thursday: the week ends with the Saturday.
  timeMs = Date.UTC(2024, 2, 2, 23, 59, 59);
  expect(await countOf(keeper, quota('WEEK', 2))).toBe(false);
  timeMs += 1_000;
  expect(await countOf(keeper, quota('WEEK', 2))).toBe(true);
});

it('remembers a bounded number of buckets, those used lately', async () => {
  const keeper = createMemoryRateKeeper({ bucketsMax: 3 });
  const bucket = (key: string) => ({ key, ratePerSecond: 0.001, burst: 1 });
  for (const key of ['a', 'b', 'c']) expect(await takeOf(keeper, bucket(key))).toBe(-1);
  for (const key of ['d', 'e']) {
    expect(await takeOf(keeper, bucket(key))).toBe(-1);
    expect(await takeOf(keeper, bucket('c'))).toBe(0);
  }
  expect(await takeOf(keeper, bucket('a'))).toBe(-1);
});
