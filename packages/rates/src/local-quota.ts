import type { QuotaPeriod } from '@sluice/contracts';
import { periodNumber } from './quota-period.js';

/** The count of one quota in this process alone. */
export class LocalQuota {
  /** Of the period counted in. */
  periodNumber: number;

  constructor(
    readonly period: QuotaPeriod,
    private counted: number,
    timeMs: number,
  ) {
    this.periodNumber = periodNumber(period, timeMs);
  }

  /** Counts one, unless the limit is reached. */
  count(limit: number, timeMs: number): boolean {
    const number = periodNumber(this.period, timeMs);
    // A clock that steps back must not open a period twice.
    if (number > this.periodNumber) {
      this.periodNumber = number;
      this.counted = 0;
    }
    if (this.counted >= limit) return false;
    this.counted += 1;
    return true;
  }
}
