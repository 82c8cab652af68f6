import type { Refusal } from '@sluice/bus';
import { type Close, type ConnectionId, type DisconnectEnvelope, newRequestId } from '@sluice/contracts';
import { type ActiveSpan, isSampled, type Tracing } from '@sluice/telemetry';
import type { Connection } from './connection.js';
import type { EdgeNode } from './membership.js';
import { startDisconnectSpan } from './producer-span.js';
import { retryDelayMs } from './retry-delay.js';

/**
 * Announces ended connections. An announcement that the bus refuses stays here until the bus takes it, and the connection stays
 * registered until then: should this process die first, a survivor announces it. The number waiting is part of the ceiling on
 * connections (edge.ts), so a long outage stops new connections instead of growing this table.
 */
export class Disconnects {
  private readonly owed = new Map<string, DisconnectEnvelope>();
  private readonly refused: DisconnectEnvelope[] = [];
  private failures = 0;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  /** Of those announcements that are recorded. */
  private readonly spans = new Map<string, ActiveSpan>();

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
    // Whose handshake is recorded has its end recorded too.
    if (this.tracing.enabled && isSampled(connection.traceparent)) {
      const span = startDisconnectSpan(this.tracing, envelope, connection.traceparent, close);
      envelope.traceparent = span.traceparent;
      this.spans.set(connection.id, span);
    }
    this.append(envelope);
  }

  /** Gives up the retries. What is still owed is left to the survivor. */
  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private append(envelope: DisconnectEnvelope): void {
    this.owed.set(envelope.connectionId, envelope);
    const node = this.node();
    if (node === undefined) this.settled(envelope, 'bus_unavailable');
    else node.producer.append(envelope, this.settledBound);
  }

  private readonly settledBound = (envelope: { connectionId: string }, refusal: Refusal | undefined): void => {
    const owed = this.owed.get(envelope.connectionId);
    if (owed !== undefined) this.settled(owed, refusal);
  };

  private settled(envelope: DisconnectEnvelope, refusal: Refusal | undefined): void {
    if (refusal === undefined) {
      this.failures = 0;
      this.owed.delete(envelope.connectionId);
      this.endSpan(envelope.connectionId);
      this.node()?.membership.unregister(envelope.connectionId);
      return;
    }
    this.refused.push(envelope);
    if (this.timer !== undefined || this.stopped) return;
    this.timer = setTimeout(() => this.retry(), retryDelayMs(this.failures++));
  }

  private endSpan(connectionId: string): void {
    const span = this.spans.get(connectionId);
    if (span === undefined) return;
    this.spans.delete(connectionId);
    span.end();
  }

  private retry(): void {
    this.timer = undefined;
    if (this.stopped) return;
    // While the bus is away one envelope asks for all: a thousand refusals would say the same.
    const batch = this.refused.splice(0, this.failures > 1 ? 1 : this.refused.length);
    for (const envelope of batch) this.append(envelope);
    if (this.refused.length > 0 && this.timer === undefined) {
      this.timer = setTimeout(() => this.retry(), retryDelayMs(this.failures));
    }
  }
}
