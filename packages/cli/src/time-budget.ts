/** The time that a self-test has in all, from now on; each wait gets what is left of it. */
export class TimeBudget {
  private readonly startedMs = performance.now();

  constructor(private readonly timeoutMs: number) {}

  elapsedMs(): number {
    return Math.round(performance.now() - this.startedMs);
  }

  /** At least 1: what waits no time at all would wait for ever in some libraries. */
  leftMs(): number {
    return Math.max(1, this.timeoutMs - this.elapsedMs());
  }

  get over(): boolean {
    return this.elapsedMs() >= this.timeoutMs;
  }
}
