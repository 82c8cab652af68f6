import type { Refusal } from '@sluice/bus';
import { type ErrorCode, errorFrame, type MessageEnvelope, splitScope } from '@sluice/contracts';
import { type Telemetry, traceField } from '@sluice/telemetry';
import type { Connection } from './connection.js';
import type { EdgeNode } from './membership.js';
import type { OpenConnections } from './open-connections.js';
import { appendTraced, startMessageSpan } from './producer-span.js';
import type { SocketWriter } from './socket-writer.js';

/** What became of an append: accepted, or why not. */
export type AppendSettled = (envelope: MessageEnvelope, refusal: Refusal | undefined) => void;

/** Messages on their last step to the bus. One is accepted when the bus has confirmed its batch, refused out loud otherwise. */
export class MessageAppender {
  constructor(
    private readonly node: () => EdgeNode | undefined,
    private readonly connections: OpenConnections,
    private readonly writer: SocketWriter,
    private readonly telemetry: Telemetry,
  ) {}

  /** The body is copied before this returns. `settled` is called once, synchronously only where this edge is no node at the moment. */
  append(envelope: MessageEnvelope, connection: Connection, settled: AppendSettled = this.settled): void {
    const node = this.node();
    if (node === undefined) {
      settled(envelope, 'bus_unavailable');
    } else if (this.telemetry.tracing.samples(undefined)) {
      const span = startMessageSpan(this.telemetry.tracing, envelope, connection.traceparent);
      appendTraced(node.producer, span, envelope, settled);
    } else {
      // It comes back as it was given.
      node.producer.append(envelope, settled as Parameters<typeof node.producer.append>[1]);
    }
  }

  /** `reason`: what it is counted under, where several causes share a code. */
  refuse(envelope: MessageEnvelope, code: ErrorCode, reason: string = code): void {
    const { apiId, stage } = splitScope(envelope.scope);
    this.telemetry.metrics.throttledTotal.labels(apiId, reason).inc();
    this.telemetry.log.warn('edge.frame_refused', 'a frame was not accepted; the client has been told', {
      api: apiId,
      stage,
      connection_id: envelope.connectionId,
      request_id: envelope.requestId,
      ...traceField(envelope.traceparent),
      reason,
    });
    const connection = this.connections.get(envelope.connectionId);
    if (connection === undefined) return;
    this.writer.write(connection, errorFrame(code, envelope.connectionId, envelope.requestId));
  }

  /** One function for all frames: a closure per frame would be a tenth of what a frame may cost. */
  private readonly settled: AppendSettled = (envelope, refusal) => {
    if (refusal !== undefined) this.refuse(envelope, refusal);
  };
}
