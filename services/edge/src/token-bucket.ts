/** Admits `perSecond` events in the long run and `burst` at once. Full at the start. */
export class TokenBucket {
  private tokens: number;
  private filledAtMs: number;

  constructor(
    private readonly perSecond: number,
    private readonly burst: number,
    nowMs: number,
  ) {
    this.tokens = burst;
    this.filledAtMs = nowMs;
  }

  take(nowMs: number): boolean {
    const earned = ((nowMs - this.filledAtMs) * this.perSecond) / 1000;
    this.tokens = Math.min(this.burst, this.tokens + earned);
    this.filledAtMs = nowMs;
    if (this.tokens < 1) return false;
    this.tokens -= 1;
    return true;
  }
}
