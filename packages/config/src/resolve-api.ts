import {
  type ApiDefinition,
  type IntegrationDefinition,
  limits,
  type RouteDefinition,
  type StageDefinition,
} from '@sluice/contracts';
import type { ApiInput, RouteInput } from './api-schema.js';
import { looksLikeUrl } from './cross-checks.js';
import type { IntegrationInput } from './integration-schema.js';
import type { Path } from './problems.js';

/** Keys of a map of the file, in the file's order. */
export type KeysOf = (path: Path) => string[];

/** An API as written becomes an API as processes read it: short forms spelled out, references resolved, defaults filled in. */
export function resolveApi(apiId: string, api: ApiInput, keysOf: KeysOf): ApiDefinition {
  const integrations = record<IntegrationDefinition>();
  for (const [name, integration] of Object.entries(api.integrations)) {
    const order = keysOf(['apis', apiId, 'integrations', name, 'integrationResponses']);
    integrations[name] = resolveIntegration(name, integration, order);
  }
  const routes = record<RouteDefinition>();
  for (const [routeKey, route] of Object.entries(api.routes)) {
    const order = keysOf(['apis', apiId, 'routes', routeKey, 'integration', 'integrationResponses']);
    routes[routeKey] = resolveRoute(routeKey, route, integrations, order);
  }
  const stages = record<StageDefinition>();
  for (const [stageName, stage] of Object.entries(api.stages)) {
    stages[stageName] = { stageName, stageVariables: { ...stage?.stageVariables } };
  }
  return {
    apiId,
    name: api.name ?? apiId,
    routeSelectionExpression: api.routeSelectionExpression,
    isDefault: api.default,
    disableExecuteApiEndpoint: api.disableExecuteApiEndpoint,
    limits: { ...api.limits },
    routes,
    integrations,
    stages,
  };
}

// Route keys come from clients: `constructor` must find nothing.
function record<T>(): Record<string, T> {
  return Object.create(null) as Record<string, T>;
}

function resolveRoute(
  routeKey: string,
  route: RouteInput,
  integrations: Record<string, IntegrationDefinition>,
  order: string[],
): RouteDefinition {
  if (typeof route === 'string') {
    return { routeKey, integrationId: resolveTarget(routeKey, route, integrations, order), hasRouteResponse: false };
  }
  const target = route.integration ?? route.target?.replace(/^integrations\//, '');
  const hasRouteResponse = route.routeResponse ?? route.routeResponses?.$default !== undefined;
  return { routeKey, integrationId: resolveTarget(routeKey, target, integrations, order), hasRouteResponse };
}

function resolveTarget(
  routeKey: string,
  target: string | IntegrationInput | undefined,
  integrations: Record<string, IntegrationDefinition>,
  order: string[],
): string | undefined {
  if (target === undefined) return undefined;
  if (typeof target === 'string' && !looksLikeUrl(target)) return target;
  // Names in the file have no slash, so this id cannot meet one of them.
  const id = `routes/${routeKey}`;
  integrations[id] = typeof target === 'string' ? proxyTo(id, target) : resolveIntegration(id, target, order);
  return id;
}

function proxyTo(integrationId: string, integrationUri: string): IntegrationDefinition {
  return {
    integrationId,
    integrationType: 'HTTP_PROXY',
    integrationUri,
    integrationMethod: 'POST',
    timeoutInMillis: limits.integrationTimeoutMs,
    passthroughBehavior: 'WHEN_NO_MATCH',
    requestTemplates: {},
    templateSelectionExpression: undefined,
    integrationResponses: [],
  };
}

function resolveIntegration(
  integrationId: string,
  integration: IntegrationInput,
  order: string[],
): IntegrationDefinition {
  const responses = Object.entries(integration.integrationResponses);
  responses.sort(([a], [b]) => order.indexOf(a) - order.indexOf(b));
  return {
    integrationId,
    integrationType: integration.integrationType,
    integrationUri: integration.integrationUri,
    integrationMethod: integration.integrationMethod,
    timeoutInMillis: integration.timeoutInMillis,
    passthroughBehavior: integration.passthroughBehavior,
    requestTemplates: { ...integration.requestTemplates },
    templateSelectionExpression: integration.templateSelectionExpression,
    integrationResponses: responses.map(([key, response]) => ({
      integrationResponseKey: key,
      templateSelectionExpression: response?.templateSelectionExpression,
      responseTemplates: { ...response?.responseTemplates },
    })),
  };
}
