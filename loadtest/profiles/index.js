const minuteMs = 60_000;

/**
 * How long and how hard: the scenario's rate and connections times a factor, and the curve of the rate over time as multiples of it. A stage
 * goes in a straight line from `from` to `to`.
 */
export const profiles = {
  smoke: {
    does: 'a minute at a tenth of the load: does everything work?',
    durationMs: minuteMs,
    rateFactor: 0.1,
    connectionsFactor: 0.1,
    curve: [{ seconds: 60, from: 1, to: 1 }],
  },
  load: {
    does: 'ten minutes at the scenario’s rate',
    durationMs: 10 * minuteMs,
    rateFactor: 1,
    connectionsFactor: 1,
    curve: [{ seconds: 600, from: 1, to: 1 }],
  },
  stress: {
    does: 'steps up to four times the rate: where does it begin to suffer?',
    durationMs: 12 * minuteMs,
    rateFactor: 1,
    connectionsFactor: 1,
    curve: [0.5, 1, 1.5, 2, 3, 4].map((factor) => ({ seconds: 120, from: factor, to: factor })),
  },
  spike: {
    does: 'quiet, ten times as much within 5 s, half a minute of it, quiet again',
    durationMs: 4 * minuteMs,
    rateFactor: 1,
    connectionsFactor: 1,
    curve: [
      { seconds: 60, from: 0.2, to: 0.2 },
      { seconds: 5, from: 0.2, to: 2 },
      { seconds: 30, from: 2, to: 2 },
      { seconds: 5, from: 2, to: 0.2 },
      { seconds: 140, from: 0.2, to: 0.2 },
    ],
  },
  soak: {
    does: 'an hour at half the rate (DURATION=12h for a night): does anything grow?',
    durationMs: 60 * minuteMs,
    rateFactor: 0.5,
    connectionsFactor: 1,
    curve: [{ seconds: 3_600, from: 1, to: 1 }],
  },
};
