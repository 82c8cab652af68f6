import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bucket, Quota, RateKeeper } from '../rate-keeper.js';

/** Makes a keeper upon what nobody has counted in yet. */
export interface RateKeeperFactory {
  create(): Promise<RateKeeper>;
}

export function takeOf(keeper: RateKeeper, ...buckets: Bucket[]): Promise<number> {
  return new Promise((resolve) => keeper.take(buckets, resolve));
}

export function countOf(keeper: RateKeeper, quota: Quota): Promise<boolean> {
  return new Promise((resolve) => keeper.count(quota, resolve));
}

/** How many of so many takes, made at once, were granted. */
export async function grantedOf(keeper: RateKeeper, bucket: Bucket, takes: number): Promise<number> {
  const results = await Promise.all(Array.from({ length: takes }, () => takeOf(keeper, bucket)));
  return results.filter((emptyIndex) => emptyIndex === -1).length;
}

/** What every keeper does, wherever it counts. */
export function registerRateKeeperTests(name: string, factory: RateKeeperFactory): void {
  describe(`${name}: rate keeper contract`, () => {
    let keeper: RateKeeper;
    beforeEach(async () => {
      keeper = await factory.create();
    });
    afterEach(() => keeper.close());

    it('[SL-2] grants the burst at once and not one more', async () => {
      expect(await grantedOf(keeper, { key: 'a', ratePerSecond: 0.001, burst: 40 }, 100)).toBe(40);
      expect(await takeOf(keeper, { key: 'a', ratePerSecond: 0.001, burst: 40 })).toBe(0);
    });

    it('[SL-2] refills by rate, up to the burst', async () => {
      // So slow that a machine which stalls for half a second while the tokens are counted refills none too many.
      const bucket = { key: 'a', ratePerSecond: 5, burst: 10 };
      expect(await grantedOf(keeper, bucket, 20)).toBeGreaterThanOrEqual(10);
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      const refilled = await grantedOf(keeper, bucket, 20);
      expect(refilled).toBeGreaterThanOrEqual(4);
      expect(refilled).toBeLessThanOrEqual(10);
    });

    it('[SL-2] refuses everything at rate 0, whatever the burst, and at burst 0 (O23)', async () => {
      expect(await takeOf(keeper, { key: 'a', ratePerSecond: 0, burst: 100 })).toBe(0);
      expect(await takeOf(keeper, { key: 'b', ratePerSecond: 100, burst: 0 })).toBe(0);
      expect(await takeOf(keeper, { key: 'c', ratePerSecond: Number.NaN, burst: 5 })).toBe(0);
    });

    it('[SL-2] names the first empty bucket, and neither those before nor those after it lose anything', async () => {
      const slow = (key: string, burst: number) => ({ key, ratePerSecond: 0.001, burst });
      const [plan, route, account] = [slow('plan', 3), slow('route', 1), slow('account', 2)];
      expect(await takeOf(keeper, plan, route, account)).toBe(-1);
      expect(await takeOf(keeper, plan, route, account)).toBe(1);
      expect(await takeOf(keeper, plan, route, account)).toBe(1);
      expect(await takeOf(keeper, account)).toBe(-1);
      expect(await takeOf(keeper, account)).toBe(0);
      expect(await grantedOf(keeper, plan, 5)).toBe(2);
    });

    it('keeps buckets apart by key, and takes none where none is named', async () => {
      expect(await takeOf(keeper, { key: 'a', ratePerSecond: 0.001, burst: 1 })).toBe(-1);
      expect(await takeOf(keeper, { key: 'b', ratePerSecond: 0.001, burst: 1 })).toBe(-1);
      expect(await takeOf(keeper)).toBe(-1);
    });

    it('takes over changed settings of a bucket without giving back what was spent', async () => {
      expect(await grantedOf(keeper, { key: 'a', ratePerSecond: 0.001, burst: 5 }, 9)).toBe(5);
      expect(await takeOf(keeper, { key: 'a', ratePerSecond: 0, burst: 50 })).toBe(0);
      expect(await takeOf(keeper, { key: 'a', ratePerSecond: 0.001, burst: 50 })).toBe(0);
    });

    it('lets a raised rate or limit count at once', async () => {
      expect(await grantedOf(keeper, { key: 'a', ratePerSecond: 0.001, burst: 1 }, 3)).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 20));
      await takeOf(keeper, { key: 'a', ratePerSecond: 10_000, burst: 10 });
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(await takeOf(keeper, { key: 'a', ratePerSecond: 10_000, burst: 10 })).toBe(-1);
      const quota = { key: 'q', offset: 0, period: 'DAY' } as const;
      expect(await countOf(keeper, { ...quota, limit: 1 })).toBe(true);
      expect(await countOf(keeper, { ...quota, limit: 1 })).toBe(false);
      expect(await countOf(keeper, { ...quota, limit: 2 })).toBe(true);
    });

    it('counts a quota up to its limit, with its offset in the first period, each apart', async () => {
      const day: Quota = { key: 'day', limit: 30, offset: 10, period: 'DAY' };
      const results = await Promise.all(Array.from({ length: 50 }, () => countOf(keeper, day)));
      expect(results.filter(Boolean)).toHaveLength(20);
      expect(await countOf(keeper, day)).toBe(false);
      expect(await countOf(keeper, { key: 'week', limit: 1, offset: 0, period: 'WEEK' })).toBe(true);
      expect(await countOf(keeper, { key: 'month', limit: 1, offset: 0, period: 'MONTH' })).toBe(true);
      expect(await countOf(keeper, { key: 'none', limit: 0, offset: 0, period: 'MONTH' })).toBe(false);
    });

    it('counts anew where the period of a quota is another one now', async () => {
      const quota = (period: Quota['period'], limit: number): Quota => ({ key: 'q', limit, offset: 0, period });
      const granted = async (each: Quota, count: number) =>
        (await Promise.all(Array.from({ length: count }, () => countOf(keeper, each)))).filter(Boolean).length;
      expect(await granted(quota('DAY', 100), 150)).toBe(100);
      expect(await granted(quota('MONTH', 100), 150)).toBe(100);
      expect(await granted(quota('DAY', 200), 50)).toBe(50);
      expect(await granted(quota('WEEK', 100), 150)).toBe(100);
    });

    it('answers every take once, also after it was closed', async () => {
      await keeper.close();
      expect(await takeOf(keeper, { key: 'late', ratePerSecond: 1, burst: 1 })).toBe(-1);
      expect(await countOf(keeper, { key: 'late', limit: 1, offset: 0, period: 'DAY' })).toBe(true);
    });
  });
}
