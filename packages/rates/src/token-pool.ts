import { limits } from '@sluice/contracts';

/** What a pool says to one that wants a token. `unknown`: Redis must be asked. */
export const taken = 0;
export const refused = 1;
export const unknown = 2;
export type Taken = typeof taken | typeof refused | typeof unknown;

/** What Redis granted of what a pool asked for. */
export interface Grant {
  granted: number;
  /** Nothing more can be had for this long; 0 where all that was asked for was granted. */
  emptyMs: number;
  /** How long what was granted may be used, from the moment of asking. */
  validMs: number;
}

/** Waits for a token; called when there may be one, or it is known that there is none. */
export interface Waiter {
  readonly settled: boolean;
  proceed(): void;
}

/** What pools tell the keeper that holds them. */
export interface PoolOwner {
  nowMs(): number;
  /** Redis has not answered, or has refused. */
  failed(error: unknown): void;
  answered(tookMs: number): void;
}

/**
 * Tokens of one bucket or quota as one process holds them: a few reserved in Redis, handed out synchronously, and asked for
 * anew, one call at a time, when half of them are gone. A pool that is used less than once in `rateReservationPeriodMs`
 * reserves nothing and asks for each token.
 */
export abstract class TokenPool {
  recent = true;
  protected reserved = 0;
  protected reservedUntilMs = 0;
  protected usedMs = 0;
  private lowWater = 0;
  private emptyUntilMs = 0;
  protected asking = false;
  /** Resolves with the answer to the last call. */
  protected answered = Promise.resolve();
  private waiting: Waiter[] = [];
  /** While the line is called up, those who rejoin it are asked for together. */
  private waking = false;
  private demand = 0;
  private demandSinceMs: number;
  private demandPerMs = 0;

  constructor(protected readonly owner: PoolOwner) {
    this.demandSinceMs = owner.nowMs();
  }

  /** Takes up to `needed` and `ahead` from Redis. */
  protected abstract request(needed: number, ahead: number): Promise<Grant>;
  /** How many tokens may be reserved at once. */
  protected abstract aheadMax(): number;
  /** Takes one without Redis, while that is away. */
  abstract takeLocal(nowMs: number): boolean;

  take(nowMs: number): Taken {
    this.demand += 1;
    if (this.reserved > 0 && nowMs < this.reservedUntilMs) {
      this.reserved -= 1;
      this.usedMs = nowMs;
      if (this.reserved <= this.lowWater && !this.asking && nowMs >= this.emptyUntilMs) this.ask(nowMs);
      return taken;
    }
    return nowMs < this.emptyUntilMs ? refused : unknown;
  }

  /** Returns a token just taken: to what is reserved, as long as that may be used. False where it may not. */
  giveBack(nowMs: number): boolean {
    if (nowMs >= this.reservedUntilMs) return false;
    this.reserved += 1;
    return true;
  }

  /** Puts one that found `unknown` in line; false where the line is full. */
  wait(waiter: Waiter, nowMs: number): boolean {
    if (this.waiting.length >= limits.rateWaitingMax) {
      this.waiting = this.waiting.filter(({ settled }) => !settled);
      if (this.waiting.length >= limits.rateWaitingMax) return false;
    }
    this.waiting.push(waiter);
    if (!this.asking && !this.waking) this.ask(nowMs);
    return true;
  }

  /** Forgets that it was empty: its settings have changed. */
  protected reopen(): void {
    this.emptyUntilMs = 0;
  }

  /** Asks for nothing, only to see whether Redis is back. */
  probe(nowMs: number): void {
    if (!this.asking) this.send(0, 0, nowMs);
  }

  private ask(nowMs: number): void {
    const chunk = Math.floor(Math.min(this.usePerMs(nowMs) * limits.rateReservationPeriodMs, this.aheadMax()));
    if (nowMs >= this.reservedUntilMs) this.reserved = 0;
    this.lowWater = chunk >> 1;
    const needed = this.waiting.length;
    const ahead = Math.max(0, chunk - this.reserved);
    if (needed + ahead > 0) this.send(needed, ahead, nowMs);
  }

  private usePerMs(nowMs: number): number {
    const elapsedMs = nowMs - this.demandSinceMs;
    if (elapsedMs < limits.rateReservationPeriodMs) {
      return Math.max(this.demandPerMs, this.demand / limits.rateReservationPeriodMs);
    }
    this.demandPerMs = this.demand / elapsedMs;
    this.demand = 0;
    this.demandSinceMs = nowMs;
    return this.demandPerMs;
  }

  private send(needed: number, ahead: number, askedMs: number): void {
    this.asking = true;
    this.answered = this.request(needed, ahead).then(
      (grant) => this.receive(grant, askedMs),
      (error: unknown) => {
        this.asking = false;
        this.owner.failed(error);
        this.wakeAll();
      },
    );
  }

  private receive({ granted, emptyMs, validMs }: Grant, askedMs: number): void {
    const nowMs = this.owner.nowMs();
    this.asking = false;
    this.owner.answered(nowMs - askedMs);
    if (nowMs >= this.reservedUntilMs) this.reserved = 0;
    if (granted > 0) {
      this.reserved += granted;
      this.reservedUntilMs = askedMs + validMs;
    }
    if (emptyMs > 0) this.emptyUntilMs = nowMs + emptyMs;
    this.wakeAll();
  }

  // Those that still find neither a token nor an empty bucket get in line again, and ask.
  private wakeAll(): void {
    const woken = this.waiting;
    this.waiting = [];
    this.waking = true;
    for (const waiter of woken) if (!waiter.settled) waiter.proceed();
    this.waking = false;
    if (this.waiting.length > 0 && !this.asking) this.ask(this.owner.nowMs());
  }
}
