import type {
  ApiDefinition,
  AuthorizerDefinition,
  IntegrationDefinition,
  ModelDefinition,
  RouteDefinition,
  RouteSettings,
  StageDefinition,
} from '@sluice/contracts';
import type { ApiInput } from './api-schema.js';
import type { AuthorizerInput, ModelInput } from './authorizer-schema.js';
import { identitySourcesOf } from './identity-source-list.js';
import type { Path } from './problems.js';
import { resolveIntegration } from './resolve-integration.js';
import { resolveRoute } from './resolve-route.js';
import type { StageInput } from './stage-schema.js';

/** Keys of a map of the file, in the file's order. */
export type KeysOf = (path: Path) => string[];

/** An API as written becomes an API as processes read it: short forms spelled out, references resolved, defaults filled in. */
export function resolveApi(apiId: string, api: ApiInput, keysOf: KeysOf): ApiDefinition {
  const authorizers = mapRecord(api.authorizers, resolveAuthorizer);
  const integrations = mapRecord(api.integrations, (name, integration): IntegrationDefinition => {
    const order = keysOf(['apis', apiId, 'integrations', name, 'integrationResponses']);
    return resolveIntegration(name, integration, order);
  });
  const routes = mapRecord(api.routes, (routeKey, route): RouteDefinition => {
    const order = keysOf(['apis', apiId, 'routes', routeKey, 'integration', 'integrationResponses']);
    return resolveRoute(routeKey, route, { integrations, authorizers, order });
  });
  return {
    apiId,
    name: api.name ?? apiId,
    routeSelectionExpression: api.routeSelectionExpression,
    isDefault: api.default,
    disableExecuteApiEndpoint: api.disableExecuteApiEndpoint,
    namedOnly: api.namedOnly,
    limits: { ...api.limits },
    routes,
    integrations,
    stages: mapRecord(api.stages, resolveStage),
    authorizers,
    models: mapRecord(api.models, resolveModel),
    apiKeySource: api.apiKeySelectionExpression === '$request.header.x-api-key' ? 'header' : 'authorizer',
    binaryFrames: api.binaryFrames,
  };
}

/** Without a prototype: route keys and names come from clients, and `constructor` must find nothing. */
function mapRecord<T, U>(map: Record<string, T>, resolve: (key: string, value: T) => U): Record<string, U> {
  const resolved = Object.create(null) as Record<string, U>;
  for (const [key, value] of Object.entries(map)) resolved[key] = resolve(key, value);
  return resolved;
}

function resolveAuthorizer(name: string, authorizer: AuthorizerInput): AuthorizerDefinition {
  const { jwtConfiguration } = authorizer;
  return {
    authorizerId: name,
    name: authorizer.name ?? name,
    authorizerType: authorizer.authorizerType,
    authorizerUri: authorizer.authorizerUri,
    identitySource: identitySourcesOf(authorizer.identitySource) ?? [],
    identityValidationExpression: authorizer.identityValidationExpression,
    authorizerCredentialsArn: authorizer.authorizerCredentialsArn,
    resultTtlSeconds: authorizer.authorizerResultTtlInSeconds,
    jwtConfiguration:
      jwtConfiguration === undefined ? undefined : { ...jwtConfiguration, jwksUri: jwtConfiguration.jwksUri },
  };
}

function resolveModel(name: string, { contentType, schema }: ModelInput): ModelDefinition {
  return { name, contentType, schema: typeof schema === 'string' ? schema : JSON.stringify(schema) };
}

function resolveStage(stageName: string, stage: StageInput): StageDefinition {
  const { routeSettings, accessLogSettings } = stage ?? {};
  return {
    stageName,
    stageVariables: { ...stage?.stageVariables },
    defaultRouteSettings: stage?.defaultRouteSettings === undefined ? undefined : { ...stage.defaultRouteSettings },
    routeSettings:
      routeSettings === undefined
        ? undefined
        : mapRecord(routeSettings, (_routeKey, settings): RouteSettings => ({ ...settings })),
    accessLogSettings:
      accessLogSettings?.format === undefined || accessLogSettings.destinationArn === undefined
        ? undefined
        : { format: accessLogSettings.format, destinationArn: accessLogSettings.destinationArn },
    allowedOrigins: stage?.allowedOrigins,
  };
}
