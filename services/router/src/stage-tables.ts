import type { ApiDefinition, IntegrationDefinition, RouteDefinition, Scope } from '@sluice/contracts';
import type { DefinitionStore, StageSnapshot } from '@sluice/definitions';
import {
  type Invoker,
  MisconfiguredIntegrationError,
  type PreparedIntegration,
  type Selectors,
} from '@sluice/integrations';
import {
  compileIntegrationResponses,
  compileResponseTemplateSelectionExpression,
  compileTemplateSelectionExpression,
  createRouteTable,
  InvalidExpressionError,
  type RouteTable,
} from '@sluice/routing';
import type { Telemetry } from '@sluice/telemetry';
import { createRouteMetrics, type RouteMetrics } from './route-metrics.js';

/** One stage as the hot path wants it: expressions compiled, integrations prepared, metric children resolved. */
export interface StageTable extends RouteTable<PreparedRoute> {
  /** For messages that no route matched. */
  unmatched: RouteMetrics;
}

export interface PreparedRoute {
  routeKey: string;
  /** Undefined where the route has no target. */
  integration: PreparedIntegration | undefined;
  hasRouteResponse: boolean;
  metrics: RouteMetrics;
}

export interface StageTables {
  get(scope: Scope): StageTable | undefined;
  close(): void;
}

/** Compiles each stage on first use, and again after a change of definitions: sockets follow the current deployment. */
export function createStageTables(definitions: DefinitionStore, invoker: Invoker, telemetry: Telemetry): StageTables {
  let tables = new Map<Scope, StageTable>();
  const unsubscribe = definitions.subscribe(() => {
    tables = new Map();
  });
  return {
    get(scope) {
      const known = tables.get(scope);
      if (known !== undefined) return known;
      const snapshot = definitions.stage(scope);
      if (snapshot === undefined) return undefined;
      const table = compileStage(snapshot, invoker, telemetry);
      tables.set(scope, table);
      return table;
    },
    close: unsubscribe,
  };
}

function compileStage(snapshot: StageSnapshot, invoker: Invoker, telemetry: Telemetry): StageTable {
  const { api, stage } = snapshot;
  const routes = Object.fromEntries(
    Object.entries(api.routes).map(([key, route]) => [key, prepareRoute(snapshot, route, invoker, telemetry)]),
  );
  return {
    ...createRouteTable({ routeSelectionExpression: api.routeSelectionExpression, routes }),
    unmatched: createRouteMetrics(telemetry.metrics, api.apiId, stage.stageName, 'unmatched'),
  };
}

function prepareRoute(
  snapshot: StageSnapshot,
  route: RouteDefinition,
  invoker: Invoker,
  telemetry: Telemetry,
): PreparedRoute {
  const { api, stage } = snapshot;
  const definition = targetOf(api, route);
  const integration =
    definition &&
    invoker.prepare(
      definition,
      {
        apiId: api.apiId,
        stage: stage.stageName,
        routeKey: route.routeKey,
        stageVariables: stage.stageVariables,
        hasRouteResponse: route.hasRouteResponse,
        accountId: '000000000000',
        region: 'us-east-1',
        headerSpellings: new Map(),
        binaryFrames: api.binaryFrames === true,
      },
      () => selectorsFor(definition),
    );
  if (integration?.fault !== undefined) {
    const where = `route ${route.routeKey} of ${api.apiId}/${stage.stageName}`;
    telemetry.log.error(
      'router.integration_misconfigured',
      `${where} cannot call its integration: ${integration.fault}`,
      {
        route: route.routeKey,
        integration: route.integrationId,
      },
    );
  }
  return {
    routeKey: route.routeKey,
    hasRouteResponse: route.hasRouteResponse,
    metrics: createRouteMetrics(telemetry.metrics, api.apiId, stage.stageName, route.routeKey),
    integration,
  };
}

function targetOf(api: ApiDefinition, route: RouteDefinition): IntegrationDefinition | undefined {
  return route.integrationId === undefined ? undefined : api.integrations[route.integrationId];
}

/** Throws `MisconfiguredIntegrationError`, so that a bad expression fails the calls of its integration and nothing beside. */
function selectorsFor(integration: IntegrationDefinition): Selectors {
  try {
    return compileSelectors(integration);
  } catch (error) {
    if (error instanceof InvalidExpressionError) throw new MisconfiguredIntegrationError(error.message);
    throw error;
  }
}

function compileSelectors(integration: IntegrationDefinition): Selectors {
  const response = compileIntegrationResponses(integration.integrationResponses);
  const selectors: Selectors = {
    selectIntegrationResponse: (value) => response(value)?.integrationResponseKey,
    compileResponseTemplateKey: compileResponseTemplateSelectionExpression,
  };
  const expression = integration.templateSelectionExpression;
  if (expression === undefined) return selectors;
  return { ...selectors, selectTemplateKey: compileTemplateSelectionExpression(expression) };
}
