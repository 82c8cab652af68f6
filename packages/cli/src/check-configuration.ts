import { type Flags, loadSettings, type Settings } from '@sluice/config';
import type { ApiDefinition, AuthorizerDefinition, IntegrationDefinition, RouteDefinition } from '@sluice/contracts';
import { expressionCheckers } from '@sluice/standalone';
import { stagePath } from './welcome.js';

/** Checks a configuration as `sluice start` would, and prints what it means. Throws `ConfigError` where it is wrong. */
export function checkConfiguration(flags: Flags): void {
  const settings = loadSettings({ command: 'start', flags, checkers: expressionCheckers });
  process.stdout.write(`${describeSettings(settings).join('\n')}\n`);
}

export function describeSettings(settings: Settings): string[] {
  const { edge, admin, redis, auth } = settings;
  return [
    `${settings.configFile} is valid.`,
    '',
    ...settings.apis.flatMap((api) => describeApi(api, settings)),
    ...describePlaces(settings),
    `listens on ${edge.host}:${edge.port}, health and metrics on ${admin.host}:${admin.port}`,
    `bus: ${redis === undefined ? 'in this process' : `Redis (${redis.mode}), ${redis.shards} shard${redis.shards === 1 ? '' : 's'}`}`,
    `@connections: ${describeAuth(auth)}`,
    ...settings.warnings.map((warning) => `warning: ${warning}`),
  ];
}

function describeAuth({ callback, keys }: Settings['auth']): string {
  const count = `${keys.length} key${keys.length === 1 ? '' : 's'}`;
  if (callback === 'sigv4') return `signed, ${count}`;
  const unasked = keys.length === 0 ? '' : `, ${count} not asked for; auth: { callback: sigv4 } asks`;
  return `open to whoever reaches the port${unasked}`;
}

function describeApi(api: ApiDefinition, settings: Settings): string[] {
  const routes = Object.values(api.routes);
  const width = Math.max(0, ...routes.map(({ routeKey }) => routeKey.length));
  return [
    `API ${api.apiId}${api.isDefault ? ' (default)' : ''}: ${api.routeSelectionExpression}`,
    `  stages ${Object.keys(api.stages)
      .map((stage) => `${stage} (${addressesOf(settings, api, stage).join(', ')})`)
      .join(', ')}`,
    ...routes.map((route) => {
      const target = route.integrationId === undefined ? undefined : api.integrations[route.integrationId];
      return `  ${route.routeKey.padEnd(width)}  ${[describeTarget(target), ...describeRoute(route)].join(', ')}`;
    }),
    ...Object.values(api.authorizers ?? {}).map(describeAuthorizer),
    '',
  ];
}

function describeAuthorizer(authorizer: AuthorizerDefinition): string {
  const {
    authorizerId,
    authorizerType,
    authorizerUri = '',
    identitySource,
    resultTtlSeconds,
    jwtConfiguration,
  } = authorizer;
  const asked = jwtConfiguration === undefined ? shortUri(authorizerUri) : `of ${jwtConfiguration.issuer}`;
  const from = identitySource.length === 0 ? '' : `, from ${identitySource.join(' and ')}`;
  const kept = resultTtlSeconds === 0 ? '' : `, kept ${resultTtlSeconds} s`;
  return `  authorizer ${authorizerId}: ${authorizerType} ${asked}${from}${kept}`;
}

/** Where clients reach a stage: its path, and the custom domains that lead to it. */
function addressesOf(settings: Settings, api: ApiDefinition, stage: string): string[] {
  const domains = settings.shared.domainNames.flatMap(({ domainName, apiMappings }) =>
    Object.entries(apiMappings)
      .filter(([, mapping]) => mapping.apiId === api.apiId && mapping.stage === stage)
      .map(([key]) => `${domainName}/${key}`),
  );
  if (!api.disableExecuteApiEndpoint) return [`/${stagePath(settings, api, stage)}`, ...domains];
  return domains.length === 0 ? ['under no address'] : domains;
}

function describeRoute({ authorizationType, authorizerId, apiKeyRequired, order, hasRouteResponse }: RouteDefinition) {
  const authorization = authorizationType === undefined || authorizationType === 'NONE' ? undefined : authorizationType;
  return [
    authorization === undefined ? '' : [authorization, authorizerId].filter((each) => each !== undefined).join(' '),
    apiKeyRequired === true ? 'API key' : '',
    order === undefined ? '' : `in order per ${order}`,
    hasRouteResponse ? 'answers the client' : '',
  ].filter((each) => each !== '');
}

function describeTarget(integration: IntegrationDefinition | undefined): string {
  if (integration === undefined) return 'no integration';
  const { integrationType, integrationMethod, integrationUri, timeoutInMillis } = integration;
  if (integrationType === 'MOCK') return 'MOCK';
  const method = integrationType === 'AWS_PROXY' ? '' : `${integrationMethod} `;
  return `${integrationType} ${method}${shortUri(integrationUri ?? '')} (${timeoutInMillis} ms)`;
}

/** Of the invocation ARN of a function the ARN of the function, which says the same. */
function shortUri(uri: string): string {
  return uri.replace(/^arn:[^/]+:lambda:path\/2015-03-31\/functions\/(.+)\/invocations$/, '$1');
}

/** Where functions and services are called, and what ARNs say, as far as the definitions name any. */
function describePlaces({ apis, lambda, aws }: Settings): string[] {
  const uris = apis.flatMap(({ integrations, authorizers = {} }) => [
    ...Object.values(integrations).map(({ integrationUri }) => integrationUri ?? ''),
    ...Object.values(authorizers).map(({ authorizerUri }) => authorizerUri ?? ''),
  ]);
  const isOfFunction = (uri: string) => /^arn:[^/]+:lambda:path\//.test(uri);
  const list = (places: Record<string, string>, others: string | undefined) => {
    const named = Object.entries(places).map(([name, url]) => `${name} at ${url}`);
    const rest = others === undefined ? [] : [named.length === 0 ? `at ${others}` : `others at ${others}`];
    return [...named, ...rest].join(', ');
  };
  const elsewhere = lambda.endpoint ?? (aws.credentials === undefined ? undefined : 'AWS');
  const services = uris.filter((uri) => uri.startsWith('arn:') && !isOfFunction(uri));
  return [
    `ARNs: region ${aws.region}, account ${aws.accountId}`,
    ...(uris.some(isOfFunction) ? [`functions: ${list(lambda.functions, elsewhere)}`] : []),
    ...(services.length > 0 ? [`AWS services: ${list(aws.endpoints, 'AWS')}`] : []),
  ];
}
