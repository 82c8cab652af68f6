import type { HttpRequest, HttpResponse } from 'uWebSockets.js';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bus, Inbox } from '@sluice/bus';
import type { ConnectionStore } from '@sluice/connections';
import { limits } from '@sluice/contracts';
import type { DefinitionStore } from '@sluice/definitions';
import type { Telemetry } from '@sluice/telemetry';
import { createAccessControl } from './access-control.js';
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
}

/** The service that answers `@connections`. */
export interface Callback {
  /** Opens its inbox, then its port. Rejects where the port is taken or the bus cannot be reached. */
  start(): Promise<{ port: number | undefined }>;
  /** Serves one request of another server's port: the edge's. Call it inside that server's handler. */
  serveManagement(response: HttpResponse, request: HttpRequest): void;
  /** Whether requests can be answered: started, and not on the way out. */
  ready(): boolean;
  /** Takes no new connections, finishes what is in work (at most `drainWorkMs`), gives its inbox back. */
  stop(): Promise<void>;
}

/** Throws `RangeError` for settings under which nobody could call. */
export function createCallback(parts: CallbackParts): Callback {
  const { bus, connections, definitions, telemetry, settings } = parts;
  const bounds = callbackLimits(settings.limits);
  const metrics = new ManagementMetrics(telemetry.metrics);
  // A name of this life of the process: outcomes for an earlier one must not settle requests of this one.
  const address = `c${randomBytes(8).toString('hex')}`;
  const outcomes = new OutcomeTable({ bus, connections, replyTo: address, ...bounds });
  const server = new ManagementServer({
    definitions,
    outcomes,
    metrics,
    telemetry,
    access: createAccessControl(settings),
    reader: new RequestReader(bounds),
    strict413: settings.strict413 ?? false,
    onRefused(reason) {
      metrics.refused(reason);
      telemetry.log.info('callback.signature_refused', 'a request was not let in', { reason });
    },
  });
  let state: 'new' | 'ready' | 'stopping' = 'new';
  let inbox: Inbox | undefined;
  let port: HttpPort | undefined;
  let stopped: Promise<void> | undefined;

  async function reopen(): Promise<void> {
    while (state === 'ready' && inbox !== undefined) {
      try {
        return await inbox.reopen();
      } catch (error) {
        telemetry.log.warn('bus.undelivered', 'the inbox of this callback service is away', { error });
        await sleep(limits.undeliveredRetryIntervalMs);
      }
    }
  }

  async function drain(): Promise<void> {
    state = 'stopping';
    server.drain();
    port?.stopListening();
    const deadlineMs = performance.now() + bounds.drainWorkMs;
    while (server.inflight > 0 && performance.now() < deadlineMs) await sleep(20);
    server.stop();
    outcomes.close();
    port?.close();
    await inbox?.close();
  }

  return {
    async start() {
      inbox = await bus.openInbox(address, { onCommands: outcomes.onCommands, onLost: () => void reopen() });
      if (settings.port !== undefined) {
        port = await openHttpPort(settings.host, settings.port, (response, request) => server.serve(response, request));
        telemetry.log.info('callback.listening', `@connections on ${settings.host}:${port.port}`);
      }
      state = 'ready';
      return { port: port?.port };
    },
    serveManagement: (response, request) => server.serve(response, request),
    ready: () => state === 'ready',
    stop: () => {
      stopped ??= drain();
      return stopped;
    },
  };
}
