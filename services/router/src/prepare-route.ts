import type { ConnectEnvelope, IntegrationDefinition, MessageEnvelope, RouteDefinition } from '@sluice/contracts';
import type { PreparedIntegration } from '@sluice/integrations';
import type { RouteJournal } from './journal.js';
import type { Gate, Passage } from './passage.js';
import type { Refusal } from './refusal.js';
import { connectGates, messageGates } from './route-gates.js';
import { prepareJournal } from './route-journal.js';
import { createRouteMetrics, type RouteMetrics } from './route-metrics.js';
import { placeOf, type StageCompilation } from './stage-compilation.js';
import { selectorsFor } from './stage-selectors.js';

/** One route of one stage as the hot path wants it. */
export interface PreparedRoute<E extends ConnectEnvelope | MessageEnvelope = ConnectEnvelope | MessageEnvelope> {
  routeKey: string;
  /** Undefined where the route has no target. */
  integration: PreparedIntegration | undefined;
  /** What a message of a route without integration is answered. */
  withoutTarget: Refusal;
  hasRouteResponse: boolean;
  metrics: RouteMetrics;
  /** In the order in which they are passed; undefined where the route has none, so that it costs nothing. */
  gates: readonly Gate<Passage<E>>[] | undefined;
  /** Undefined where neither access log nor execution log is on. */
  journal: RouteJournal | undefined;
}

export type MessageRoute = PreparedRoute<MessageEnvelope>;
export type ConnectRoute = PreparedRoute<ConnectEnvelope>;

const noTarget: Refusal = { code: 'route_without_target', detail: 'the route has no integration' };
const noRoute: Refusal = { code: 'forbidden', detail: 'no route matches, and there is no $default' };

export function prepareMessageRoute(stage: StageCompilation, route: RouteDefinition): MessageRoute {
  return { ...prepareRoute(stage, route), gates: unlessEmpty(messageGates(stage, route)) };
}

export function prepareConnectRoute(stage: StageCompilation, route: RouteDefinition): ConnectRoute {
  return { ...prepareRoute(stage, route), gates: unlessEmpty(connectGates(stage, route)) };
}

/** `$disconnect` passes no gates: it is neither throttled nor authorized (spec 12 §12.2). */
export function prepareDisconnectRoute(stage: StageCompilation, route: RouteDefinition): PreparedRoute {
  return { ...prepareRoute(stage, route), gates: undefined };
}

/** Where messages end that no route takes: the account's rate counts them like any other. */
export function prepareUnmatched(stage: StageCompilation): MessageRoute {
  const { api, stageName, telemetry } = stage;
  const nothing = { routeKey: '', integrationId: undefined, hasRouteResponse: false };
  return {
    ...prepareMessageRoute(stage, nothing),
    withoutTarget: noRoute,
    metrics: createRouteMetrics(telemetry.metrics, api.apiId, stageName, 'unmatched'),
  };
}

function prepareRoute(stage: StageCompilation, route: RouteDefinition): Omit<PreparedRoute, 'gates'> {
  const { api, stageName, telemetry } = stage;
  return {
    routeKey: route.routeKey,
    integration: prepareIntegration(stage, route),
    withoutTarget: noTarget,
    hasRouteResponse: route.hasRouteResponse,
    metrics: createRouteMetrics(telemetry.metrics, api.apiId, stageName, route.routeKey),
    journal: prepareJournal(stage, placeOf(stage, route)),
  };
}

function prepareIntegration(stage: StageCompilation, route: RouteDefinition): PreparedIntegration | undefined {
  const { api, stageName, invoker, telemetry } = stage;
  const definition = targetOf(stage, route);
  if (definition === undefined) return undefined;
  const integration = invoker.prepare(
    definition,
    {
      apiId: api.apiId,
      stage: stageName,
      routeKey: route.routeKey,
      stageVariables: stage.stageVariables,
      hasRouteResponse: route.hasRouteResponse,
      accountId: stage.accountId,
      region: stage.region,
      headerSpellings: stage.headerSpellings,
      binaryFrames: api.binaryFrames === true,
    },
    () => selectorsFor(definition, stage.stageVariables),
  );
  if (integration.fault !== undefined) {
    telemetry.log.error(
      'router.integration_misconfigured',
      `route ${route.routeKey} of ${api.apiId}/${stageName} cannot call its integration: ${integration.fault}`,
      { route: route.routeKey, integration: route.integrationId },
    );
  }
  return integration;
}

function targetOf({ api }: StageCompilation, { integrationId }: RouteDefinition): IntegrationDefinition | undefined {
  return integrationId === undefined ? undefined : api.integrations[integrationId];
}

function unlessEmpty<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}
