import { limits } from '@sluice/contracts';
import type { RedisLink } from '@sluice/redis';
import { LocalQuota } from './local-quota.js';
import { countRequests } from './lua/count-requests-1.js';
import type { Quota } from './rate-keeper.js';
import { type Grant, type PoolOwner, TokenPool } from './token-pool.js';

/** One process's part of a quota that is counted in Redis. */
export class QuotaPool extends TokenPool {
  private local: LocalQuota | undefined;
  /** As Redis last said it. */
  private counted: number;
  private period = 0;
  /** Granted while Redis was away, less what was reserved and not used: added to the count by the next call. */
  private owed = 0;
  private owedPeriod = 0;

  constructor(
    owner: PoolOwner,
    private readonly link: RedisLink,
    private readonly key: string,
    private quota: Quota,
    private readonly wallClockMs: () => number,
  ) {
    super(owner);
    this.counted = quota.offset;
  }

  resize(quota: Quota): void {
    const isAnother = quota.period !== this.quota.period;
    if (isAnother || quota.limit !== this.quota.limit) this.reopen();
    this.quota = quota;
    if (!isAnother) return;
    // What was reserved is counted in a period that there is no more.
    this.reserved = 0;
    this.owed = 0;
    this.counted = 0;
    this.local = undefined;
  }

  matches(quota: Quota): boolean {
    return quota === this.quota;
  }

  /** Whether it has, or may be about to get, what must be given back. */
  get holds(): boolean {
    return this.reserved > 0 || this.asking;
  }

  takeLocal(): boolean {
    const timeMs = this.wallClockMs();
    this.local ??= new LocalQuota(this.quota.period, this.counted, timeMs);
    if (!this.local.count(this.quota.limit, timeMs)) return false;
    this.owe(1, this.local.periodNumber);
    return true;
  }

  /** Gives back what is reserved and was not used lately; resolves once Redis has it, or cannot be reached. */
  async releaseIdle(nowMs: number, idleMs: number): Promise<void> {
    if (this.reserved === 0 || nowMs - this.usedMs < idleMs) return;
    if (nowMs < this.reservedUntilMs) this.owe(-this.reserved, this.period);
    this.reserved = 0;
    await this.request(0, 0).catch((error: unknown) => this.owner.failed(error));
  }

  /** Gives back all, also what is still on its way here. */
  async releaseAll(): Promise<void> {
    await this.answered;
    await this.releaseIdle(this.owner.nowMs(), 0);
  }

  protected aheadMax(): number {
    return this.quota.limit * limits.rateReservationShare;
  }

  protected async request(needed: number, ahead: number): Promise<Grant> {
    const { limit, offset, period } = this.quota;
    const [owed, owedPeriod] = [this.owed, this.owedPeriod];
    this.owed = 0;
    let reply: unknown;
    try {
      const share = limits.rateReservationShare;
      const args = [limit, offset, period, needed, ahead, share, owed, owedPeriod];
      reply = await this.link.script(countRequests, [this.key], args);
    } catch (error) {
      // It may have been carried out nevertheless, and what is given back twice would exceed the limit.
      if (owed > 0) this.owe(owed, owedPeriod);
      throw error;
    }
    const [granted, counted, periodNumber, endsInMs] = reply as [number, number, number, number];
    // Counted for a period that the quota has no more: those who wait ask again.
    if (period !== this.quota.period) return { granted: 0, emptyMs: 0, validMs: 0 };
    this.counted = counted;
    this.period = periodNumber;
    this.local = undefined;
    // Less than was to be reserved ahead is no sign of an empty quota: only a share of what is left is given ahead.
    return { granted, emptyMs: granted < needed ? Math.min(limits.quotaRefusalMs, endsInMs) : 0, validMs: endsInMs };
  }

  private owe(count: number, period: number): void {
    if (this.owedPeriod !== period) this.owed = 0;
    this.owedPeriod = period;
    this.owed += count;
  }
}
