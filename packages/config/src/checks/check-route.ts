import type { Path } from '../problems.js';
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

/** The authorization that counts: what is written, else what the named authorizer is for. */
export function authorizationTypeOf(route: Members, authorizers: Members): string {
  const { authorizationType, authorizer, authorizerId } = route;
  if (typeof authorizationType === 'string') return authorizationType;
  const name = textOf(authorizer) ?? textOf(authorizerId);
  if (name === undefined) return 'NONE';
  const named = Object.hasOwn(authorizers, name) ? members(authorizers[name]) : {};
  return named['authorizerType'] === 'JWT' ? 'JWT' : 'CUSTOM';
}

function checkAuthorization(path: Path, key: string, route: Members, at: ApiPlace): void {
  keepOne(at, path, route, 'authorizerId', 'authorizer');
  const authorizers = members(at.api['authorizers']);
  const type = authorizationTypeOf(route, authorizers);
  const member = route['authorizer'] === undefined ? 'authorizerId' : 'authorizer';
  const name = route[member];
  if (key === '$disconnect' && type !== 'NONE') {
    at.report([...path, 'authorizationType'], `is ${type}; a connection that has ended can no longer be refused`);
  }
  if (route['authorizationScopes'] !== undefined && type !== 'JWT') {
    const reason = 'Authorization Scopes are only valid for COGNITO_USER_POOLS and JWT authorization type';
    at.report([...path, 'authorizationScopes'], `is for JWT: ${reason}`);
  }
  if (type === 'NONE' || type === 'AWS_IAM') {
    if (name !== undefined)
      at.report([...path, member], `is not for authorizationType ${type}, which asks no authorizer`);
    return;
  }
  if (type !== 'CUSTOM' && type !== 'JWT') return;
  if (name === undefined) return at.report([...path, 'authorizer'], `is missing; authorizationType ${type} needs one`);
  if (!checkName(at, [...path, member], name, authorizers, 'no authorizer of this API')) return;
  const wanted = type === 'JWT' ? 'JWT' : 'REQUEST';
  const { authorizerType } = members(authorizers[String(name)]);
  if (typeof authorizerType === 'string' && authorizerType !== wanted) {
    at.report(
      [...path, 'authorizationType'],
      `is ${type}, but the authorizer ${name} is of authorizerType ${authorizerType}; ${authorizerType} goes with ${authorizerType === 'JWT' ? 'JWT' : 'CUSTOM'}`,
    );
  }
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
