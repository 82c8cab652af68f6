import { closes } from '@sluice/contracts';
import { createTelemetry } from '@sluice/telemetry';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Connection } from './connection.js';
import { Drain } from './drain.js';

const telemetry = createTelemetry({ role: 'edge', logLevel: 'silent' });

afterEach(() => vi.useRealTimers());

/** Connections that are only counted: when each was closed, ms from the start of the drain. */
function countedConnections(count: number) {
  const open = new Set<Connection>();
  for (let n = 0; n < count; n++) open.add({} as Connection);
  const closedAtMs: number[] = [];
  const startedAtMs = performance.now();
  const connections = {
    get count() {
      return open.size;
    },
    all: () => open.values() as IterableIterator<Connection>,
    closeBehindQueue(connection: Connection, close: unknown) {
      expect(close).toBe(closes.goingAway);
      open.delete(connection);
      closedAtMs.push(performance.now() - startedAtMs);
    },
  };
  return { connections, closedAtMs };
}

/** A clock that only the test advances, and on it timers that are as late as it says. */
function lateTimers(lateMs: (atMs: number) => number): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  const onTime = globalThis.setTimeout;
  const startedAtMs = performance.now();
  vi.spyOn(globalThis, 'setTimeout').mockImplementation(((run: () => void, ms = 0) =>
    onTime(run, ms + lateMs(performance.now() - startedAtMs + ms))) as typeof setTimeout);
}

async function drainWith(count: number, windowMs: number, lateMs: (atMs: number) => number) {
  lateTimers(lateMs);
  const { connections, closedAtMs } = countedConnections(count);
  const drained = new Drain(connections, telemetry).run({ holdMs: 0, windowMs, settleMs: 0 });
  await vi.advanceTimersByTimeAsync(2 * windowMs);
  expect(connections.count).toBe(0);
  await drained;
  return closedAtMs;
}

/** Most closes of any span of this length. */
function mostWithin(spanMs: number, closedAtMs: number[]): number {
  return Math.max(
    ...closedAtMs.map((fromMs) => closedAtMs.filter((at) => at >= fromMs && at < fromMs + spanMs).length),
  );
}

describe('a drain in a process whose timers are late', () => {
  it.each([
    [56, 2_000, 4_000],
    [80, 2_000, 4_000],
    [130, 2_000, 4_000],
    [300, 2_000, 4_000],
    [80, 10, 4_000],
  ])(
    '[CN-40] each by %i ms: %i sockets close within the window of %i ms all the same',
    async (late, count, windowMs) => {
      const closedAtMs = await drainWith(count, windowMs, () => late);
      expect(closedAtMs.length).toBe(count);
      // The hold, of nothing, is late too, and so is the last close.
      expect(Math.max(...closedAtMs)).toBeLessThan(windowMs + 2 * late + 100);
      expect(mostWithin(1_000, closedAtMs)).toBeLessThanOrEqual(Math.max(1, (2 * count * 1_000) / windowMs));
    },
  );

  it('[CN-40] once by much: what has come due meanwhile is put off, and the window still kept', async () => {
    const [count, windowMs, stallMs] = [2_000, 40_000, 6_000];
    const closedAtMs = await drainWith(count, windowMs, (atMs) => (atMs > 10_000 && atMs < 10_100 ? stallMs : 0));
    expect(Math.max(...closedAtMs)).toBeLessThan(windowMs + 200);
    expect(mostWithin(1_000, closedAtMs)).toBeLessThanOrEqual((2 * count * 1_000) / windowMs);
  });
});
