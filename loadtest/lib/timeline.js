/** Between the last connect and the first message, and for the closes at the end. */
const settleMs = 500;
const leaveMs = 500;
/** On top of everything: what a busy machine may be late with before k6 cuts an iteration off. */
const marginMs = 40_000;

/**
 * When a run of clients that stay does what, in ms from its start: connect, then work, then wait for the answers under way, then leave.
 * The executor starts group g at (g+1)/groups of the ramp.
 */
export function timelineOf({ connections, socketsPerVu, rampMs, durationMs, graceMs, handshakeTries }) {
  const groups = Math.ceil(connections / socketsPerVu);
  const groupMs = rampMs / groups;
  const workFromMs = Math.ceil(rampMs + groupMs + settleMs);
  const workToMs = workFromMs + durationMs;
  const leaveFromMs = workToMs + graceMs;
  // A client may be within its last handshake tries when it is told to leave.
  const triesMs = 500 * 2 ** Math.min(handshakeTries, 6);
  // From the last arrival on. Long, because only a generator that lags needs it: what it has not read yet is not lost.
  const patienceMs = 2 * graceMs + 15_000;
  const endMs = leaveFromMs + leaveMs + patienceMs + graceMs + triesMs + marginMs;
  return {
    groups,
    groupMs,
    spacingMs: groupMs / socketsPerVu,
    workFromMs,
    workToMs,
    leaveFromMs,
    leaveMs,
    patienceMs,
    endMs,
  };
}

/** An open arrival of groups that stay: exactly `groups` iterations, none of which waits for another. */
export function stayingExecutor(settings) {
  const { rampMs } = settings;
  const timeline = timelineOf(settings);
  const { groups } = timeline;
  const rampStageMs = Math.round((rampMs * (groups + 0.5)) / groups);
  return {
    executor: 'ramping-arrival-rate',
    startRate: groups,
    timeUnit: `${Math.round(rampMs)}ms`,
    preAllocatedVUs: groups,
    maxVUs: groups,
    stages: [
      { target: groups, duration: `${rampStageMs}ms` },
      { target: 0, duration: '0s' },
      { target: 0, duration: `${Math.round(timeline.leaveFromMs + timeline.leaveMs - rampStageMs)}ms` },
    ],
    gracefulStop: `${Math.ceil(timeline.endMs - timeline.leaveFromMs)}ms`,
  };
}
