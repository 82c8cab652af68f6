import { limits } from '@sluice/contracts';
import { monotonicMs } from './clock.js';
import { Drain } from './drain.js';
import type { EdgeParts } from './edge-parts.js';
import type { DrainSettings } from './edge-settings.js';
import { EdgeWorks, within } from './edge-works.js';
import { PlainRequests } from './plain-request.js';
import { ProxyDoor } from './proxy-door.js';
import { SocketServer } from './socket-server.js';

/** The process that holds sockets. */
export interface Edge {
  /** Joins the cluster and listens. Rejects, having let go of everything, where the port cannot be had or the store is away. */
  start(): Promise<{ port: number }>;
  /** Whether new connections should be sent here. Does not follow the bus: an outage must not withdraw every node at once. */
  ready(): { ok: boolean; reason?: string };
  /**
   * The way of SIGTERM (OPERATIONS §3): mark, hold, spread, settle; resolves when closed. Members given replace those of the
   * settings. Called again meanwhile, it ends the hold and shortens the rest of the window, to `drainHurryWindowMs` if unset.
   */
  drain(options?: Partial<DrainSettings>): Promise<void>;
  /** Closes all sockets at once with 1001 and waits only a moment for what is owed. */
  close(): Promise<void>;
  readonly socketCount: number;
}

/** How long `close()` waits for the bus and the store. */
const closeSettleMs = 2_000;
const drainStates = { starting: 0, ready: 1, draining: 2, closed: 3 } as const;

export function createEdge(parts: EdgeParts): Edge {
  return new RunningEdge(parts);
}

class RunningEdge implements Edge {
  private readonly works: EdgeWorks;
  private readonly drainer: Drain;
  private server: SocketServer | undefined;
  private proxyDoor: ProxyDoor | undefined;
  private state: keyof typeof drainStates = 'starting';
  private starting: Promise<void> = Promise.resolve();
  private draining: Promise<void> | undefined;
  private reporter: NodeJS.Timeout | undefined;

  constructor(private readonly parts: EdgeParts) {
    this.works = new EdgeWorks(parts, () => this.state === 'ready');
    this.drainer = new Drain(this.works.connections, parts.telemetry);
    parts.telemetry.metrics.socketsLimit.set(parts.settings.maxConnections);
    this.enter('starting');
  }

  get socketCount(): number {
    return this.works.connections.count;
  }

  start(): Promise<{ port: number }> {
    const starting = this.bringUp();
    this.starting = starting.then(
      () => {},
      () => {},
    );
    return starting;
  }

  private async bringUp(): Promise<{ port: number }> {
    const { settings, telemetry, serveManagement } = this.parts;
    const plain = new PlainRequests(settings.page);
    await this.works.membership.join();
    try {
      this.throwIfClosing();
      const handlers = { ...this.works.portHandlers, request: plain.answer.bind(plain), serveManagement };
      const { proxyProtocol } = settings;
      this.proxyDoor = proxyProtocol === undefined ? undefined : new ProxyDoor(proxyProtocol, telemetry);
      this.server = await SocketServer.listen(settings.host, settings.port, handlers, this.proxyDoor?.path);
      this.works.ownPort = this.server.port;
      await this.proxyDoor?.open();
      this.throwIfClosing();
    } catch (error) {
      await this.giveUpStart();
      throw error;
    }
    this.works.lifetime.start();
    this.reporter = setInterval(() => this.works.writer.report(), 1_000).unref();
    this.enter('ready');
    telemetry.log.info('edge.listening', `listening on ${settings.host}:${this.server.port}`, {
      port: this.server.port,
    });
    return { port: this.server.port };
  }

  ready(): { ok: boolean; reason?: string } {
    if (this.state !== 'ready') return { ok: false, reason: `the edge is ${this.state}` };
    if (this.works.membership.current === undefined)
      return { ok: false, reason: 'joining the cluster again after a fence' };
    if (this.works.atCeiling())
      return { ok: false, reason: `at maxConnections (${this.parts.settings.maxConnections})` };
    return { ok: true };
  }

  drain(options: Partial<DrainSettings> = {}): Promise<void> {
    if (this.draining !== undefined) {
      this.drainer.hurry(options.windowMs ?? limits.drainHurryWindowMs);
      return this.draining;
    }
    this.draining = this.runDrain({ ...this.parts.settings.drain, ...options }, limits.drainFlushMs);
    return this.draining;
  }

  async close(): Promise<void> {
    this.draining ??= this.runDrain({ holdMs: 0, windowMs: 0, settleMs: closeSettleMs }, 0);
    this.drainer.hurry(0);
    await this.draining;
    // A start that is still on its way sees the close and lets go of what it has; with the store away it may not end at all.
    await within(this.starting, closeSettleMs);
  }

  /** Closed while it was still coming up: the close could not end what was not there yet. */
  private throwIfClosing(): void {
    if (this.draining !== undefined) throw new Error('the edge was closed while it was starting');
  }

  /** Nobody has been served yet: nothing to drain, and nothing to say about it. */
  private async giveUpStart(): Promise<void> {
    const closing = this.draining;
    this.draining ??= this.leave(true, monotonicMs()).then(() => this.enter('closed'));
    await this.draining;
    // The close that came first has left before there was anything to leave.
    if (closing !== undefined) await this.leave(true, monotonicMs());
  }

  private async runDrain(settings: DrainSettings, flushMs: number): Promise<void> {
    const { log, metrics } = this.parts.telemetry;
    const startedAtMs = monotonicMs();
    const served = this.server !== undefined;
    this.enter('draining');
    this.parts.drainManagement?.();
    if (served) {
      metrics.drainStartedTimestampSeconds.set(Date.now() / 1_000);
      metrics.drainsTotal.labels('started').inc();
      log.info('drain.started', `closing ${this.socketCount} sockets within ${settings.windowMs} ms`, {
        count: this.socketCount,
      });
    }
    const node = this.works.membership.current;
    // Only advice to others: a store that is away must not keep this process from going.
    node?.membership
      .markDraining()
      .catch((error: unknown) => log.warn('drain.progress', 'could not be marked', { error }));
    await this.drainer.run(settings);
    this.works.upgrades.stop();
    if (settings.holdMs > 0) await this.callersGone(startedAtMs + settings.holdMs + limits.httpIdleMsMax);
    const flushed = this.drainer.flush(flushMs);
    const answered = this.parts.stopManagement?.() ?? Promise.resolve();
    const settleUntilMs = monotonicMs() + settings.settleMs;
    const settled = await this.works.settle(settings.settleMs);
    await Promise.all([flushed, within(answered, settings.settleMs)]);
    await this.leave(settled, settleUntilMs);
    this.enter('closed');
    if (!served) return;
    metrics.drainsTotal.labels(settled ? 'completed' : 'forced').inc();
    log.info('drain.finished', settled ? 'all sockets closed' : 'closed with work that a survivor has to finish');
  }

  /**
   * Since the drain began each answer has ended its connection, and idle ones end by themselves: of a drain shorter than that, the
   * rest is waited for, or a caller of `@connections` could write to a connection at the moment it is cut.
   */
  private async callersGone(deadlineMs: number): Promise<void> {
    const left = () => (this.server?.plainConnectionCount ?? 0) > 0 && monotonicMs() < deadlineMs;
    while (left() && !this.drainer.hurried) await new Promise((resolve) => setTimeout(resolve, limits.deadlineTickMs));
  }

  /** A node that still owes something keeps its lease: when it runs out, a survivor sees to the rest. */
  private async leave(settled: boolean, flushUntilMs: number): Promise<void> {
    clearInterval(this.reporter);
    const node = this.works.membership.current;
    this.works.stop();
    try {
      if (settled) await node?.membership.leave();
      await node?.inbox.close();
    } catch (error) {
      this.parts.telemetry.log.warn(
        'drain.progress',
        'the node could not be taken off the cluster; its lease will run out',
        {
          error,
        },
      );
    }
    await this.proxyDoor?.close(flushUntilMs - monotonicMs());
    this.server?.close();
  }

  private enter(state: keyof typeof drainStates): void {
    this.state = state;
    this.parts.telemetry.metrics.drainState.set(drainStates[state]);
  }
}
