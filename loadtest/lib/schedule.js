/**
 * When each message is due, fixed before the first is sent: the load does not wait for the gateway, and latency counts from the
 * time a message was due, so that a pause of the gateway is seen in full (no coordinated omission).
 *
 * A curve is a list of `{ seconds, from, to }`: the rate goes in a straight line from `from` to `to`, as multiples of the base rate.
 * Message m of the whole fleet is due where the area under the curve is m.
 */
export class Schedule {
  /** The curve is stretched to `durationMs`. */
  constructor(curve, ratePerSecond, durationMs) {
    const seconds = curve.reduce((sum, stage) => sum + stage.seconds, 0);
    const stretch = durationMs / 1_000 / seconds;
    let atMs = 0;
    let count = 0;
    this.stages = curve.map((stage) => {
      const lengthMs = stage.seconds * stretch * 1_000;
      const [from, to] = [(stage.from * ratePerSecond) / 1_000, (stage.to * ratePerSecond) / 1_000];
      const piece = { atMs, lengthMs, from, to, countBefore: count };
      atMs += lengthMs;
      count += ((from + to) / 2) * lengthMs;
      return piece;
    });
    this.durationMs = atMs;
    /** How many messages are due in all. */
    this.count = Math.floor(count + 1e-6);
  }

  /** ms after the start at which message m (from 0) is due; undefined behind the end. */
  timeOf(message) {
    if (message >= this.count) return undefined;
    const stage = this.stages.findLast(({ countBefore }) => countBefore <= message);
    return stage.atMs + timeInStage(stage, message - stage.countBefore);
  }
}

/** Where from·t + (to−from)/(2·length)·t² is `count`. */
function timeInStage({ from, to, lengthMs }, count) {
  if (count === 0) return 0;
  const bend = (to - from) / (2 * lengthMs);
  if (Math.abs(bend) < 1e-15) return count / from;
  return (-from + Math.sqrt(from * from + 4 * bend * count)) / (2 * bend);
}

/** The curve as stages of a k6 arrival-rate executor, `perSecond` base rate; k6 takes whole numbers, so rates are per 1000 s. */
export function arrivalStages(curve, perSecond, durationMs) {
  const seconds = curve.reduce((sum, stage) => sum + stage.seconds, 0);
  const per1000s = (factor) => Math.max(0, Math.round(factor * perSecond * 1_000));
  const stages = [];
  let last = per1000s(curve[0].from);
  const startRate = last;
  for (const stage of curve) {
    // A jump is a stage of no length.
    if (per1000s(stage.from) !== last) stages.push({ target: per1000s(stage.from), duration: '0s' });
    last = per1000s(stage.to);
    stages.push({ target: last, duration: `${Math.round((stage.seconds / seconds) * durationMs)}ms` });
  }
  return { startRate, timeUnit: '1000s', stages };
}

/** The multiple of the base rate at a time of the curve. */
export function factorAt(curve, durationMs, atMs) {
  const stretch = durationMs / 1_000 / curve.reduce((sum, stage) => sum + stage.seconds, 0);
  let left = atMs / 1_000 / stretch;
  for (const { seconds, from, to } of curve) {
    if (left <= seconds) return from + ((to - from) * Math.max(0, left)) / seconds;
    left -= seconds;
  }
  return curve.at(-1).to;
}
