import { setTimeout as sleep } from 'node:timers/promises';
import { getHeapStatistics } from 'node:v8';
import type { Settings } from '@sluice/config';
import { limits } from '@sluice/contracts';
import { createMemoryDefinitionStore } from '@sluice/definitions';
import {
  type AdminServer,
  collectProcessMetrics,
  createAdminServer,
  createMetrics,
  createTelemetry,
  type LogDestination,
  openFileLimit,
  type ProbeResult,
  startTracing,
  type Telemetry,
} from '@sluice/telemetry';
import { awaitRedis, shownRedis } from './await-redis.js';
import { memoryFault, memoryUse } from './memory-ceiling.js';
import { makeServices, type Role, type Services } from './services.js';
import { openSharedState, type SharedState } from './shared-state.js';
import { type StartedPart, stopPart } from './stop-part.js';
import { type LiveSettings, takeOver } from './take-over.js';
import { unlessAborted } from './unless-aborted.js';

export interface StartOptions {
  version: string;
  /** Aborted: the process should end before it has come up. The start then rejects, having let go of everything. */
  signal: AbortSignal;
  /** POST /drain on the admin port; what SIGTERM does should follow. */
  onDrainRequested: () => void;
  /** Unset: standard output. */
  logDestination?: LogDestination;
}

export interface Addresses {
  admin: { host: string; port: number };
  /** Where clients connect; undefined without an edge. */
  edge: { host: string; port: number } | undefined;
  /** Where `@connections` has a port of its own; undefined elsewhere. */
  callback: { host: string; port: number } | undefined;
}

export interface RunningProcess {
  readonly addresses: Addresses;
  readonly telemetry: Telemetry;
  /** Drains and ends; resolves when everything is closed. Called again meanwhile, it shortens the drain. */
  stop(): Promise<void>;
  /**
   * Puts other definitions and access keys in force, all at once; connections stay, and follow the new ones from the next message
   * on. Throws where they cannot be used; what was there then stays.
   */
  takeOver(live: LiveSettings): void;
  /** Goes on with access logs under their names: the files may have been moved away. */
  reopenLogs(): void;
}

/**
 * Builds a process of the given roles and starts it: first the admin port, so that probes and people can see what it waits
 * for, then Redis, then the services from the inside out. Rejects with a sentence for the operator, with nothing left running.
 */
export async function startProcess(
  settings: Settings,
  roles: readonly Role[],
  options: StartOptions,
): Promise<RunningProcess> {
  const role = settings.command === 'start' ? 'standalone' : settings.command;
  const metrics = createMetrics();
  const tracing = await startTracing(settings.tracing, role, options.version, metrics);
  const { logDestination } = options;
  const telemetry = createTelemetry({
    role,
    logLevel: settings.log.level,
    metrics,
    tracing,
    ...(logDestination === undefined ? {} : { logDestination }),
  });
  const starting = new StartingProcess(settings, telemetry, options);
  try {
    return await starting.run(roles, role);
  } catch (error) {
    await starting.undo();
    throw error;
  }
}

class StartingProcess {
  /** What has been started, with how it is stopped, in order of the start. */
  private readonly started: StartedPart[] = [];
  private waitingFor: string | undefined = 'the start has just begun';
  private stopping: Promise<void> | undefined;
  private services: Services = { edge: undefined, router: undefined, callback: undefined };

  constructor(
    private readonly settings: Settings,
    private readonly telemetry: Telemetry & { close(): Promise<void> },
    private readonly options: StartOptions,
  ) {}

  async run(roles: readonly Role[], role: string): Promise<RunningProcess> {
    const { settings, telemetry, options } = this;
    this.push('telemetry', limits.spanExportTimeoutMs, () => telemetry.close());
    this.logStart(role);
    this.push('process metrics', 0, collectProcessMetrics(telemetry.metrics, { version: options.version, role }));
    const admin = await this.startAdmin();
    const definitions = createMemoryDefinitionStore(settings.apis, settings.shared, {
      accountLimitsConnects: settings.account.connectRateLimit !== undefined,
    });
    const state = await this.openState();
    this.services = makeServices({ settings, roles, state, definitions, telemetry });
    const addresses = { admin, ...(await this.startServices(roles)) };
    options.signal.throwIfAborted();
    this.waitingFor = undefined;
    telemetry.log.info('process.ready', `${role} is ready`);
    return {
      addresses,
      telemetry,
      stop: () => this.stop(),
      takeOver: (live) => takeOver(live, definitions, this.services, telemetry.log),
      reopenLogs: () => state.logs.reopen(),
    };
  }

  /** Stops what has been started, the last first. Called again meanwhile, it shortens the edge's drain. */
  stop(): Promise<void> {
    if (this.stopping !== undefined) {
      // In this order, as in `undo`: while the edge drains, its own callback service is not stopping yet.
      if (this.services.edge !== undefined) void this.services.edge.drain();
      else void this.services.callback?.stop();
      return this.stopping;
    }
    this.telemetry.log.info('process.stopping', 'draining');
    this.stopping = this.undo().then(() => this.telemetry.log.info('process.stopped', 'everything is closed'));
    return this.stopping;
  }

  private push(name: string, workMs: number, stop: StartedPart['stop']): void {
    this.started.push({ name, workMs, stop });
  }

  async undo(): Promise<void> {
    for (const part of this.started.splice(0).reverse()) await stopPart(part, this.telemetry.log);
  }

  private logStart(role: string): void {
    const { settings, telemetry, options } = this;
    telemetry.log.info('process.starting', `sluice ${options.version} starts as ${role}`, {
      node: process.version,
      files_max: openFileLimit(),
      connections_max: settings.edge.maxConnections,
      heap_bytes_max: getHeapStatistics().heap_size_limit,
      bus: settings.redis === undefined ? 'in this process' : shownRedis(settings.redis),
    });
    for (const warning of settings.warnings) telemetry.log.warn('config.warning', warning);
  }

  private async startAdmin(): Promise<{ host: string; port: number }> {
    const { metrics, log } = this.telemetry;
    const admin: AdminServer = createAdminServer({
      ...this.settings.admin,
      metrics,
      log,
      probes: { live: () => ({ ok: true }), ready: () => this.ready(), started: () => this.startedProbe() },
      drain: this.options.onDrainRequested,
    });
    const address = await admin.start();
    this.push('admin port', limits.adminRequestTimeoutMs, () => admin.stop());
    return address;
  }

  private async openState(): Promise<SharedState> {
    const { settings, telemetry, options } = this;
    if (settings.redis !== undefined) {
      this.waitingFor = `${shownRedis(settings.redis)} has not answered yet; trying until it does`;
      const production = settings.command !== 'start';
      await awaitRedis({ settings: settings.redis, telemetry, production, signal: options.signal });
    }
    const state = openSharedState(settings, telemetry);
    this.push('bus', limits.busCloseMs, () => state.bus.close());
    this.push('connection store', 0, () => state.connections.close());
    this.push('access logs', limits.accessLogCloseMs, () => state.logs.close());
    this.push('rates', limits.redisCommandTimeoutMs, () => state.rates.close());
    this.push('background jobs', limits.jobsCloseMs, () => state.jobs.close());
    // Its own connections come up after those of the look above. Ready before them, the edge would refuse its first frames.
    while (!state.bus.available) await sleep(limits.busStartPollIntervalMs, undefined, { signal: options.signal });
    return state;
  }

  // The edge comes last and goes first: while clients can connect, there is somebody to route and to answer.
  private async startServices(roles: readonly Role[]): Promise<Omit<Addresses, 'admin'>> {
    const { settings } = this;
    const { signal } = this.options;
    const { router, callback, edge } = this.services;
    this.waitingFor = `the ${roles.join(', ')} to come up`;
    if (router !== undefined) {
      this.push('router', settings.router.drainWorkMs, () => router.stop(settings.router.drainWorkMs));
      await unlessAborted(router.start(), signal);
    }
    let addresses: Omit<Addresses, 'admin'> = { edge: undefined, callback: undefined };
    if (callback !== undefined) {
      const { drainHoldMs, drainWorkMs } = settings.callback;
      // Of a start that is given up nobody knows yet: nothing to hold.
      const hold = () => (this.waitingFor === undefined ? drainHoldMs : 0);
      this.push('callback', drainHoldMs + limits.httpIdleMsMax + drainWorkMs, () => callback.stop(hold()));
      const { port } = await unlessAborted(callback.start(), signal);
      if (port !== undefined) addresses = { ...addresses, callback: { host: settings.callback.host, port } };
    }
    if (edge !== undefined) {
      const { holdMs, windowMs, settleMs } = settings.edge.drain;
      // Before the start: one that is aborted half-way would come up all the same, with nobody left to stop it.
      const drainMs = holdMs + Math.max(windowMs, limits.httpIdleMsMax) + settleMs;
      this.push('edge', drainMs, () => (this.waitingFor === undefined ? edge.drain() : edge.close()));
      const { port } = await unlessAborted(edge.start(), signal);
      addresses = { ...addresses, edge: { host: settings.edge.host, port } };
    }
    return addresses;
  }

  private startedProbe(): ProbeResult {
    return this.waitingFor === undefined ? { ok: true } : { ok: false, reason: this.waitingFor };
  }

  private ready(): ProbeResult {
    if (this.waitingFor !== undefined) return { ok: false, reason: `starting: ${this.waitingFor}` };
    if (this.stopping !== undefined) return { ok: false, reason: 'draining' };
    const fault = memoryFault(memoryUse());
    if (fault !== undefined) return { ok: false, reason: fault };
    const { callback, edge } = this.services;
    if (callback !== undefined && !callback.ready()) return { ok: false, reason: 'the callback service is not ready' };
    return edge?.ready() ?? { ok: true };
  }
}
