import { describe, expect, it } from 'vitest';
import { profiles } from '../profiles/index.js';
import { arrivalStages, factorAt, Schedule } from './schedule.js';

describe('Schedule', () => {
  it('an even curve has its messages at even times, and as many as the rate says', () => {
    const schedule = new Schedule([{ seconds: 60, from: 1, to: 1 }], 100, 3_000);
    expect(schedule.count).toBe(300);
    expect([0, 1, 299].map((message) => schedule.timeOf(message))).toEqual([0, 10, 2_990]);
    expect(schedule.timeOf(300)).toBeUndefined();
  });

  it('a rising line has half of its messages in the last 30 % of its time', () => {
    const schedule = new Schedule([{ seconds: 10, from: 0, to: 1 }], 100, 10_000);
    expect(schedule.count).toBe(500);
    expect(schedule.timeOf(250)).toBeCloseTo(10_000 * Math.SQRT1_2, 6);
  });

  it.each(Object.entries(profiles))(
    '%s: times never go back, and none lies behind the end',
    (_name, { curve, durationMs }) => {
      const schedule = new Schedule(curve, 7, durationMs);
      let last = -1;
      for (let message = 0; message < schedule.count; message++) {
        const at = schedule.timeOf(message) ?? Number.NaN;
        expect(at).toBeGreaterThan(last);
        last = at;
      }
      expect(last).toBeLessThanOrEqual(durationMs);
      const area = curve.reduce((sum, { seconds, from, to }) => sum + (seconds * (from + to)) / 2, 0);
      expect(schedule.count).toBe(Math.floor(area * 7 + 1e-6));
    },
  );
});

it('stages of an arrival-rate executor follow the curve, with a jump as a stage of no length', () => {
  const curve = [
    { seconds: 10, from: 0.5, to: 0.5 },
    { seconds: 10, from: 1, to: 2 },
  ];
  expect(arrivalStages(curve, 2.5, 4_000)).toEqual({
    startRate: 1_250,
    timeUnit: '1000s',
    stages: [
      { target: 1_250, duration: '2000ms' },
      { target: 2_500, duration: '0s' },
      { target: 5_000, duration: '2000ms' },
    ],
  });
  expect([0, 1_000, 3_000, 9_000].map((at) => factorAt(curve, 4_000, at))).toEqual([0.5, 0.5, 1.5, 2]);
});
