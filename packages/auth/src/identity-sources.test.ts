import { describe, expect, it } from 'vitest';
import { authorizedRoute, connectRequest, messageRequest } from './authorization.fixture.js';
import type { AuthorizationRequest } from './authorization.js';
import { compileIdentitySources } from './identity-sources.js';

const { stage } = authorizedRoute({});

function sourcesOf(...expressions: string[]) {
  const reading = compileIdentitySources(expressions);
  if ('fault' in reading) throw new Error(reading.fault);
  return reading.sources;
}

const read = (expression: string, request: AuthorizationRequest) => sourcesOf(expression).read(request, stage);

const handshake = connectRequest({
  headers: [
    ['host', 'chat.example.com'],
    ['x-token', 'one'],
    ['x-empty', ''],
    ['x-token', 'two'],
  ],
  queryString: 'token=first&Token=other&token=last%2B1&empty=',
});
const { context } = handshake;

describe('identity sources', () => {
  it.each([
    ['route.request.header.X-Token', 'one,two'],
    ['route.request.header.x-TOKEN', 'one,two'],
    ['route.request.querystring.token', 'last+1'],
    ['route.request.querystring.Token', 'other'],
    ['stageVariables.table', 'messages'],
    ['context.routeKey', '$connect'],
    ['context.stage', 'dev'],
    ['context.apiId', 'chat'],
    ['context.accountId', '123456789012'],
    ['context.domainName', 'chat.example.com'],
    ['context.requestId', context()['requestId']],
    ['context.identity.sourceIp', '192.0.2.7'],
    ['context.identity.userAgent', 'tests/1'],
    ['context.connectionId', context()['connectionId']],
    ['context.connectedAt', String(context()['connectedAt'])],
    ['context.requestTimeEpoch', String(context()['requestTimeEpoch'])],
  ])('[AU-3] %s is read', (expression, value) => {
    expect(read(expression, handshake)).toEqual({ values: [value] });
  });

  it.each([
    'route.request.header.Authorization',
    'route.request.header.X-Empty',
    'route.request.querystring.TOKEN',
    'route.request.querystring.empty',
    'stageVariables.Table',
    'stageVariables.empty',
    'stageVariables.constructor',
    'context.eventType',
    'context.messageDirection',
    'context.identity',
    'context.nothing',
    'context.constructor',
  ])('[AU-3] A1: %s is missing or empty', (expression) => {
    expect(read(expression, handshake)).toEqual({ missing: expression });
  });

  it('[AU-3] all of them have to be there; the first that is not is named', () => {
    const sources = sourcesOf('stageVariables.table', 'route.request.header.a', 'route.request.header.b');
    expect(sources.read(handshake, stage)).toEqual({ missing: 'route.request.header.a' });
    expect(sourcesOf('context.stage', 'context.apiId').read(handshake, stage)).toEqual({ values: ['dev', 'chat'] });
  });

  it('[AU-3] an empty list and one empty text mean none', () => {
    for (const sources of [sourcesOf(), sourcesOf('')]) {
      expect(sources.isEmpty).toBe(true);
      expect(sources.read(handshake, stage)).toEqual({ values: [] });
    }
    expect(sourcesOf('context.stage').isEmpty).toBe(false);
  });

  it.each([
    'x',
    'method.request.header.Authorization',
    'route.request.header.',
    'route.request.header.a b',
    'route.request.path.x',
    '$request.header.x',
    ' context.stage',
    'context.stage,context.apiId',
  ])('[AU-2] "%s" is no identity source', (expression) => {
    const reading = compileIdentitySources(['context.stage', expression]);
    expect(reading).toEqual({
      fault: expect.stringContaining(
        `Invalid request identity source expression: ${expression}. The sources must be separated by comma, and each source must be either a request parameter, `,
      ),
    });
  });

  it('[AU-9] a message yields members of its JSON, and nothing of the handshake', () => {
    const message = messageRequest('{"auth":{"token":"t","n":7,"deep":{}},"empty":""}');
    expect(read('route.request.body.auth.token', message)).toEqual({ values: ['t'] });
    expect(read('route.request.body.auth.n', message)).toEqual({ values: ['7'] });
    for (const path of ['auth.deep', 'auth.token.length', 'auth.constructor.name', 'empty', 'none', '__proto__.x']) {
      expect(read(`route.request.body.${path}`, message)).toEqual({ missing: `route.request.body.${path}` });
    }
    expect(read('route.request.body.a', messageRequest('no json'))).toHaveProperty('missing');
    expect(read('route.request.body.0', messageRequest('["x"]'))).toHaveProperty('missing');
    expect(read('route.request.header.x-token', message)).toHaveProperty('missing');
    expect(read('route.request.querystring.token', message)).toHaveProperty('missing');
    expect(read('route.request.body.a', handshake)).toHaveProperty('missing');
    expect(read('context.routeKey', message)).toEqual({ values: ['send'] });
  });
});
