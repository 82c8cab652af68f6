import { limits } from '@sluice/contracts';
import { LocalBucket } from './local-bucket.js';
import { LocalQuota } from './local-quota.js';
import type { Bucket, RateKeeper } from './rate-keeper.js';
import { RecentEntries } from './recent-entries.js';

export interface MemoryRateKeeperOptions {
  /** Monotonic; unset: `performance.now`. */
  nowMs?: () => number;
  /** Since the epoch; unset: `Date.now`. */
  wallClockMs?: () => number;
  /** Unset: `limits.rateBucketsMax`. */
  bucketsMax?: number;
}

interface Entry<T> {
  value: T;
  recent: boolean;
}

/** Rates and quotas of one process that is the whole gateway. Every answer is synchronous. */
export function createMemoryRateKeeper(options: MemoryRateKeeperOptions = {}): RateKeeper {
  const nowMs = options.nowMs ?? (() => performance.now());
  const wallClockMs = options.wallClockMs ?? Date.now;
  const bucketsMax = options.bucketsMax ?? limits.rateBucketsMax;
  const buckets = new RecentEntries<Entry<LocalBucket>>(bucketsMax);
  const quotas = new RecentEntries<Entry<LocalQuota>>(bucketsMax);

  const open = ({ key, ratePerSecond, burst }: Bucket, now: number): LocalBucket => {
    const known = buckets.get(key);
    if (known !== undefined) {
      known.value.resize(ratePerSecond, burst);
      return known.value;
    }
    const bucket = new LocalBucket(ratePerSecond, burst, now);
    buckets.add(key, { value: bucket, recent: true });
    return bucket;
  };

  return {
    take(wanted, done) {
      const now = nowMs();
      for (const [index, bucket] of wanted.entries()) {
        if (open(bucket, now).take(now)) continue;
        for (const earlier of wanted.slice(0, index)) open(earlier, now).giveBack();
        return done(index);
      }
      done(-1);
    },

    count(quota, done) {
      let entry = quotas.get(quota.key);
      // As in Redis, a quota that has another period now begins anew.
      if (entry === undefined || entry.value.period !== quota.period) {
        const counted = entry === undefined ? quota.offset : 0;
        entry = { value: new LocalQuota(quota.period, counted, wallClockMs()), recent: true };
        quotas.add(quota.key, entry);
      }
      done(entry.value.count(quota.limit, wallClockMs()));
    },

    async close() {},
  };
}
