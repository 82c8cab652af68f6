import type { Close, ConnectionId } from '@sluice/contracts';
import { closes, limits } from '@sluice/contracts';
import { type Connection, reportedClose } from './connection.js';

/** What has to happen when a connection opens and ends. */
export interface ConnectionEvents {
  opened(connection: Connection): void;
  ended(connection: Connection, close: Close): void;
}

/** All connections whose 101 is out and whose socket is open. */
export class OpenConnections {
  private readonly byId = new Map<ConnectionId, Connection>();

  constructor(private readonly events: ConnectionEvents) {}

  get count(): number {
    return this.byId.size;
  }

  get(id: ConnectionId): Connection | undefined {
    return this.byId.get(id);
  }

  all(): IterableIterator<Connection> {
    return this.byId.values();
  }

  add(connection: Connection): void {
    this.byId.set(connection.id, connection);
    connection.stage.countOpen();
    this.events.opened(connection);
  }

  /** Closes from our side. The first reason given is the one that is sent, logged and announced. */
  close(connection: Connection, close: Close): void {
    if (connection.state !== 'open') return;
    connection.state = 'draining';
    connection.closing = close;
    const { socket } = connection;
    // 1006 is what a lost TCP connection is called; no close frame can carry it. And a close frame behind a long queue reaches
    // nobody soon, while every byte the client takes puts off the library's own end of the socket: it would hold a descriptor
    // and its queue for as long as the client likes, past every count of ours.
    if (close === closes.abnormal || isBackedUp(connection)) socket.close();
    else socket.end(close.code, close.reason);
  }

  /** The library says that the socket is gone, for whatever reason. */
  closed(connection: Connection, code: number, reason: string): void {
    if (connection.state === 'closed') return;
    connection.state = 'closed';
    this.byId.delete(connection.id);
    this.events.ended(connection, connection.closing ?? reportedClose(code, reason));
  }
}

function isBackedUp({ queued, socket }: Connection): boolean {
  return queued && socket.getBufferedAmount() > limits.socketQueuedBytesSoft;
}
