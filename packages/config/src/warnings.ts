import type { ApiDefinition, IntegrationDefinition } from '@sluice/contracts';
import { serviceOf } from './checks/integration-arn.js';
import type { Settings } from './settings.js';

/** What is allowed and most likely not meant: a line each for the log at the start. */
export function warningsOf(settings: Omit<Settings, 'warnings'>): string[] {
  return settings.apis.flatMap((api) => [
    ...forgottenDollar(api),
    ...unusedModels(api),
    ...unsignedServices(api, settings),
    ...nobodyToSign(api, settings),
    ...unplannedKeys(api, settings),
  ]);
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
