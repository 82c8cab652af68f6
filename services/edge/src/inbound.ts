import type { Refusal } from '@sluice/bus';
import { closes, type Envelope, errorFrame, type MessageEnvelope, newRequestId, splitScope } from '@sluice/contracts';
import type { ActiveSpan, Telemetry } from '@sluice/telemetry';
import { monotonicMs } from './clock.js';
import type { Connection } from './connection.js';
import type { Lifetime } from './lifetime.js';
import type { EdgeNode } from './membership.js';
import type { OpenConnections } from './open-connections.js';
import type { SocketWriter } from './socket-writer.js';

/** Frames of clients on their way to the bus. A frame is accepted when the bus has confirmed its batch, refused out loud otherwise. */
export class Inbound {
  constructor(
    private readonly node: () => EdgeNode | undefined,
    private readonly connections: OpenConnections,
    private readonly writer: SocketWriter,
    private readonly lifetime: Lifetime,
    private readonly telemetry: Telemetry,
  ) {}

  message(connection: Connection, message: ArrayBuffer, isBinary: boolean): void {
    if (connection.state !== 'open') return;
    const { stage } = connection;
    const nowMs = monotonicMs();
    if (connection.pingedAtMs !== 0) this.answered(connection, nowMs);
    connection.lastActiveAtMs = nowMs;
    connection.lastHeardAtMs = nowMs;
    stage.countIn(message.byteLength);
    if (isBinary) {
      this.connections.close(connection, closes.binaryNotSupported);
      return;
    }
    if (message.byteLength > stage.limits.messageBytesMax) {
      this.connections.close(connection, closes.tooBig);
      return;
    }
    this.append(
      {
        kind: 'MESSAGE',
        scope: stage.scope,
        connectionId: connection.id,
        requestId: newRequestId(),
        timeMs: Date.now(),
        connectionContext: connection.context,
        traceparent: undefined,
        messageId: newRequestId(),
        body: new Uint8Array(message),
      },
      connection,
    );
  }

  /** A client ping counts as activity; the library has answered it. */
  ping(connection: Connection): void {
    connection.lastActiveAtMs = monotonicMs();
    this.pong(connection);
    this.writer.bound(connection);
  }

  /** A pong shows life, but the idle timer runs on (spec 01 §1.7 knows no pings of the service). */
  pong(connection: Connection): void {
    const nowMs = monotonicMs();
    connection.lastHeardAtMs = nowMs;
    if (connection.pingedAtMs !== 0) this.answered(connection, nowMs);
  }

  /** The first frame after our ping: the next ping may now be due before the deadline that was set for the answer. */
  private answered(connection: Connection, nowMs: number): void {
    connection.stage.pong.observe((nowMs - connection.pingedAtMs) / 1000);
    connection.pingedAtMs = 0;
    connection.lastHeardAtMs = nowMs;
    this.lifetime.watch(connection);
  }

  private append(envelope: MessageEnvelope, connection: Connection): void {
    const node = this.node();
    if (node === undefined) {
      this.refuse(envelope, 'bus_unavailable');
    } else if (this.telemetry.tracing.enabled) {
      const span = this.startSpan(envelope, connection);
      envelope.traceparent = span.traceparent;
      node.producer.append(envelope, (settled, refusal) => {
        span.end(refusal);
        this.settled(settled, refusal);
      });
    } else {
      node.producer.append(envelope, this.settled);
    }
  }

  /** One function for all frames: a closure per frame would be a tenth of what a frame may cost. */
  private readonly settled = (envelope: Envelope, refusal: Refusal | undefined): void => {
    if (refusal !== undefined) this.refuse(envelope, refusal);
  };

  private refuse(envelope: Envelope, refusal: Refusal): void {
    const { apiId, stage } = splitScope(envelope.scope);
    this.telemetry.metrics.throttledTotal.labels(apiId, refusal).inc();
    this.telemetry.log.warn('edge.frame_refused', 'a frame was not accepted; the client has been told', {
      api: apiId,
      stage,
      connection_id: envelope.connectionId,
      request_id: envelope.requestId,
      reason: refusal,
    });
    const connection = this.connections.get(envelope.connectionId);
    if (connection === undefined) return;
    this.writer.write(connection, errorFrame(refusal, envelope.connectionId, envelope.requestId));
  }

  /** A trace of its own, linked to the handshake: no span lives as long as a connection. */
  private startSpan(envelope: MessageEnvelope, connection: Connection): ActiveSpan {
    return this.telemetry.tracing.startSpan('send', {
      kind: 'producer',
      links: [connection.traceparent],
      attributes: {
        'messaging.system': 'redis',
        'messaging.operation.name': 'send',
        'messaging.operation.type': 'send',
        'messaging.message.id': envelope.messageId,
        'sluice.api': connection.stage.apiId,
        'sluice.stage': connection.stage.stageName,
        'sluice.connection_id': connection.id,
      },
    });
  }
}
