import { limits } from '@sluice/contracts';
import { monotonicMs } from './clock.js';
import { type Connection, dueAction, nextDueAtMs } from './connection.js';
import type { HeldUpgrade } from './held-upgrade.js';
import type { OpenConnections } from './open-connections.js';
import type { OrderedLane } from './ordered-lane.js';
import { TimingWheel } from './timing-wheel.js';

type Watched = Connection | HeldUpgrade | OrderedLane;

/** What to do about a deadline that is not a connection's own. */
export interface Overdue {
  verdict(held: HeldUpgrade): void;
  ordered(lane: OrderedLane, nowMs: number): void;
}

/**
 * All deadlines of the edge on one wheel: idle, lifetime, authorization, ping, pong, slow consumer, held upgrade, ordered message. Activity does not touch the
 * wheel: a deadline that falls due early finds out and is set again, which is once per ping period and not once per message.
 */
export class Lifetime {
  private readonly wheel: TimingWheel<Watched>;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly connections: OpenConnections,
    private readonly overdue: Overdue,
    nowMs = monotonicMs(),
  ) {
    this.wheel = new TimingWheel(limits.deadlineTickMs, nowMs, (entry, now) => this.due(entry, now));
  }

  start(): void {
    this.timer = setInterval(() => this.advance(monotonicMs()), limits.deadlineTickMs);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  advance(nowMs: number): void {
    this.wheel.advance(nowMs);
  }

  /** Sets the deadline anew; needed when one has moved closer. */
  watch(connection: Connection): void {
    this.wheel.set(connection, nextDueAtMs(connection, connection.stage.limits));
  }

  /** Sets all deadlines anew, by the limits as they are now. */
  watchAll(): void {
    for (const connection of this.connections.all()) if (connection.state === 'open') this.watch(connection);
  }

  watchVerdict(held: HeldUpgrade, dueMs: number): void {
    this.wheel.set(held, dueMs);
  }

  watchLane(lane: OrderedLane, dueMs: number): void {
    this.wheel.set(lane, dueMs);
  }

  forget(entry: Watched): void {
    this.wheel.remove(entry);
  }

  private due(entry: Watched, nowMs: number): void {
    if (entry.kind === 'held-upgrade') {
      this.overdue.verdict(entry);
      return;
    }
    if (entry.kind === 'ordered-lane') {
      this.overdue.ordered(entry, nowMs);
      return;
    }
    const action = dueAction(entry, entry.stage.limits, nowMs);
    if (action.kind === 'close') {
      this.connections.close(entry, action.close);
      return;
    }
    if (action.kind === 'ping') {
      entry.pingedAtMs = nowMs;
      entry.socket.ping();
    }
    if (entry.state === 'open') this.watch(entry);
  }
}
