import { limits, type RedisSettings } from '@sluice/contracts';
import { RedisLink } from '@sluice/redis';
import { OutageLog, type Telemetry } from '@sluice/telemetry';
import { BucketPool } from './bucket-pool.js';
import { QuotaPool } from './quota-pool.js';
import type { Bucket, Quota, RateKeeper } from './rate-keeper.js';
import { RecentEntries } from './recent-entries.js';
import { Taking } from './taking.js';
import { type PoolOwner, refused, type TokenPool, taken } from './token-pool.js';

export interface RedisRateKeeperOptions {
  settings: RedisSettings;
  /** First part of the name under which the client reports its health, for example `router`. */
  role: string;
  telemetry: Telemetry;
  /** Unset: `limits.rateBucketsMax`. */
  bucketsMax?: number;
  /** Since the epoch, for quotas while Redis is away; unset: `Date.now`. */
  wallClockMs?: () => number;
  /** For tests; unset: `limits.rateTimeoutMs`. */
  timeoutMs?: number;
}

/**
 * Rates and quotas of a cluster. It opens a client of its own and connects in the background.
 *
 * From its first use on, a bucket never grants more than `burst + ratePerSecond × time` to all processes together: tokens
 * are taken from Redis before they are handed out. In a window that begins later, what processes had reserved comes on top:
 * at most `rateReservationShare` of the burst each. While Redis is away each process goes on by itself from what it knew to be
 * left, which is logged and counted. A quota is never exceeded, but by what processes grant while Redis is away.
 */
export function createRedisRateKeeper(options: RedisRateKeeperOptions): RateKeeper {
  return new RedisRateKeeper(options);
}

class RedisRateKeeper implements RateKeeper, PoolOwner {
  private readonly link: RedisLink;
  readonly timeoutMs: number;
  private readonly keyPrefix: string;
  private readonly buckets: RecentEntries<BucketPool>;
  private readonly quotas: RecentEntries<QuotaPool>;
  private readonly holding = new Set<QuotaPool>();
  private readonly wallClockMs: () => number;
  private readonly telemetry: Telemetry;
  private readonly outage: OutageLog;
  private readonly localTakes: { inc(): void };
  private readonly releaseTimer: NodeJS.Timeout;
  private away = false;
  private nextProbeMs = 0;
  private closed = false;

  constructor(options: RedisRateKeeperOptions) {
    const { settings, role, telemetry, bucketsMax = limits.rateBucketsMax } = options;
    this.timeoutMs = options.timeoutMs ?? limits.rateTimeoutMs;
    this.link = new RedisLink(settings, `${role}-rates`, 'producer', telemetry);
    this.link.onConnect(() => {
      this.nextProbeMs = 0;
    });
    this.keyPrefix = settings.keyPrefix;
    this.buckets = new RecentEntries(bucketsMax);
    this.quotas = new RecentEntries(bucketsMax, (pool) => void pool.releaseAll());
    this.wallClockMs = options.wallClockMs ?? Date.now;
    this.telemetry = telemetry;
    this.outage = new OutageLog(telemetry.log, 'rates.redis_away');
    this.localTakes = telemetry.metrics.ratesLocalTotal.labels('token');
    this.releaseTimer = setInterval(() => {
      for (const pool of this.holding) void this.release(pool, limits.rateReservationMs);
    }, limits.quotaRefusalMs);
    this.releaseTimer.unref();
  }

  nowMs(): number {
    return performance.now();
  }

  take(buckets: readonly Bucket[], done: (emptyIndex: number) => void): void {
    const nowMs = performance.now();
    for (let index = 0; index < buckets.length; index++) {
      const pool = this.bucketPool(buckets[index] as Bucket);
      const result = this.takeOne(pool, nowMs);
      if (result === taken) continue;
      if (result === refused) {
        this.giveBack(buckets, index, nowMs);
        return done(index);
      }
      this.wait(
        buckets.map((bucket) => this.bucketPool(bucket)),
        index,
        done,
      );
      return;
    }
    done(-1);
  }

  count(quota: Quota, done: (within: boolean) => void): void {
    const nowMs = performance.now();
    const pool = this.quotaPool(quota);
    const result = this.takeOne(pool, nowMs);
    if (result === taken) return done(true);
    if (result === refused) return done(false);
    this.holding.add(pool);
    this.wait([pool], 0, (emptyIndex) => done(emptyIndex === -1));
  }

  /** As the pool says, and where it would have to ask a Redis that is away: decided here. */
  takeOne(pool: TokenPool, nowMs: number): ReturnType<TokenPool['take']> {
    const result = pool.take(nowMs);
    if (result <= refused || !this.away) return result;
    if (nowMs >= this.nextProbeMs && !this.closed) {
      this.nextProbeMs = nowMs + limits.rateRetryIntervalMs;
      pool.probe(nowMs);
    }
    this.localTakes.inc();
    return pool.takeLocal(nowMs) ? taken : refused;
  }

  failed(error: unknown): void {
    if (this.closed) return;
    this.outage.warn('Rates and quotas hold for this process alone until Redis answers again', error);
    this.nextProbeMs = performance.now() + limits.rateRetryIntervalMs;
    this.away = true;
  }

  answered(tookMs: number): void {
    if (!this.away || this.closed) return;
    if (tookMs > this.timeoutMs) {
      // It answers, late: a moment's hiccup is over as soon as the next answer is in time.
      this.nextProbeMs = 0;
      return;
    }
    this.away = false;
    this.telemetry.log.info('rates.redis_back', 'Rates and quotas hold for the cluster again');
  }

  async close(): Promise<void> {
    if (this.closed) return;
    clearInterval(this.releaseTimer);
    const released = Promise.all([...this.holding].map((pool) => pool.releaseAll()));
    const timeout = new Promise<void>((resolve) => setTimeout(resolve, limits.redisCommandTimeoutMs).unref());
    await Promise.race([released, timeout]);
    this.closed = true;
    this.away = true;
    this.link.close();
  }

  private wait(pools: TokenPool[], index: number, done: (emptyIndex: number) => void): void {
    new Taking(this, pools, index, done).wait();
  }

  private giveBack(buckets: readonly Bucket[], count: number, nowMs: number): void {
    for (let index = 0; index < count; index++) this.bucketPool(buckets[index] as Bucket).giveBack(nowMs);
  }

  private async release(pool: QuotaPool, idleMs: number): Promise<void> {
    await pool.releaseIdle(performance.now(), idleMs);
    if (!pool.holds) this.holding.delete(pool);
  }

  private bucketPool(bucket: Bucket): BucketPool {
    const known = this.buckets.get(bucket.key);
    if (known !== undefined) {
      if (!known.matches(bucket)) known.resize(bucket);
      return known;
    }
    const pool = new BucketPool(this, this.link, `${this.keyPrefix}:rate:${bucket.key}`, bucket);
    this.buckets.add(bucket.key, pool);
    return pool;
  }

  private quotaPool(quota: Quota): QuotaPool {
    const known = this.quotas.get(quota.key);
    if (known !== undefined) {
      if (!known.matches(quota)) known.resize(quota);
      return known;
    }
    const pool = new QuotaPool(this, this.link, `${this.keyPrefix}:quota:${quota.key}`, quota, this.wallClockMs);
    this.quotas.add(quota.key, pool);
    return pool;
  }
}
