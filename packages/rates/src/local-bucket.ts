/** A token bucket of this process alone, refilled by rate up to its burst. */
export class LocalBucket {
  private refilledMs: number;

  constructor(
    private ratePerSecond: number,
    private burst: number,
    nowMs: number,
    /** Unset: full. */
    private tokens: number = burst,
  ) {
    this.refilledMs = nowMs;
  }

  /** Takes over changed settings; what has been spent stays spent. */
  resize(ratePerSecond: number, burst: number): void {
    this.ratePerSecond = ratePerSecond;
    this.burst = burst;
  }

  take(nowMs: number): boolean {
    if (!(this.ratePerSecond > 0)) return false;
    const elapsedMs = nowMs - this.refilledMs;
    if (elapsedMs > 0) {
      this.tokens += (elapsedMs * this.ratePerSecond) / 1_000;
      this.refilledMs = nowMs;
    }
    if (this.tokens > this.burst) this.tokens = this.burst;
    if (this.tokens < 1) return false;
    this.tokens -= 1;
    return true;
  }

  giveBack(): void {
    this.tokens += 1;
  }
}
