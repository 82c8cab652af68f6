import type { ApiDefinition, IntegrationDefinition } from '@sluice/contracts';
import { serviceOf } from './checks/integration-arn.js';
import type { Settings } from './settings.js';
import { defaultPlace } from './shared-schema.js';

/** What is allowed and most likely not meant: a line each for the log at the start. */
export function warningsOf(settings: Omit<Settings, 'warnings'>): string[] {
  const perApi = settings.apis.flatMap((api) => [
    ...forgottenDollar(api),
    ...unusedModels(api),
    ...unansweredIntegrations(api),
    ...deafResponses(api),
    ...unsignedServices(api, settings),
    ...nobodyToSign(api, settings),
    ...unplannedKeys(api, settings),
  ]);
  return [...perApi, ...forgottenPlace(settings)];
}

/** A text without a variable is allowed by the grammar; one that spells a variable without its `$` is a slip. */
function forgottenDollar({ apiId, routeSelectionExpression: text }: ApiDefinition): string[] {
  if (!text.includes('request.body') || /\$\{?request\.body/.test(text)) return [];
  return [
    `apis.${apiId}.routeSelectionExpression ${JSON.stringify(text)} has no $ before request.body, so every message takes the route of that very name, or $default`,
  ];
}

function unusedModels({ apiId, routes }: ApiDefinition): string[] {
  return Object.values(routes)
    .filter(({ requestModels, modelSelectionExpression }) => requestModels && modelSelectionExpression === undefined)
    .map(
      ({ routeKey }) =>
        `apis.${apiId}.routes.${routeKey} has requestModels and no modelSelectionExpression: its messages are not checked`,
    );
}

/** Also a route that answers nobody needs one (spec 07 §7.3). */
function unansweredIntegrations({ apiId, integrations }: ApiDefinition): string[] {
  return Object.values(integrations)
    .filter(
      ({ integrationType: type, integrationResponses }) => !/_PROXY$/.test(type) && integrationResponses.length === 0,
    )
    .map(
      ({ integrationId, integrationType }) =>
        `integration ${integrationId} of ${apiId} is ${integrationType} and has no integrationResponses: every message ends in Internal server error; integrationResponses: { $default: {} } passes answers on`,
    );
}

/** Of a function the key is compared with its errorMessage, which may be any text; elsewhere with a status. */
function deafResponses({ apiId, integrations }: ApiDefinition): string[] {
  return Object.values(integrations)
    .filter(
      ({ integrationType, integrationUri }) =>
        integrationType !== 'AWS' || serviceOf(integrationUri ?? '') !== 'lambda',
    )
    .flatMap(({ integrationId, integrationResponses }) =>
      integrationResponses
        .map(({ integrationResponseKey: key }) => key)
        .filter((key) => !/^(?:\$default|\d{3}|\/.*\/)$/s.test(key))
        .map(
          (key) =>
            `integrationResponses of integration ${integrationId} of ${apiId} has the key ${JSON.stringify(key)}, which no status is; there are $default, a status such as 200, or a pattern between slashes such as /4\\d\\d/`,
        ),
    );
}

/**
 * Region and account of this gateway are part of every ARN that authorizers and policies see, and of callers' signatures. Where nobody
 * has set them, and all that the file names is elsewhere, that is where policies written for AWS expect the API too.
 */
function forgottenPlace({ apis, aws }: Omit<Settings, 'warnings'>): string[] {
  const arns = apis.flatMap(({ integrations, authorizers }) => [
    ...Object.values(integrations).map(({ integrationUri }) => integrationUri ?? ''),
    ...Object.values(authorizers ?? {}).map(({ authorizerUri }) => authorizerUri ?? ''),
  ]);
  const named = (part: RegExp) => [...new Set(arns.flatMap((arn) => part.exec(arn)?.[1] ?? []))];
  const warning = (key: string, ours: string, theirs: string[]) => {
    const [other] = theirs;
    if (other === undefined || theirs.length > 1 || other === ours) return [];
    return [
      `aws.${key} is ${ours}, and all functions and services are of ${other}: ARNs that authorizers and policies see are of ${ours}; did you mean aws: { ${key}: "${other}" }?`,
    ];
  };
  return [
    ...(aws.region === defaultPlace.region
      ? warning('region', aws.region, named(/^arn:[\w-]+:apigateway:([a-z0-9-]+):/))
      : []),
    ...(aws.accountId === defaultPlace.accountId
      ? warning('accountId', aws.accountId, named(/:lambda:[a-z0-9-]+:(\d{12}):/))
      : []),
  ];
}

function unsignedServices({ apiId, integrations }: ApiDefinition, { aws }: Omit<Settings, 'warnings'>): string[] {
  if (aws.credentials !== undefined) return [];
  return Object.values(integrations)
    .filter(callsService)
    .map(
      ({ integrationId, integrationUri }) =>
        `integration ${integrationId} of ${apiId} calls ${integrationUri}, and aws.credentials is missing: every call will fail`,
    );
}

function callsService({ integrationType, integrationUri }: IntegrationDefinition): boolean {
  return integrationType === 'AWS' && serviceOf(integrationUri ?? '') !== 'lambda';
}

function nobodyToSign({ apiId, routes }: ApiDefinition, { auth, command }: Omit<Settings, 'warnings'>): string[] {
  if (auth.keys.length > 0 || (command !== 'start' && command !== 'router')) return [];
  return Object.values(routes)
    .filter(({ authorizationType }) => authorizationType === 'AWS_IAM')
    .map(({ routeKey }) => `apis.${apiId}.routes.${routeKey} wants AWS_IAM, and auth.keys is empty: nobody can pass`);
}

function unplannedKeys({ apiId, routes, stages }: ApiDefinition, { shared }: Omit<Settings, 'warnings'>): string[] {
  if (routes['$connect']?.apiKeyRequired !== true) return [];
  const planned = new Set(
    shared.usagePlans
      .filter(({ apiKeyIds }) => apiKeyIds.length > 0)
      .flatMap(({ apiStages }) => apiStages.filter((each) => each.apiId === apiId).map(({ stage }) => stage)),
  );
  return Object.keys(stages)
    .filter((stage) => !planned.has(stage))
    .map((stage) => `stage ${stage} of ${apiId} wants an API key, and no usage plan gives it one: nobody can connect`);
}
