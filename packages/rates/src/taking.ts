import { refused, type TokenPool, taken, type Waiter } from './token-pool.js';

/** What a take needs of the keeper it belongs to. */
interface TakingOwner {
  readonly timeoutMs: number;
  nowMs(): number;
  takeOne(pool: TokenPool, nowMs: number): ReturnType<TokenPool['take']>;
  /** Redis is too slow: until it answers again `takeOne` decides alone. */
  failed(error: unknown): void;
}

/** A take that has to wait for Redis, with what it has taken already. It is over after `timeoutMs`, whatever Redis does. */
export class Taking implements Waiter {
  settled = false;
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly owner: TakingOwner,
    private readonly pools: readonly TokenPool[],
    private index: number,
    private readonly done: (emptyIndex: number) => void,
  ) {
    // Answers that came while this process itself was busy lie unread in the socket: they are read before the second step.
    this.timer = setTimeout(() => setImmediate(() => this.expire()), owner.timeoutMs);
  }

  /** Gets in line at the pool that had to ask. */
  wait(): void {
    const pool = this.pools[this.index];
    if (pool === undefined || !pool.wait(this, this.owner.nowMs())) this.finish(this.index);
  }

  proceed(): void {
    const nowMs = this.owner.nowMs();
    for (; this.index < this.pools.length; this.index++) {
      const pool = this.pools[this.index] as TokenPool;
      const result = this.owner.takeOne(pool, nowMs);
      if (result === taken) continue;
      if (result === refused) return this.finish(this.index);
      return this.wait();
    }
    this.finish(-1);
  }

  private expire(): void {
    if (this.settled) return;
    this.owner.failed(new Error('Command timed out'));
    this.proceed();
  }

  private finish(emptyIndex: number): void {
    if (this.settled) return;
    this.settled = true;
    clearTimeout(this.timer);
    if (emptyIndex >= 0) {
      const nowMs = this.owner.nowMs();
      for (const pool of this.pools.slice(0, emptyIndex)) pool.giveBack(nowMs);
    }
    this.done(emptyIndex);
  }
}
