import { limits } from '@sluice/contracts';
import type { RedisLink } from '@sluice/redis';
import { LocalBucket } from './local-bucket.js';
import { takeTokens } from './lua/take-tokens-1.js';
import type { Bucket } from './rate-keeper.js';
import { type Grant, type PoolOwner, refused, type Taken, TokenPool } from './token-pool.js';

/** One process's part of a token bucket that lives in Redis. */
export class BucketPool extends TokenPool {
  /** What this process decides by while Redis is away. */
  private local: LocalBucket | undefined;
  /** What Redis last said to be left, and when: where a local bucket begins. */
  private left: { tokens: number; atMs: number } | undefined;
  private closedForGood: boolean;

  constructor(
    owner: PoolOwner,
    private readonly link: RedisLink,
    private readonly key: string,
    private bucket: Bucket,
  ) {
    super(owner);
    this.closedForGood = isClosed(bucket);
  }

  /** Takes over changed settings; Redis and the local bucket keep what has been spent. */
  resize(bucket: Bucket): void {
    const { ratePerSecond, burst } = this.bucket;
    this.bucket = bucket;
    // Callers may make the same bucket anew for each take.
    if (bucket.ratePerSecond === ratePerSecond && bucket.burst === burst) return;
    this.reopen();
    this.closedForGood = isClosed(bucket);
    this.local?.resize(bucket.ratePerSecond, bucket.burst);
  }

  matches(bucket: Bucket): boolean {
    return bucket === this.bucket;
  }

  override take(nowMs: number): Taken {
    return this.closedForGood ? refused : super.take(nowMs);
  }

  takeLocal(nowMs: number): boolean {
    const { ratePerSecond, burst } = this.bucket;
    this.local ??= new LocalBucket(ratePerSecond, burst, this.left?.atMs ?? nowMs, this.left?.tokens);
    return this.local.take(nowMs);
  }

  override giveBack(nowMs: number): boolean {
    if (super.giveBack(nowMs)) return true;
    this.local?.giveBack();
    return false;
  }

  protected aheadMax(): number {
    const { ratePerSecond, burst } = this.bucket;
    return Math.min(burst * limits.rateReservationShare, (ratePerSecond * limits.rateReservationPeriodMs) / 1_000);
  }

  protected async request(needed: number, ahead: number): Promise<Grant> {
    const { ratePerSecond, burst } = this.bucket;
    const reply = await this.link.script(takeTokens, [this.key], [ratePerSecond, burst, needed + ahead]);
    const [granted, waitUs, left] = reply as [number, number, number];
    this.left = { tokens: left, atMs: this.owner.nowMs() };
    this.local = undefined;
    // Refusals are remembered a little longer than until the next token, yet never so long that one reservation could not
    // make up for it: what is not fetched meanwhile stays in the bucket.
    const pauseMs = Math.min(limits.rateRefusalMs, (this.aheadMax() / ratePerSecond) * 1_000);
    const emptyMs = Math.min(limits.rateRefusalMsMax, Math.max(waitUs / 1_000, pauseMs));
    return {
      granted,
      emptyMs: granted < needed + ahead ? emptyMs : 0,
      validMs: limits.rateReservationMs,
    };
  }
}

function isClosed({ ratePerSecond, burst }: Bucket): boolean {
  return !(ratePerSecond > 0) || !(burst >= 1);
}
