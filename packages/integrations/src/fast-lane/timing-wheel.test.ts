import { afterEach, describe, expect, it, vi } from 'vitest';
import { Timed, TimingWheel } from './timing-wheel.js';

class Recorder extends Timed {
  firedAfterMs: number[] = [];
  readonly startedAtMs = performance.now();
  override expire(): void {
    this.firedAfterMs.push(performance.now() - this.startedAtMs);
  }
}

const wheel = new TimingWheel();
afterEach(() => wheel.stop());
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('timing wheel', () => {
  it('fires each deadline once, never early', async () => {
    const recorders = Array.from({ length: 200 }, (_, index) => ({
      delayMs: (index * 7) % 300,
      timed: new Recorder(),
    }));
    for (const { timed, delayMs } of recorders) wheel.arm(timed, timed.startedAtMs, delayMs);
    await pause(500);
    for (const { timed, delayMs } of recorders) {
      expect(timed.firedAfterMs).toHaveLength(1);
      expect(timed.firedAfterMs[0]).toBeGreaterThanOrEqual(delayMs);
    }
    expect(wheel.size).toBe(0);
  });

  it('forgets what was disarmed, whatever its place in the slot, and arms it again', async () => {
    const [a, b, c] = [new Recorder(), new Recorder(), new Recorder()];
    const nowMs = performance.now();
    for (const timed of [a, b, c]) wheel.arm(timed, nowMs, 60);
    wheel.disarm(b);
    wheel.disarm(b);
    wheel.disarm(c);
    wheel.arm(c, nowMs, 120);
    expect(wheel.size).toBe(2);
    await pause(250);
    expect([a, b, c].map((timed) => timed.firedAfterMs.length)).toEqual([1, 0, 1]);
    expect(c.firedAfterMs[0]).toBeGreaterThanOrEqual(120);
  });

  it('survives a stalled process: what is overdue fires once', async () => {
    const timed = new Recorder();
    wheel.arm(timed, performance.now(), 30);
    await pause(10);
    const end = performance.now() + 200;
    while (performance.now() < end);
    await pause(80);
    expect(timed.firedAfterMs).toHaveLength(1);
  });

  it('after a process was frozen for half a turn, does not take new deadlines for overdue ones', async () => {
    const before = new Recorder();
    wheel.arm(before, performance.now(), 50);
    const now = performance.now.bind(performance);
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now() + 30_000);
    try {
      // It thaws: what comes first is a new call, only then the sweep has its turn.
      const after = new Recorder();
      wheel.arm(after, performance.now(), 29_000);
      await pause(100);
      expect([before, after].map((timed) => timed.firedAfterMs.length)).toEqual([1, 0]);
      wheel.disarm(after);
      expect(wheel.size).toBe(0);
    } finally {
      clock.mockRestore();
    }
  });
});
