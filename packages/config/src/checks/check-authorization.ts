import { identitySourcesOf } from '../identity-source-list.js';
import { type Path, showValue } from '../problems.js';
import { type ApiPlace, checkName, type Members, members, textOf } from './check-place.js';

/** The authorization that counts: what is written, else what the named authorizer is for. */
export function authorizationTypeOf(route: Members, authorizers: Members): string {
  const { authorizationType, authorizer, authorizerId } = route;
  if (typeof authorizationType === 'string') return authorizationType;
  const name = textOf(authorizer) ?? textOf(authorizerId);
  if (name === undefined) return 'NONE';
  const named = Object.hasOwn(authorizers, name) ? members(authorizers[name]) : {};
  return named['authorizerType'] === 'JWT' ? 'JWT' : 'CUSTOM';
}

export function checkAuthorization(path: Path, key: string, route: Members, at: ApiPlace): void {
  if (route['authorizerId'] !== undefined && route['authorizer'] !== undefined) {
    at.report([...path, 'authorizerId'], 'says the same as authorizer; keep one');
  }
  const type = authorizationTypeOf(route, members(at.api['authorizers']));
  const name = route['authorizer'] ?? route['authorizerId'];
  if (key === '$disconnect' && type !== 'NONE') {
    at.report([...path, 'authorizationType'], `is ${type}; a connection that has ended can no longer be refused`);
  }
  if (route['authorizationScopes'] !== undefined && type !== 'JWT') {
    const reason = 'Authorization Scopes are only valid for COGNITO_USER_POOLS and JWT authorization type';
    at.report([...path, 'authorizationScopes'], `is for JWT: ${reason}`);
  }
  if (type === 'CUSTOM' || type === 'JWT') return checkNamed(path, key, route, type, at);
  if (name !== undefined && (type === 'NONE' || type === 'AWS_IAM')) {
    at.report([...path, memberOf(route)], `is not for authorizationType ${type}, which asks no authorizer`);
  }
  if (type === 'AWS_IAM' && key !== '$connect') checkSignedConnection(path, at);
}

function memberOf(route: Members): string {
  return route['authorizer'] === undefined ? 'authorizerId' : 'authorizer';
}

function checkNamed(path: Path, key: string, route: Members, type: 'CUSTOM' | 'JWT', at: ApiPlace): void {
  const authorizers = members(at.api['authorizers']);
  const member = memberOf(route);
  const name = route[member];
  if (name === undefined) return at.report([...path, 'authorizer'], `is missing; authorizationType ${type} needs one`);
  if (!checkName(at, [...path, member], name, authorizers, 'no authorizer of this API')) return;
  const authorizer = members(authorizers[String(name)]);
  const { authorizerType } = authorizer;
  if (typeof authorizerType === 'string' && authorizerType !== (type === 'JWT' ? 'JWT' : 'REQUEST')) {
    const goesWith = authorizerType === 'JWT' ? 'JWT' : 'CUSTOM';
    const fact = `the authorizer ${name} is of authorizerType ${authorizerType}, which goes with ${goesWith}`;
    return at.report([...path, 'authorizationType'], `is ${type}, but ${fact}`);
  }
  const sources = identitySourcesOf(authorizer['identitySource']) ?? [];
  const unreadable = sources.filter((source) => !isReadable(source, key));
  // All identity sources have to be there; of the places of a token one is enough.
  const reached = type === 'JWT' ? unreadable.length < sources.length || sources.length === 0 : unreadable.length === 0;
  if (reached) return;
  const has =
    key === '$connect'
      ? 'a handshake has no body'
      : 'a message has a body (route.request.body.<path>) and no headers or query';
  at.report(
    [...path, member],
    `is ${showValue([...path, member], name)}, whose identitySource ${unreadable[0]} never has a value here: ${has}`,
  );
}

function isReadable(source: string, key: string): boolean {
  const place = /^(?:route\.request|\$request)\.(header|querystring|body)\./.exec(source)?.[1];
  return place === undefined || (place === 'body') === (key !== '$connect');
}

/** Messages are not signed: who signed the handshake is who sends them. */
function checkSignedConnection(path: Path, at: ApiPlace): void {
  const connect = members(members(at.api['routes'])['$connect']);
  if (authorizationTypeOf(connect, members(at.api['authorizers'])) === 'AWS_IAM') return;
  at.report(
    [...path, 'authorizationType'],
    'is AWS_IAM, but $connect is not: only a connection whose handshake was signed has somebody to ask for',
  );
}
