import type { QuotaPeriod } from '@sluice/contracts';

const dayMs = 86_400_000;

/** Number of the period that holds this moment, growing by one from each to the next: UTC days, weeks from Sunday, months. */
export function periodNumber(period: QuotaPeriod, timeMs: number): number {
  const day = Math.floor(timeMs / dayMs);
  if (period === 'DAY') return day;
  // 1970 began on a Thursday.
  if (period === 'WEEK') return Math.floor((day + 4) / 7);
  const time = new Date(timeMs);
  return time.getUTCFullYear() * 12 + time.getUTCMonth();
}

/** When the period of this number ends, ms since the epoch. */
export function periodEndMs(period: QuotaPeriod, number: number): number {
  if (period === 'DAY') return (number + 1) * dayMs;
  if (period === 'WEEK') return ((number + 1) * 7 - 4) * dayMs;
  return Date.UTC(Math.floor(number / 12), (number % 12) + 1);
}
