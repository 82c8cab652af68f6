import { limits } from '@sluice/contracts';

/** Reports for how long the files have said something that is not in force: 0 while all of it is, seconds since it is not. */
export class ConfigAge {
  private sinceMs: number | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly gauge: { set(seconds: number): void }) {
    gauge.set(0);
  }

  current(): void {
    clearInterval(this.timer);
    this.sinceMs = undefined;
    this.gauge.set(0);
  }

  /** Called again while it is behind, it goes on counting: another mistake in the file does not make the process more current. */
  behind(): void {
    if (this.sinceMs !== undefined) return;
    const sinceMs = performance.now();
    this.sinceMs = sinceMs;
    const report = () => this.gauge.set((performance.now() - sinceMs) / 1_000);
    this.timer = setInterval(report, limits.configAgeIntervalMs).unref();
  }
}
