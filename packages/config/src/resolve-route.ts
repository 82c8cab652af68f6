import type {
  AuthorizationType,
  AuthorizerDefinition,
  IntegrationDefinition,
  RouteDefinition,
} from '@sluice/contracts';
import { looksLikeUrl } from './checks/check-uri.js';
import type { IntegrationInput } from './integration-schema.js';
import { proxyTo, resolveIntegration } from './resolve-integration.js';
import type { RouteInput } from './route-schema.js';

/** What a route may refer to. Integrations that are written out in a route are added. */
export interface RouteSurroundings {
  integrations: Record<string, IntegrationDefinition>;
  authorizers: Record<string, AuthorizerDefinition>;
  /** Keys of `integrationResponses` of an integration in the route, as the file has them. */
  order: string[];
}

export function resolveRoute(routeKey: string, route: RouteInput, around: RouteSurroundings): RouteDefinition {
  if (typeof route === 'string') {
    return { routeKey, integrationId: resolveTarget(routeKey, route, around), hasRouteResponse: false };
  }
  const target = route.integration ?? route.target?.replace(/^integrations\//, '');
  const authorizerId = route.authorizer ?? route.authorizerId;
  const authorizationType = route.authorizationType ?? impliedType(authorizerId, around.authorizers);
  return {
    routeKey,
    integrationId: resolveTarget(routeKey, target, around),
    hasRouteResponse: route.routeResponse ?? route.routeResponses?.$default !== undefined,
    authorizationType,
    authorizerId,
    authorizationScopes: route.authorizationScopes,
    apiKeyRequired: route.apiKeyRequired,
    modelSelectionExpression: route.modelSelectionExpression,
    requestModels: route.requestModels === undefined ? undefined : { ...route.requestModels },
    requestParameters: resolveParameters(route.requestParameters),
    order: route.order,
  };
}

// A route that names an authorizer and no type must not stand open.
function impliedType(
  authorizerId: string | undefined,
  authorizers: Record<string, AuthorizerDefinition>,
): AuthorizationType {
  if (authorizerId === undefined) return 'NONE';
  return authorizers[authorizerId]?.authorizerType === 'JWT' ? 'JWT' : 'CUSTOM';
}

function resolveParameters(
  parameters: Record<string, boolean | { required: boolean }> | undefined,
): Record<string, { required: boolean }> | undefined {
  if (parameters === undefined) return undefined;
  const entries = Object.entries(parameters);
  return Object.fromEntries(
    entries.map(([name, each]) => [name, { required: typeof each === 'boolean' ? each : each.required }]),
  );
}

function resolveTarget(
  routeKey: string,
  target: string | IntegrationInput | undefined,
  { integrations, order }: RouteSurroundings,
): string | undefined {
  if (target === undefined) return undefined;
  if (typeof target === 'string' && !looksLikeUrl(target)) return target;
  // Names in the file have no slash, so this id cannot meet one of them.
  const id = `routes/${routeKey}`;
  integrations[id] = typeof target === 'string' ? proxyTo(id, target) : resolveIntegration(id, target, order);
  return id;
}
