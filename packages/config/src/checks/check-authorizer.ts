import type { ModelDefinition } from '@sluice/contracts';
import { identitySourcesOf } from '../identity-source-list.js';
import type { Path } from '../problems.js';
import { type ApiPlace, attempt, type Members, members, sameAsKey } from './check-place.js';
import { checkAuthorizerUri, checkEndpoint } from './check-uri.js';

export function checkAuthorizer(path: Path, authorizer: Members, at: ApiPlace): void {
  const { authorizerType, identitySource } = authorizer;
  if (authorizerType === 'JWT') checkJwt(path, authorizer, at);
  else if (authorizerType === 'REQUEST') checkRequest(path, authorizer, at);
  else return;
  const sources = identitySourcesOf(identitySource);
  if (sources?.length === 0) return;
  attempt(at, [...path, 'identitySource'], sources, (list) => at.checkers.identitySources?.(list, authorizerType));
}

function checkRequest(path: Path, authorizer: Members, at: ApiPlace): void {
  const { authorizerUri, jwtConfiguration, identitySource, authorizerResultTtlInSeconds } = authorizer;
  if (typeof authorizerUri === 'string') checkAuthorizerUri([...path, 'authorizerUri'], authorizerUri, at);
  else if (authorizerUri === undefined)
    at.report([...path, 'authorizerUri'], 'is missing; REQUEST needs a function or an address');
  if (jwtConfiguration !== undefined) at.report([...path, 'jwtConfiguration'], 'is for authorizerType JWT');
  if (Number(authorizerResultTtlInSeconds) > 0 && identitySourcesOf(identitySource)?.length === 0) {
    const reason = 'results are kept by the values of the identity sources, and there are none';
    at.report([...path, 'authorizerResultTtlInSeconds'], `has no effect: ${reason}`);
  }
}

function checkJwt(path: Path, authorizer: Members, at: ApiPlace): void {
  const { authorizerUri, jwtConfiguration, identitySource, authorizerResultTtlInSeconds } = authorizer;
  if (authorizerUri !== undefined) at.report([...path, 'authorizerUri'], 'is for authorizerType REQUEST');
  if (Number(authorizerResultTtlInSeconds) > 0) {
    at.report([...path, 'authorizerResultTtlInSeconds'], 'is for authorizerType REQUEST; tokens are checked each time');
  }
  if (identitySourcesOf(identitySource)?.length === 0) {
    at.report(
      [...path, 'identitySource'],
      'is missing; it says where the token is, for example route.request.header.Authorization',
    );
  }
  const here = [...path, 'jwtConfiguration'];
  if (jwtConfiguration === undefined) return at.report(here, 'is missing; JWT needs { issuer, audience }');
  const { issuer, jwksUri } = members(jwtConfiguration);
  checkEndpoint([...here, 'issuer'], issuer, at);
  checkEndpoint([...here, 'jwksUri'], jwksUri, at);
}

export function checkModels(path: Path, models: Members, at: ApiPlace): void {
  for (const [key, model] of Object.entries(models)) sameAsKey(at, [...path, key, 'name'], members(model)['name'], key);
  const { model: check } = at.checkers;
  if (check === undefined || at.api['disableSchemaValidation'] === true) return;
  const definitions: Record<string, ModelDefinition> = {};
  for (const [name, model] of Object.entries(models)) {
    const { schema } = members(model);
    if (typeof schema === 'string') definitions[name] = { name, contentType: 'application/json', schema };
    else if (typeof schema === 'object' && schema !== null)
      definitions[name] = { name, contentType: 'application/json', schema: JSON.stringify(schema) };
  }
  for (const [name, definition] of Object.entries(definitions)) {
    attempt(at, [...path, name, 'schema'], definition, (model) => check(model, definitions));
  }
}
