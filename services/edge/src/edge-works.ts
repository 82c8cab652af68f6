import type { Close, ConnectionId } from '@sluice/contracts';
import { closes, TrustedProxies } from '@sluice/contracts';
import { monotonicMs } from './clock.js';
import type { Connection } from './connection.js';
import { Disconnects } from './disconnects.js';
import type { EdgeParts } from './edge-parts.js';
import { Fence } from './fence.js';
import { Inbound } from './inbound.js';
import { Lifetime } from './lifetime.js';
import { type EdgeNode, NodeMembership } from './membership.js';
import { MessageAppender } from './message-appender.js';
import { OpenConnections } from './open-connections.js';
import { OrderedMessages } from './ordered-messages.js';
import { Outbound } from './outbound.js';
import { Registrations } from './registrations.js';
import { Renewals } from './renewals.js';
import type { PortHandlers } from './socket-server.js';
import { SocketWriter } from './socket-writer.js';
import { Stages } from './stage-state.js';
import { ApiBuckets, TokenBucket } from './token-bucket.js';
import { Upgrades } from './upgrade.js';

/** The parts of an edge, wired: what each of them tells the others is written here and nowhere else. */
export class EdgeWorks {
  readonly connections: OpenConnections;
  readonly lifetime: Lifetime;
  readonly membership: NodeMembership;
  readonly upgrades: Upgrades;
  readonly writer: SocketWriter;
  readonly portHandlers: Omit<PortHandlers, 'request' | 'serveManagement'>;
  /** The port that clients connect to, once it is known. */
  ownPort: number;
  private readonly apiBuckets = new ApiBuckets();
  private readonly disconnects: Disconnects;
  private readonly ordered: OrderedMessages;
  private readonly registrations: Registrations;
  private readonly fence: Fence;
  private readonly stages: Stages;
  private readonly unsubscribe: () => void;
  private fencing = false;
  private stopping = false;

  constructor(
    private readonly parts: EdgeParts,
    private readonly isReady: () => boolean,
  ) {
    const { bus, definitions, telemetry, settings } = parts;
    const node = () => this.membership.current;
    this.ownPort = settings.port;
    this.stages = new Stages(definitions, telemetry.metrics);
    // After the stages, which take the new limits over first: a shorter one would otherwise wait for the old deadline.
    this.unsubscribe = definitions.subscribe(() => {
      this.lifetime.watchAll();
      this.apiBuckets.keep(definitions.apis());
    });
    this.disconnects = new Disconnects(node, telemetry.tracing);
    const owesDisconnect = (id: ConnectionId) => this.disconnects.owes(id) || this.ordered.has(id);
    this.registrations = new Registrations(node, owesDisconnect, telemetry);
    this.connections = new OpenConnections({
      opened: (connection) => this.lifetime.watch(connection),
      ended: (connection, close) => this.ended(connection, close),
    });
    this.lifetime = new Lifetime(this.connections, {
      verdict: (held) => this.upgrades.overdue(held),
      ordered: (lane, nowMs) => this.ordered.overdue(lane, nowMs),
    });
    this.writer = new SocketWriter(this.connections, this.lifetime, telemetry);
    const appender = new MessageAppender(node, this.connections, this.writer, telemetry);
    const announce = (connection: Connection, close: Close) => this.announce(connection, close);
    this.ordered = new OrderedMessages(appender, this.lifetime, telemetry, announce);
    this.upgrades = this.makeUpgrades(node);
    const renewals = new Renewals(this.connections, this.lifetime, this.registrations, telemetry);
    const others = {
      verdict: this.upgrades.verdict.bind(this.upgrades),
      done: this.ordered.done.bind(this.ordered),
      renew: renewals.renew.bind(renewals),
    };
    const outbound = new Outbound(bus, this.connections, this.writer, others, telemetry);
    this.fence = new Fence(node, outbound, telemetry);
    this.membership = new NodeMembership(bus, parts.connections, telemetry, {
      commands: (commands) => this.fence.commands(commands),
      fenced: () => this.fenced(),
      forgotten: () => this.registerAll(),
    });
    const inbound = new Inbound(appender, this.ordered, this.connections, this.writer, this.lifetime, telemetry);
    this.portHandlers = this.handlers(inbound);
  }

  /** Closed connections whose `$disconnect` is still owed count too: during an outage they must not grow without bound. */
  atCeiling(): boolean {
    const { held, registeringCount } = this.upgrades;
    const count = this.connections.count + held.count + registeringCount + this.owedCount;
    return count >= this.parts.settings.maxConnections;
  }

  /** Waits until nothing is owed to the bus any more, and no upgrade waits for its record; false where the bus took too long. */
  async settle(timeoutMs: number): Promise<boolean> {
    const deadlineMs = monotonicMs() + timeoutMs;
    const producer = this.membership.current?.producer;
    if (producer !== undefined) await within(producer.drain(), timeoutMs);
    const owing = () => this.owedCount > 0 || this.upgrades.registeringCount > 0;
    while (owing() && monotonicMs() < deadlineMs) await pause(20);
    return this.owedCount === 0;
  }

  stop(): void {
    this.stopping = true;
    this.ordered.abandonAll('this process ends');
    this.membership.stop();
    this.lifetime.stop();
    this.disconnects.stop();
    this.registrations.stop();
    this.fence.stop();
    this.stages.stop();
    this.unsubscribe();
  }

  private makeUpgrades(node: () => EdgeNode | undefined): Upgrades {
    const { bus, definitions, telemetry, settings } = this.parts;
    return new Upgrades({
      bus,
      definitions,
      telemetry,
      stages: this.stages,
      connections: this.connections,
      registrations: this.registrations,
      lifetime: this.lifetime,
      bucket: new TokenBucket(settings.handshakesPerSecond, settings.handshakesBurst, monotonicMs()),
      apiBuckets: this.apiBuckets,
      node,
      admits: () => this.isReady() && !this.atCeiling(),
      proxies: new TrustedProxies(settings.trustedProxies, settings.forwardedHeader),
      ownPort: () => this.ownPort,
    });
  }

  private handlers(inbound: Inbound): EdgeWorks['portHandlers'] {
    return {
      upgrade: (request) => this.upgrades.take(request),
      message: (connection, message, isBinary) => inbound.message(connection, message, isBinary),
      ping: (connection) => inbound.ping(connection),
      pong: (connection) => inbound.pong(connection),
      writable: (connection) => this.writer.look(connection),
      closed: (connection, code, reason) => this.connections.closed(connection, code, reason),
    };
  }

  private ended(connection: Connection, close: Close): void {
    this.lifetime.forget(connection);
    this.writer.forget(connection);
    connection.stage.countClose(close, monotonicMs() - connection.openedAtMs);
    if (!this.ordered.putsOff(connection, close)) this.announce(connection, close);
  }

  private announce(connection: Connection, close: Close): void {
    // Whoever takes this node over announces what was registered; only what it cannot know of is still ours to announce.
    if (!(this.fencing || this.stopping) || !connection.registered) this.disconnects.announce(connection, close);
  }

  private fenced(): void {
    this.fence.lost();
    this.upgrades.refuseAll();
    this.fencing = true;
    this.ordered.abandonAll('this node was taken over');
    for (const connection of [...this.connections.all()]) this.connections.close(connection, closes.goingAway);
    this.fencing = false;
  }

  /** Closed connections whose `$disconnect` the bus has not taken yet. */
  private get owedCount(): number {
    return this.disconnects.count + this.ordered.endedCount;
  }

  private registerAll(): void {
    for (const connection of this.connections.all()) this.registrations.add(connection);
  }
}

/** Waits for the work, but not longer than this. */
export async function within(work: Promise<void>, timeoutMs: number): Promise<void> {
  await Promise.race([work, pause(timeoutMs)]);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
