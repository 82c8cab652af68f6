import type { Path } from '../problems.js';
import { type ApiPlace, attempt, type Members, members, sameAsKey, textMembers, textOf } from './check-place.js';
import { checkAwsArn, checkFunctionArn, checkUrl, type PlaceholderNames } from './check-uri.js';

export function checkIntegration(path: Path, integration: Members, at: ApiPlace): void {
  checkTarget(path, integration, at);
  const { requestTemplates, templateSelectionExpression, requestParameters, connectionType, connectionId } =
    integration;
  if (connectionType === 'VPC_LINK' && connectionId === undefined) {
    at.report(
      [...path, 'connectionId'],
      'is missing: ConnectionId must be set to vpcLinkId for ConnectionType VPC_LINK',
    );
  }
  checkTemplates([...path, 'requestTemplates'], requestTemplates, at);
  const { checkers } = at;
  const selection = textOf(templateSelectionExpression);
  attempt(at, [...path, 'templateSelectionExpression'], selection, checkers.requestTemplateSelection);
  checkEach([...path, 'requestParameters'], requestParameters, at, checkers.requestParameters);
  for (const [key, response] of Object.entries(members(integration['integrationResponses']))) {
    checkResponse([...path, 'integrationResponses', key], key, members(response), at);
  }
}

function checkTarget(path: Path, integration: Members, at: ApiPlace): void {
  const { integrationType, integrationUri } = integration;
  const here = [...path, 'integrationUri'];
  if (integrationType === 'MOCK') {
    if (integrationUri !== undefined) at.report(here, 'is not for MOCK, which calls nothing');
    return;
  }
  const wanted = { HTTP: 'a URL', HTTP_PROXY: 'a URL', AWS: 'an ARN', AWS_PROXY: 'an ARN' }[String(integrationType)];
  if (wanted === undefined) return;
  if (integrationUri === undefined) return at.report(here, `is missing; ${integrationType} needs ${wanted}`);
  if (typeof integrationUri !== 'string') return;
  if (integrationType === 'AWS_PROXY') checkFunctionArn(here, integrationUri, at);
  else if (integrationType === 'AWS') checkAwsArn(here, integrationUri, at, filledPlaceholders(integration));
  else checkUrl(here, integrationUri, at, filledPlaceholders(integration));
}

/** Path placeholders that a mapping fills. A template can fill any, through `$context.requestOverride.path`. */
function filledPlaceholders({ requestParameters, requestTemplates }: Members): PlaceholderNames {
  if (Object.values(textMembers(requestTemplates)).some((text) => text.includes('requestOverride'))) return 'any';
  const prefix = 'integration.request.path.';
  return Object.keys(members(requestParameters))
    .filter((key) => key.startsWith(prefix))
    .map((key) => key.slice(prefix.length));
}

function checkResponse(path: Path, key: string, response: Members, at: ApiPlace): void {
  const { checkers } = at;
  const { integrationResponseKey, responseTemplates, templateSelectionExpression, responseParameters } = response;
  sameAsKey(at, [...path, 'integrationResponseKey'], integrationResponseKey, key);
  attempt(at, path, key, checkers.integrationResponseKey);
  checkTemplates([...path, 'responseTemplates'], responseTemplates, at);
  const selection = textOf(templateSelectionExpression);
  attempt(at, [...path, 'templateSelectionExpression'], selection, checkers.responseTemplateSelection);
  checkEach([...path, 'responseParameters'], responseParameters, at, checkers.responseParameters);
}

function checkTemplates(path: Path, templates: unknown, at: ApiPlace): void {
  for (const [key, template] of Object.entries(textMembers(templates))) {
    attempt(at, [...path, key], template, at.checkers.template);
  }
}

/** Mappings one by one, so that each mistake is found in its own place. */
function checkEach(
  path: Path,
  parameters: unknown,
  at: ApiPlace,
  check: ((parameters: Record<string, string>) => void) | undefined,
): void {
  if (check === undefined) return;
  for (const [key, source] of Object.entries(textMembers(parameters))) {
    attempt(at, [...path, key], source, (text) => check({ [key]: text }));
  }
}
