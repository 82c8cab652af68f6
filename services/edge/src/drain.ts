import { closes, limits } from '@sluice/contracts';
import type { Telemetry } from '@sluice/telemetry';
import { monotonicMs } from './clock.js';
import type { Connection } from './connection.js';
import type { DrainSettings } from './edge-settings.js';
import type { OpenConnections } from './open-connections.js';

/**
 * When each of `count` closes happens, ms from the start of the spread: gaps of 0.5 to 1.0 × window/count, so that clients come
 * back to the other nodes evenly, never faster than twice the mean rate, and not in step with a second draining node.
 */
export function closeTimesMs(count: number, windowMs: number, random: () => number = Math.random): number[] {
  const gapMs = windowMs / Math.max(1, count);
  const times: number[] = [];
  for (let atMs = 0; times.length < count; ) {
    atMs += gapMs * (0.5 + random() / 2);
    times.push(atMs);
  }
  return times;
}

export function shuffled<T>(items: Iterable<T>, random: () => number = Math.random): T[] {
  const all = [...items];
  for (let i = all.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [all[i], all[j]] = [all[j] as T, all[i] as T];
  }
  return all;
}

/** The hold and spread of OPERATIONS §3: what happens to sockets between SIGTERM and the settling. */
export class Drain {
  private hurriedWindowMs: number | undefined;
  private wake: (() => void) | undefined;
  private closedAtMs: number | undefined;

  constructor(
    private readonly connections: Pick<OpenConnections, 'all' | 'closeBehindQueue' | 'count'>,
    private readonly telemetry: Telemetry,
  ) {}

  get hurried(): boolean {
    return this.hurriedWindowMs !== undefined;
  }

  /** A second SIGTERM: no more hold, and the rest of the closes within this long. */
  hurry(windowMs: number): void {
    this.hurriedWindowMs = windowMs;
    this.wake?.();
  }

  /** Resolves when no connection is open any more. */
  async run(settings: DrainSettings): Promise<void> {
    if (this.hurriedWindowMs === undefined) await this.sleep(settings.holdMs);
    const startedAtMs = monotonicMs();
    await this.spread(this.hurriedWindowMs ?? settings.windowMs);
    // Handshakes that were held at the start may have opened more meanwhile: they get what is left of the window, and where this
    // process was held up a tenth of it, or all of them would close in one burst.
    const windowMs = this.hurriedWindowMs ?? settings.windowMs;
    const leftMs = Math.max(startedAtMs + windowMs - monotonicMs(), windowMs / 10);
    if (this.connections.count > 0) await this.spread(leftMs);
    for (const connection of [...this.connections.all()]) this.close(connection);
    this.telemetry.metrics.drainRemaining.set(this.connections.count);
  }

  /** Resolves this long after the last close. The library does not tell when a closed socket has sent what was queued. */
  async flush(flushMs: number): Promise<void> {
    if (this.closedAtMs === undefined) return;
    const leftMs = this.closedAtMs + flushMs - monotonicMs();
    if (leftMs > 0) await new Promise((resolve) => setTimeout(resolve, leftMs));
  }

  private async spread(windowMs: number): Promise<void> {
    const hurried = this.hurriedWindowMs;
    const order = shuffled(this.connections.all());
    const times = closeTimesMs(order.length, windowMs);
    let startedAtMs = monotonicMs();
    // The window wins over evenness: the schedule is put off no further than its end fits in.
    let slackMs = windowMs - (times.at(-1) ?? 0);
    let closed = 0;
    while (closed < order.length && this.hurriedWindowMs === hurried) {
      const lateMs = monotonicMs() - startedAtMs - (times[closed] ?? 0);
      // A process that was held up does not make good for it: all that has come due would close in one burst. Timers that are always
      // a little late, with several closes due at each, are no reason to put anything off.
      const shiftMs = Math.max(0, Math.min(lateMs - limits.drainLateMsMax, slackMs));
      startedAtMs += shiftMs;
      slackMs -= shiftMs;
      const elapsedMs = monotonicMs() - startedAtMs;
      closed = this.closeThose(order, times, closed, elapsedMs);
      this.telemetry.metrics.drainRemaining.set(this.connections.count);
      const nextMs = times[closed];
      // Close gaps are batched: a timer per close would be thousands a second when N is large.
      if (nextMs !== undefined) await this.sleep(Math.max(limits.deadlineTickMs, nextMs - elapsedMs));
    }
    if (closed < order.length) await this.spread(this.hurriedWindowMs ?? windowMs);
  }

  private closeThose(order: Connection[], times: number[], from: number, elapsedMs: number): number {
    let next = from;
    for (; next < order.length && (times[next] as number) <= elapsedMs; next++) {
      this.close(order[next] as Connection);
    }
    return next;
  }

  private close(connection: Connection): void {
    this.connections.closeBehindQueue(connection, closes.goingAway);
    this.closedAtMs = monotonicMs();
  }

  private async sleep(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.wake = undefined;
  }
}
