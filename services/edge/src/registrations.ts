import type { ConnectionId } from '@sluice/contracts';
import { OutageLog, type Telemetry } from '@sluice/telemetry';
import type { Connection } from './connection.js';
import type { EdgeNode } from './membership.js';
import { retryDelayMs } from './retry-delay.js';

/**
 * Registers connections behind the back of their clients: those accepted on the spot, and all of them once the store has
 * forgotten this node. One that is not registered yet is served like any other; only if this process died would its `$disconnect`
 * be missing.
 */
export class Registrations {
  private readonly waiting = new Set<Connection>();
  private failures = 0;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private readonly outage: OutageLog;

  constructor(
    private readonly node: () => EdgeNode | undefined,
    /** Whether the `$disconnect` of a closed connection is still to come. */
    private readonly owesDisconnect: (connectionId: ConnectionId) => boolean,
    telemetry: Telemetry,
  ) {
    this.outage = new OutageLog(telemetry.log, 'edge.connection_error');
  }

  add(connection: Connection): void {
    const node = this.node();
    if (node === undefined) {
      this.later(connection);
      return;
    }
    const record = {
      connectionId: connection.id,
      scope: connection.stage.scope,
      connectionContext: connection.context,
    };
    node.membership.register(record).then(
      () => this.registered(connection),
      (error: unknown) => {
        if (this.timer === undefined) {
          this.outage.warn('Connections are open but not yet registered; trying again', error);
        }
        this.later(connection);
      },
    );
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private registered(connection: Connection): void {
    this.failures = 0;
    connection.registered = true;
    // It ended while this was under way: its unregistration may have come first and found nothing.
    const ended = connection.state === 'closed' && !this.owesDisconnect(connection.id);
    if (ended) this.node()?.membership.unregister(connection.id);
  }

  private later(connection: Connection): void {
    if (connection.state === 'closed' || this.stopped) return;
    this.waiting.add(connection);
    this.timer ??= setTimeout(() => this.retry(), retryDelayMs(this.failures++));
  }

  private retry(): void {
    this.timer = undefined;
    const all = [...this.waiting];
    this.waiting.clear();
    for (const connection of all) if (connection.state !== 'closed') this.add(connection);
  }
}
