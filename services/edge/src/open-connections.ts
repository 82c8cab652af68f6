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
    // A close frame behind a long queue reaches nobody soon, while every byte the client takes puts off the library's own end
    // of the socket: it would hold a descriptor and its queue for as long as the client likes, past every count of ours.
    this.end(connection, close, isBackedUp(connection));
  }

  /** As `close`, and what is queued goes out first: for a process that ends soon, and every socket of it. */
  closeBehindQueue(connection: Connection, close: Close): void {
    this.end(connection, close, false);
  }

  /** The library says that the socket is gone, for whatever reason. */
  closed(connection: Connection, code: number, reason: string): void {
    if (connection.state === 'closed') return;
    connection.state = 'closed';
    this.byId.delete(connection.id);
    this.events.ended(connection, connection.closing ?? reportedClose(code, reason));
  }

  private end(connection: Connection, close: Close, cut: boolean): void {
    if (connection.state !== 'open') return;
    connection.state = 'draining';
    connection.closing = close;
    // 1006 is what a lost TCP connection is called; no close frame can carry it.
    if (cut || close === closes.abnormal) connection.socket.close();
    else connection.socket.end(close.code, close.reason);
  }
}

// Of a closed connection the socket must not be asked any more.
function isBackedUp({ state, queued, socket }: Connection): boolean {
  return state === 'open' && queued && socket.getBufferedAmount() > limits.socketQueuedBytesSoft;
}
