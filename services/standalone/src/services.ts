import { type Callback, createCallback } from '@sluice/callback';
import type { Settings } from '@sluice/config';
import type { MemoryDefinitionStore } from '@sluice/definitions';
import { createEdge, type Edge } from '@sluice/edge';
import { createRouter, type Router } from '@sluice/router';
import type { Telemetry } from '@sluice/telemetry';
import type { SharedState } from './shared-state.js';

export type Role = 'edge' | 'router' | 'callback';

/** The services of one process, made and not yet started. */
export interface Services {
  edge: Edge | undefined;
  router: Router | undefined;
  callback: Callback | undefined;
}

export interface ServiceParts {
  settings: Settings;
  roles: readonly Role[];
  state: SharedState;
  definitions: MemoryDefinitionStore;
  telemetry: Telemetry;
}

/**
 * Makes the services. An edge always gets a callback service of its own, without a port: `@connections` has to answer at the
 * address that clients use, since back ends build it from the event's `domainName`.
 */
export function makeServices({ settings, roles, state, definitions, telemetry }: ServiceParts): Services {
  const shared = { bus: state.bus, connections: state.connections, definitions, telemetry };
  const hasEdge = roles.includes('edge');
  const callback =
    hasEdge || roles.includes('callback')
      ? createCallback({
          ...shared,
          rates: state.rates,
          logs: state.logs,
          account: settings.account,
          settings: callbackSettings(settings, hasEdge ? undefined : settings.callback.port),
        })
      : undefined;
  const { pageHtml, handshakesPerSecondMax, handshakesBurstMax, ...edge } = settings.edge;
  return {
    callback,
    router: roles.includes('router')
      ? createRouter({
          ...shared,
          jobs: state.jobs,
          inflightMax: settings.router.inflightMax,
          disconnectAttemptsMax: settings.router.disconnectAttemptsMax,
          egressAllow: settings.egress.allow,
          rates: state.rates,
          logs: state.logs,
          account: settings.account,
          lambda: settings.lambda,
          aws: settings.aws,
          access: settings.auth.keys,
        })
      : undefined,
    edge: hasEdge
      ? createEdge({
          ...shared,
          settings: {
            ...edge,
            handshakesPerSecond: handshakesPerSecondMax,
            handshakesBurst: handshakesBurstMax,
            page: pageHtml === undefined ? undefined : { html: pageHtml },
          },
          serveManagement:
            callback === undefined ? undefined : (response, request) => callback.serveManagement(response, request),
          drainManagement: () => callback?.endConnections(),
          stopManagement: callback === undefined ? undefined : () => callback.stop(),
        })
      : undefined,
  };
}

function callbackSettings({ callback, edge, auth, aws }: Settings, port: number | undefined) {
  return {
    host: callback.host,
    port,
    auth: { mode: auth.callback, keys: auth.keys },
    region: aws.region,
    accountId: aws.accountId,
    strict413: callback.strict413,
    trustedProxies: edge.trustedProxies,
    forwardedHeader: edge.forwardedHeader,
    limits: { drainWorkMs: callback.drainWorkMs },
  };
}
