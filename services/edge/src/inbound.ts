import { closes, limits, type MessageEnvelope, newRequestId } from '@sluice/contracts';
import type { Telemetry } from '@sluice/telemetry';
import { monotonicMs } from './clock.js';
import type { Connection } from './connection.js';
import type { Lifetime } from './lifetime.js';
import type { MessageAppender } from './message-appender.js';
import type { OpenConnections } from './open-connections.js';
import type { OrderedMessages } from './ordered-messages.js';
import type { SocketWriter } from './socket-writer.js';
import type { StageState } from './stage-state.js';

/** Frames of clients on their way to the bus. */
export class Inbound {
  constructor(
    private readonly appender: MessageAppender,
    private readonly ordered: OrderedMessages,
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
    if (isBinary && !stage.takesBinary) {
      this.connections.close(connection, closes.binaryNotSupported);
      return;
    }
    if (message.byteLength > stage.limits.messageBytesMax) {
      this.connections.close(connection, closes.tooBig);
      return;
    }
    if (message.byteLength > limits.frameBytesMax) this.noteLarge(stage, message.byteLength);
    this.pass(connection, message, isBinary);
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

  private pass(connection: Connection, message: ArrayBuffer, isBinary: boolean): void {
    const { stage } = connection;
    const envelope: MessageEnvelope = {
      kind: 'MESSAGE',
      scope: stage.scope,
      connectionId: connection.id,
      requestId: newRequestId(),
      timeMs: Date.now(),
      connectionContext: connection.context,
      traceparent: undefined,
      messageId: newRequestId(),
      body: new Uint8Array(message),
      // Always there: all envelopes are then objects of one shape, which the writer reads fastest.
      binary: isBinary,
      ordered: false,
    };
    if (stage.isOrdered?.(envelope.body) === true) this.ordered.take(envelope, connection);
    else this.appender.append(envelope, connection);
  }

  /** The first frame after our ping: the next ping may now be due before the deadline that was set for the answer. */
  private answered(connection: Connection, nowMs: number): void {
    connection.stage.pong.observe((nowMs - connection.pingedAtMs) / 1000);
    connection.pingedAtMs = 0;
    connection.lastHeardAtMs = nowMs;
    this.lifetime.watch(connection);
  }

  /** The model service closes on a single frame of this size; here it cannot be told from several (spec README, decisions). */
  private noteLarge({ apiId, stageName }: StageState, byteLength: number): void {
    const count = this.telemetry.metrics.largeMessagesTotal.labels(apiId);
    count.inc();
    if (count.value > 1) return;
    this.telemetry.log.info(
      'edge.message_large',
      `the first message of ${byteLength} bytes: sent in one frame, it would have closed the connection at the model service, ` +
        `which takes frames of ${limits.frameBytesMax} bytes; limits.messageBytesMax ${limits.frameBytesMax} is as strict`,
      { api: apiId, stage: stageName },
    );
  }
}
