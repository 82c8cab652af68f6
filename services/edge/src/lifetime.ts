import { limits } from '@sluice/contracts';
import { monotonicMs } from './clock.js';
import { type Connection, dueAction, nextDueAtMs } from './connection.js';
import type { HeldUpgrade } from './held-upgrade.js';
import type { OpenConnections } from './open-connections.js';
import { TimingWheel } from './timing-wheel.js';

/**
 * All deadlines of the edge on one wheel: idle, lifetime, ping, pong, slow consumer, held upgrade. Activity does not touch the
 * wheel: a deadline that falls due early finds out and is set again, which is once per ping period and not once per message.
 */
export class Lifetime {
  private readonly wheel: TimingWheel<Connection | HeldUpgrade>;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly connections: OpenConnections,
    private readonly verdictOverdue: (held: HeldUpgrade) => void,
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

  forget(entry: Connection | HeldUpgrade): void {
    this.wheel.remove(entry);
  }

  private due(entry: Connection | HeldUpgrade, nowMs: number): void {
    if (entry.kind === 'held-upgrade') {
      this.verdictOverdue(entry);
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
