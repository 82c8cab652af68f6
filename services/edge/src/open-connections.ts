import type { Close, ConnectionId } from '@sluice/contracts';
import { closes } from '@sluice/contracts';
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
    // 1006 is what a lost TCP connection is called; no close frame can carry it.
    if (close === closes.abnormal) connection.socket.close();
    else connection.socket.end(close.code, close.reason);
  }

  /** The library says that the socket is gone, for whatever reason. */
  closed(connection: Connection, code: number, reason: string): void {
    if (connection.state === 'closed') return;
    connection.state = 'closed';
    this.byId.delete(connection.id);
    this.events.ended(connection, connection.closing ?? reportedClose(code, reason));
  }
}
