import { isUtf8 } from 'node:buffer';
import { closes, limits } from '@sluice/contracts';
import type { Telemetry } from '@sluice/telemetry';
import { monotonicMs } from './clock.js';
import type { Connection } from './connection.js';
import type { Lifetime } from './lifetime.js';
import type { OpenConnections } from './open-connections.js';

/**
 * Writes to sockets and watches what they do not read. Below the soft limit nothing happens; above it callbacks are told `slow`;
 * at the hard limit, or after `socketSlowMsMax` above the soft one, the connection is closed with 1008. Nothing is dropped.
 */
export class SocketWriter {
  private readonly slow = new Set<Connection>();

  constructor(
    private readonly connections: OpenConnections,
    private readonly lifetime: Lifetime,
    private readonly telemetry: Telemetry,
  ) {}

  /**
   * One text message of these bytes; what is not UTF-8 in them becomes U+FFFD (spec 09 §9.5). On an API that takes binary frames
   * it is a binary one where `binary` says so or, unset, where the bytes are not UTF-8: SDKs name one content type for all bodies.
   * False where it could not be taken.
   */
  writeBytes(connection: Connection, bytes: Uint8Array, binary?: boolean): boolean {
    const isText = isUtf8(bytes);
    if ((!isText || binary === true) && connection.stage.takesBinary && binary !== false) {
      return this.write(connection, bytes, bytes.length, true);
    }
    return this.write(connection, isText ? bytes : Buffer.from(bytes).toString(), bytes.length);
  }

  /** One message. False where the connection is closing, or is closed now because its queue is full. */
  write(connection: Connection, message: string | Uint8Array, byteLength = message.length, isBinary = false): boolean {
    if (connection.state !== 'open') return false;
    const { socket } = connection;
    if (connection.queued && socket.getBufferedAmount() + byteLength > limits.socketQueuedBytesMax) {
      this.closeSlow(connection);
      return false;
    }
    const result = socket.send(message, isBinary);
    connection.stage.countOut(byteLength);
    if (result !== 1) this.look(connection);
    return result !== 2;
  }

  isSlow(connection: Connection): boolean {
    return connection.queued && connection.socket.getBufferedAmount() >= limits.socketQueuedBytesSoft;
  }

  /** For what the library writes by itself, its pongs: a client that pings and never reads would grow this process without end. */
  bound(connection: Connection): void {
    if (connection.state !== 'open') return;
    this.look(connection);
    if (connection.queued && connection.socket.getBufferedAmount() > limits.socketQueuedBytesMax) {
      this.closeSlow(connection);
    }
  }

  /** Looks at what is queued, after a write that did not go through at once and whenever the kernel has taken something. */
  look(connection: Connection): void {
    const queuedBytes = connection.socket.getBufferedAmount();
    connection.queued = queuedBytes > 0;
    if (queuedBytes >= limits.socketQueuedBytesSoft) {
      if (connection.slowSinceMs !== 0) return;
      connection.slowSinceMs = Math.max(1, monotonicMs());
      this.slow.add(connection);
      this.telemetry.metrics.slowConsumers.labels(connection.stage.apiId).inc();
      this.lifetime.watch(connection);
    } else if (connection.slowSinceMs !== 0) {
      this.forget(connection);
    }
  }

  /** The connection reads again, or has ended. */
  forget(connection: Connection): void {
    if (!this.slow.delete(connection)) return;
    connection.slowSinceMs = 0;
    this.telemetry.metrics.slowConsumers.labels(connection.stage.apiId).dec();
  }

  /** Brings the gauge of queued bytes up to date; it counts slow sockets only, whose number is small. */
  report(): void {
    const { queuedBytes } = this.telemetry.metrics;
    queuedBytes.reset();
    for (const connection of this.slow) {
      queuedBytes.labels(connection.stage.apiId).inc(connection.socket.getBufferedAmount());
    }
  }

  private closeSlow(connection: Connection): void {
    this.telemetry.log.warn('edge.slow_consumer', 'a client does not read what it is sent; closing it', {
      api: connection.stage.apiId,
      stage: connection.stage.stageName,
      connection_id: connection.id,
    });
    this.connections.close(connection, closes.slowConsumer);
  }
}
