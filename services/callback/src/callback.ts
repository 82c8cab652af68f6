import type { HttpRequest, HttpResponse } from 'uWebSockets.js';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AccessKey } from '@sluice/auth';
import type { Bus, Inbox } from '@sluice/bus';
import type { ConnectionStore } from '@sluice/connections';
import { type AccountLimits, limits, TrustedProxies } from '@sluice/contracts';
import type { DefinitionStore } from '@sluice/definitions';
import { createLogSinks, type LogSinks } from '@sluice/logs';
import { createMemoryRateKeeper, type RateKeeper } from '@sluice/rates';
import type { Telemetry } from '@sluice/telemetry';
import { type AccessControl, createAccessControl } from './access-control.js';
import { createAccountThrottle } from './account-throttle.js';
import { bodyBytesMaxOfAny } from './body-bounds.js';
import { type CallLogs, createCallLogs } from './call-logs.js';
import { type CallbackSettings, callbackLimits } from './callback-settings.js';
import { type HttpPort, openHttpPort } from './http-port.js';
import { ManagementMetrics } from './management-metrics.js';
import { ManagementServer } from './management-server.js';
import { OutcomeTable } from './outcome-table.js';
import { RequestReader } from './request-reader.js';

export interface CallbackParts {
  bus: Bus;
  connections: Pick<ConnectionStore, 'nodeState'>;
  definitions: DefinitionStore;
  telemetry: Telemetry;
  settings: CallbackSettings;
  /** Counts the account's rate with all who share it; the caller closes it. Unset: this process counts for itself alone. */
  rates?: RateKeeper | undefined;
  /** Unset: no limit. */
  account?: AccountLimits | undefined;
  /** Where access logs go; the caller closes them. Unset: sinks of this service's own. */
  logs?: LogSinks | undefined;
}

/** The service that answers `@connections`. */
export interface Callback {
  /** Opens its inbox, then its port. Rejects where the port is taken or the bus cannot be reached. */
  start(): Promise<{ port: number | undefined }>;
  /** Serves one request of another server's port: the edge's. Call it inside that server's handler. */
  serveManagement(response: HttpResponse, request: HttpRequest): void;
  /**
   * Whose signatures are taken from the call of what it gives on. Throws `RangeError` for keys under which nobody could call; that
   * call cannot fail.
   */
  prepareKeys(keys: readonly AccessKey[]): () => void;
  /** Whether requests can be answered: started, and not on the way out. */
  ready(): boolean;
  /** From now on each answer ends its connection, on whoever's port: callers go elsewhere without ever being cut off. */
  endConnections(): void;
  /**
   * Serves on for `holdMs` (default 0) with answers that end their connections, and a little longer while any is open; then takes
   * no new ones, or on another server's port no new requests; finishes what is in work (at most `drainWorkMs`), gives its inbox
   * back. Called again meanwhile, it ends the hold.
   */
  stop(holdMs?: number): Promise<void>;
}

/** Throws `RangeError` for settings under which nobody could call. */
export function createCallback(parts: CallbackParts): Callback {
  return new CallbackService(parts);
}

class CallbackService implements Callback {
  // A name of this life of the process: outcomes for an earlier one must not settle requests of this one.
  private readonly address = `c${randomBytes(8).toString('hex')}`;
  private readonly outcomes: OutcomeTable;
  private readonly server: ManagementServer;
  private readonly drainWorkMs: number;
  private readonly logs: CallLogs;
  private readonly sinks: LogSinks;
  private readonly access: AccessControl;
  private state: 'new' | 'ready' | 'holding' | 'stopping' = 'new';
  private inbox: Inbox | undefined;
  private port: HttpPort | undefined;
  private stopped: Promise<void> | undefined;
  private readonly hurried = new AbortController();

  constructor(private readonly parts: CallbackParts) {
    const { bus, connections, definitions, telemetry, settings } = parts;
    const bounds = callbackLimits(settings.limits);
    const metrics = new ManagementMetrics(telemetry.metrics);
    this.drainWorkMs = bounds.drainWorkMs;
    this.outcomes = new OutcomeTable({ bus, connections, replyTo: this.address, ...bounds });
    this.sinks = parts.logs ?? createLogSinks(telemetry);
    this.access = createAccessControl(settings);
    const { accountId } = settings;
    this.logs = createCallLogs({ definitions, sinks: this.sinks, log: telemetry.log, accountId });
    this.server = new ManagementServer({
      logs: this.logs,
      proxies: new TrustedProxies(settings.trustedProxies, settings.forwardedHeader),
      definitions,
      metrics,
      telemetry,
      outcomes: this.outcomes,
      access: this.access,
      reader: new RequestReader({ ...bounds, bodyBytesMax: () => bodyBytesMaxOfAny(definitions) }),
      strict413: settings.strict413 ?? false,
      throttle: createAccountThrottle(parts.rates ?? createMemoryRateKeeper(), parts.account ?? {}, telemetry.metrics),
      onRefused({ reason, detail }, about) {
        metrics.refused(reason);
        telemetry.log.info('callback.signature_refused', `a request was not let in: ${detail}`, { ...about, reason });
      },
      onUnknownAddress(host, rawPath) {
        const shown = { host: host.slice(0, shownLengthMax), path: rawPath.slice(0, shownLengthMax) };
        telemetry.log.info(
          'callback.address_unknown',
          `refused a request with 403: host ${shown.host} and path ${shown.path} name no @connections of a stage; an SDK's endpoint ends in the stage`,
          shown,
        );
      },
    });
  }

  async start(): Promise<{ port: number | undefined }> {
    const { bus, settings, telemetry } = this.parts;
    this.inbox = await bus.openInbox(this.address, {
      onCommands: this.outcomes.onCommands,
      onLost: () => void this.reopen(),
    });
    await this.throwIfStopping();
    if (settings.port !== undefined) {
      this.port = await openHttpPort(settings.host, settings.port, (response, request) =>
        this.server.serve(response, request),
      );
      await this.throwIfStopping();
      telemetry.log.info('callback.listening', `@connections on ${settings.host}:${this.port.port}`);
    }
    this.state = 'ready';
    return { port: this.port?.port };
  }

  serveManagement(response: HttpResponse, request: HttpRequest): void {
    this.server.serve(response, request);
  }

  prepareKeys(keys: readonly AccessKey[]): () => void {
    return this.access.prepareKeys(keys);
  }

  ready(): boolean {
    return this.state === 'ready';
  }

  endConnections(): void {
    this.server.drain();
  }

  stop(holdMs = 0): Promise<void> {
    if (this.stopped === undefined) this.stopped = this.drain(holdMs);
    else this.hurried.abort();
    return this.stopped;
  }

  /** Stopped while it was still coming up: the stop could not end what was not there yet. */
  private async throwIfStopping(): Promise<void> {
    if (this.state !== 'stopping') return;
    this.port?.stopListening();
    this.port?.close();
    await this.inbox?.close();
    throw new Error('the callback service was stopped while it was starting');
  }

  private async reopen(): Promise<void> {
    while (this.state !== 'stopping' && this.inbox !== undefined) {
      try {
        return await this.inbox.reopen();
      } catch (error) {
        this.parts.telemetry.log.warn('bus.undelivered', 'the inbox of this callback service is away', { error });
        await sleep(limits.undeliveredRetryIntervalMs);
      }
    }
  }

  /**
   * Load balancers send new callers for a moment yet, and those that are here hold connections open: cut at once, a request that is
   * on its way would be reset.
   */
  private async hold(port: HttpPort, holdMs: number): Promise<void> {
    this.state = 'holding';
    this.server.drain();
    const { signal } = this.hurried;
    await sleep(holdMs, undefined, { signal }).catch(() => {});
    const deadlineMs = performance.now() + limits.httpIdleMsMax;
    while (port.connectionCount > 0 && performance.now() < deadlineMs && !signal.aborted) await sleep(drainPollMs);
  }

  private async drain(holdMs: number): Promise<void> {
    const startedAtMs = performance.now();
    if (this.port !== undefined && holdMs > 0) await this.hold(this.port, holdMs);
    this.state = 'stopping';
    // A port that is not ours goes on listening: what comes by it must not keep this service from ending.
    if (this.port === undefined) this.server.stop();
    else this.server.drain();
    this.port?.stopListening();
    // The hold is part of that time, but for what the last callers of the hold wait for.
    const heldUntilMs = performance.now();
    const lastMs = Math.min(this.drainWorkMs, limits.deliveryTimeoutMs);
    const deadlineMs = Math.max(startedAtMs + this.drainWorkMs, heldUntilMs + lastMs);
    while (this.server.inflight > 0 && performance.now() < deadlineMs) await sleep(drainPollMs);
    this.server.stop();
    this.outcomes.close();
    this.port?.close();
    await this.inbox?.close();
    this.logs.close();
    if (this.parts.logs === undefined) await this.sinks.close();
  }
}

const drainPollMs = 20;
// Host and path are a stranger's: a line shows their beginning.
const shownLengthMax = 200;
