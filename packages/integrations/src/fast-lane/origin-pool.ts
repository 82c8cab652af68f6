import { limits } from '@sluice/contracts';
import { EgressRefusedError, type HostAccess } from '../egress.js';
import type { IntegrationDone } from '../integration.js';
import { Exchange, type ExchangeHolder, ExchangeQueue, type OutgoingRequest } from './exchange.js';
import { type ConnectFailure, LaneSocket, type LaneSocketOwner } from './lane-socket.js';
import type { TimingWheel } from './timing-wheel.js';

export interface PoolLimits {
  connectionsMax: number;
  waitingMax: number;
}

export const defaultPoolLimits: PoolLimits = {
  connectionsMax: limits.integrationConnectionsMax,
  waitingMax: limits.integrationWaitingMax,
};

/**
 * The connections to one back-end origin and the requests waiting for one of them. The connection used last is used next,
 * so that those which a lull makes superfluous run out of time.
 */
export class OriginPool implements LaneSocketOwner, ExchangeHolder {
  private readonly sockets = new Set<LaneSocket>();
  private readonly idle: LaneSocket[] = [];
  private readonly waiting = new ExchangeQueue();
  /** Requests that only a new connection may carry. */
  private readonly repeats = new ExchangeQueue();
  private connecting = 0;
  private closed = false;

  constructor(
    readonly wheel: TimingWheel,
    private readonly host: string,
    private readonly port: number,
    private readonly access: HostAccess,
    private readonly bounds: PoolLimits,
  ) {}

  /** Open sockets, those among them without a request, and requests without a socket. */
  get counts(): { sockets: number; idle: number; waiting: number } {
    return { sockets: this.sockets.size, idle: this.idle.length, waiting: this.waiting.length + this.repeats.length };
  }

  get isBusy(): boolean {
    return this.sockets.size > 0 || this.waiting.length > 0;
  }

  /** Sends a request over the first connection that is free. */
  send(request: OutgoingRequest, done: IntegrationDone): void {
    const exchange = new Exchange(request, done);
    if (this.closed) return exchange.fail('integration_unreachable', 'the gateway is stopping');
    // A host that is an address is never looked up: it is decided here.
    if (this.access.refusal !== undefined) return exchange.fail('integration_egress_refused', this.access.refusal);
    const socket = this.idle.pop();
    if (socket === undefined && this.waiting.length >= this.bounds.waitingMax) {
      return exchange.fail(
        'integration_overloaded',
        `${this.waiting.length} requests wait for ${this.host}:${this.port}`,
      );
    }
    this.wheel.arm(exchange, performance.now(), request.timeoutMs);
    if (socket !== undefined) return socket.start(exchange, true);
    this.enqueue(this.waiting, exchange);
  }

  connected(socket: LaneSocket): void {
    this.connecting--;
    const exchange = this.repeats.shift() ?? this.waiting.shift();
    if (exchange === undefined) this.rest(socket, limits.integrationIdleMs);
    else socket.start(exchange, false);
  }

  reusable(socket: LaneSocket): void {
    const exchange = this.waiting.shift();
    if (exchange === undefined) this.rest(socket, socket.idleMs);
    else socket.start(exchange, true);
  }

  gone(socket: LaneSocket, from: 'connecting' | 'open', connectFailure: ConnectFailure | undefined): void {
    this.sockets.delete(socket);
    // Not busy and not connecting means idle; looked for from the end, where the youngest are.
    const place = this.idle.lastIndexOf(socket);
    if (place !== -1) this.idle.splice(place, 1);
    if (from === 'connecting') this.connecting--;
    // A failed attempt answers one request, the one that has waited longest; each request gets its attempt.
    const refused = connectFailure === undefined ? undefined : (this.repeats.shift() ?? this.waiting.shift());
    this.openWhereNeeded();
    if (refused === undefined) return;
    this.wheel.disarm(refused);
    refused.holder = undefined;
    if (connectFailure instanceof EgressRefusedError) {
      return refused.fail('integration_egress_refused', connectFailure.message);
    }
    refused.fail('integration_unreachable', `no connection to ${this.host}:${this.port} (${connectFailure})`);
  }

  repeat(exchange: Exchange): void {
    this.enqueue(this.repeats, exchange);
  }

  abandon(exchange: Exchange): void {
    (exchange.repeated ? this.repeats : this.waiting).remove(exchange);
  }

  /** Ends every connection; requests in work and waiting fail. */
  close(): void {
    this.closed = true;
    for (const queue of [this.repeats, this.waiting]) {
      for (let exchange = queue.shift(); exchange !== undefined; exchange = queue.shift()) {
        this.wheel.disarm(exchange);
        exchange.fail('integration_unreachable', 'the gateway is stopping');
      }
    }
    for (const socket of [...this.sockets]) socket.close();
  }

  private enqueue(queue: ExchangeQueue, exchange: Exchange): void {
    exchange.holder = this;
    queue.push(exchange);
    this.openWhereNeeded();
  }

  private rest(socket: LaneSocket, idleMs: number): void {
    this.idle.push(socket);
    socket.rest(idleMs);
  }

  private openWhereNeeded(): void {
    if (this.closed) return;
    for (;;) {
      const next = this.repeats.oldest ?? this.waiting.oldest;
      if (next === undefined || this.sockets.size >= this.bounds.connectionsMax) return;
      if (this.connecting >= this.waiting.length + this.repeats.length) return;
      this.connecting++;
      this.sockets.add(new LaneSocket(this, this.host, this.port, this.access.lookup, next.request.timeoutMs));
    }
  }
}
