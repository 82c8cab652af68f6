import { type Flags, loadSettings, type Settings } from '@sluice/config';
import type { ApiDefinition, IntegrationDefinition, RouteDefinition } from '@sluice/contracts';
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
    '',
  ];
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
  return `${integrationType} ${method}${integrationUri} (${timeoutInMillis} ms)`;
}
