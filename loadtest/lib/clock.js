import exec from 'k6/execution';

/** ms since the start of the run with fractions, one clock for all VUs of an instance: `Date.now()` is too coarse for answers in 0.3 ms. */
export function nowMs() {
  return exec.instance.currentTestRunDuration;
}

/** Calls back at a time of `nowMs`, at once where it is over. */
export function at(dueMs, callback) {
  return setTimeout(callback, Math.max(0, dueMs - nowMs()));
}
