import type { Path } from '../problems.js';
import { authorizationTypeOf, checkAuthorization } from './check-authorization.js';
import { checkIntegration } from './check-integration.js';
import { type ApiPlace, attempt, checkName, type Members, members, sameAsKey, textOf } from './check-place.js';
import { checkFunctionArn, checkUrl, isArn, looksLikeUrl } from './check-uri.js';

export function checkRoute(path: Path, key: string, route: unknown, at: ApiPlace): void {
  if (typeof route === 'string') return checkTarget(path, route, at);
  const definition = members(route);
  const { routeKey, integration, target, routeResponse, routeResponses } = definition;
  sameAsKey(at, [...path, 'routeKey'], routeKey, key);
  keepOne(at, path, definition, 'target', 'integration');
  if (routeResponse !== undefined && routeResponses !== undefined) {
    at.report([...path, 'routeResponses'], 'says the same as routeResponse; keep one');
  }
  if (typeof target === 'string') checkTarget([...path, 'target'], target.replace(/^integrations\//, ''), at);
  if (typeof integration === 'string') checkTarget([...path, 'integration'], integration, at);
  else if (integration !== undefined) checkIntegration([...path, 'integration'], members(integration), at);
  checkAuthorization(path, key, definition, at);
  checkValidation(path, key, definition, at);
  if (definition['order'] !== undefined && (key === '$connect' || key === '$disconnect')) {
    at.report([...path, 'order'], `is for messages; ${key} comes once for each connection`);
  }
}

function keepOne({ report }: ApiPlace, path: Path, definition: Members, one: string, other: string): void {
  if (definition[one] !== undefined && definition[other] !== undefined) {
    report([...path, one], `says the same as ${other}; keep one`);
  }
}

function checkTarget(path: Path, target: string, at: ApiPlace): void {
  if (isArn(target)) return checkFunctionArn(path, target, at);
  if (looksLikeUrl(target)) return checkUrl(path, target, at);
  checkName(at, path, target, members(at.api['integrations']), 'neither a URL nor an integration of this API');
}

function checkValidation(path: Path, key: string, route: Members, at: ApiPlace): void {
  const { apiKeyRequired, modelSelectionExpression, requestModels, requestParameters } = route;
  if (apiKeyRequired === true && key !== '$connect') {
    const way = 'messages of a connection with an API key count against its usage plan by themselves';
    at.report([...path, 'apiKeyRequired'], `is for $connect, the only route that a key comes with; ${way}`);
  }
  if (apiKeyRequired === true && at.api['apiKeySelectionExpression'] === '$context.authorizer.usageIdentifierKey') {
    const type = authorizationTypeOf(route, members(at.api['authorizers']));
    if (type !== 'CUSTOM') {
      at.report(
        [...path, 'apiKeyRequired'],
        `takes the key from an authorizer (apiKeySelectionExpression), but authorizationType is ${type}; it has to be CUSTOM`,
      );
    }
  }
  const selection = textOf(modelSelectionExpression);
  attempt(at, [...path, 'modelSelectionExpression'], selection, at.checkers.modelSelection);
  if (selection !== undefined && requestModels === undefined) {
    at.report([...path, 'requestModels'], 'is missing; modelSelectionExpression chooses among them');
  }
  for (const [modelKey, name] of Object.entries(members(requestModels))) {
    checkName(at, [...path, 'requestModels', modelKey], name, members(at.api['models']), 'no model of this API');
  }
  if (key === '$connect') return;
  for (const [name, constraint] of Object.entries(members(requestParameters))) {
    if (constraint !== true && members(constraint)['required'] !== true) continue;
    at.report([...path, 'requestParameters', name], 'is required, but only $connect has headers and a query');
  }
}
