import type { Refusal } from '@sluice/bus';
import { type Close, type ConnectionId, type DisconnectEnvelope, newRequestId } from '@sluice/contracts';
import { type ActiveSpan, isSampled, type Tracing } from '@sluice/telemetry';
import type { Connection } from './connection.js';
import type { EdgeNode } from './membership.js';
import { startDisconnectSpan } from './producer-span.js';
import { retryDelayMs } from './retry-delay.js';

/** An announcement, and its span until that has ended. */
interface Owed {
  readonly envelope: DisconnectEnvelope;
  span: ActiveSpan | undefined;
}

/**
 * Announces ended connections. An announcement that the bus refuses stays here until the bus takes it, and the connection stays
 * registered until then: should this process die first, a survivor announces it. The number waiting is part of the ceiling on
 * connections (edge.ts), so a long outage stops new connections instead of growing this table.
 */
export class Disconnects {
  private readonly owed = new Map<string, Owed>();
  private readonly refused: Owed[] = [];
  private failures = 0;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    private readonly node: () => EdgeNode | undefined,
    private readonly tracing: Tracing,
  ) {}

  /** Announcements that the bus has not confirmed yet. */
  get count(): number {
    return this.owed.size;
  }

  owes(connectionId: ConnectionId): boolean {
    return this.owed.has(connectionId);
  }

  announce(connection: Connection, close: Close): void {
    if (!connection.stage.announcesDisconnect) {
      this.node()?.membership.unregister(connection.id);
      return;
    }
    const envelope: DisconnectEnvelope = {
      kind: 'DISCONNECT',
      scope: connection.stage.scope,
      connectionId: connection.id,
      requestId: newRequestId(),
      timeMs: Date.now(),
      connectionContext: connection.context,
      traceparent: undefined,
      disconnectStatusCode: close.code,
      disconnectReason: close.reason,
    };
    this.append({ envelope, span: this.spanOf(connection, envelope, close) });
  }

  /** Gives up the retries. What is still owed is left to the survivor. */
  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    for (const owed of this.owed.values()) endSpan(owed, 'not confirmed by the time this process ended');
  }

  /** Whose handshake is recorded has its end recorded too, by one span over all attempts. */
  private spanOf({ traceparent }: Connection, envelope: DisconnectEnvelope, close: Close): ActiveSpan | undefined {
    if (!this.tracing.enabled || !isSampled(traceparent)) return undefined;
    const span = startDisconnectSpan(this.tracing, envelope, traceparent, close);
    envelope.traceparent = span.traceparent;
    return span;
  }

  private append(owed: Owed): void {
    const { envelope } = owed;
    this.owed.set(envelope.connectionId, owed);
    const node = this.node();
    if (node === undefined) this.settled(owed, 'bus_unavailable');
    else node.producer.append(envelope, this.settledBound);
  }

  private readonly settledBound = (envelope: { connectionId: string }, refusal: Refusal | undefined): void => {
    const owed = this.owed.get(envelope.connectionId);
    if (owed !== undefined) this.settled(owed, refusal);
  };

  private settled(owed: Owed, refusal: Refusal | undefined): void {
    if (refusal === undefined) {
      this.failures = 0;
      this.owed.delete(owed.envelope.connectionId);
      endSpan(owed);
      this.node()?.membership.unregister(owed.envelope.connectionId);
      return;
    }
    this.refused.push(owed);
    if (this.timer !== undefined || this.stopped) return;
    this.timer = setTimeout(() => this.retry(), retryDelayMs(this.failures++));
  }

  private retry(): void {
    this.timer = undefined;
    if (this.stopped) return;
    // While the bus is away one envelope asks for all: a thousand refusals would say the same.
    const batch = this.refused.splice(0, this.failures > 1 ? 1 : this.refused.length);
    for (const owed of batch) this.append(owed);
    if (this.refused.length > 0 && this.timer === undefined) {
      this.timer = setTimeout(() => this.retry(), retryDelayMs(this.failures));
    }
  }
}

function endSpan(owed: Owed, failure?: string): void {
  owed.span?.end(failure);
  owed.span = undefined;
}
