/**
 * Milliseconds since this process loaded the file, whole, never set back: what every deadline is computed with. Small integers
 * stay inside the objects that hold them; a float or an epoch time would cost a heap number per field and connection.
 */
export function monotonicMs(): number {
  return Math.trunc(performance.now() - startedAt);
}

const startedAt = performance.now();

// Fixed at the start, so that the same monotonic time is always the same wall-clock time, to the millisecond.
const wallClockStartMs = Date.now();

/** Wall-clock time (ms since the epoch) of a time of `monotonicMs`. */
export function wallClockMsOf(monotonicTimeMs: number): number {
  return wallClockStartMs + monotonicTimeMs;
}
