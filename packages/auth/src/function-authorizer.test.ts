import { type AuthorizerDefinition, errorKinds, type RouteDefinition } from '@sluice/contracts';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  accountId,
  arnPrefix,
  ask,
  authorizedRoute,
  connection,
  connectRequest,
  messageRequest,
  nowMs,
  policyOf,
  region,
  ToldFunction,
  traceId,
} from './authorization.fixture.js';
import { createAuthorizers } from './authorizers.js';

let told: ToldFunction;
let clockMs: number;
let authorizers: ReturnType<typeof createAuthorizers>;

beforeEach(() => {
  told = new ToldFunction();
  clockMs = nowMs;
  authorizers = createAuthorizers({ region, accountId, keys: [], prepareFunction: () => told, clock: () => clockMs });
});

function prepare(authorizer: Partial<AuthorizerDefinition> = {}, route: Partial<RouteDefinition> = {}) {
  return authorizers.prepare(authorizedRoute({ authorizationType: 'CUSTOM', ...route }, authorizer));
}

const allowed = { principalId: 'user-1', policyDocument: policyOf('Allow') };

describe('a REQUEST authorizer', () => {
  it('[AU-4] is called with the event of the specification, member by member', async () => {
    told.returns(allowed);
    const request = connectRequest({
      headers: [
        ['host', 'chat.example.com'],
        ['connection', 'upgrade'],
        ['upgrade', 'websocket'],
        ['headerauth1', 'v'],
        ['x-many', 'a'],
        ['x-many', 'b'],
        ['x-forwarded-for', 'forged'],
      ],
      queryString: 'QueryString1=v&QueryString1=w',
    });
    await ask(prepare({ identitySource: ['route.request.header.HeaderAuth1'] }), request);
    const { envelope } = request;
    expect(told.events).toHaveLength(1);
    const [event] = told.events;
    expect(event).toEqual({
      type: 'REQUEST',
      methodArn: `${arnPrefix}/$connect`,
      headers: {
        Connection: 'upgrade',
        'content-length': '0',
        HeaderAuth1: 'v',
        Host: 'chat.example.com',
        Upgrade: 'websocket',
        'X-Amzn-Trace-Id': traceId,
        'X-Forwarded-For': '192.0.2.7',
        'X-Forwarded-Port': '443',
        'X-Forwarded-Proto': 'https',
        'X-Many': 'b',
      },
      multiValueHeaders: expect.objectContaining({ 'X-Many': ['a', 'b'], Connection: ['upgrade'] }),
      queryStringParameters: { QueryString1: 'w' },
      multiValueQueryStringParameters: { QueryString1: ['v', 'w'] },
      stageVariables: { table: 'messages', empty: '' },
      requestContext: {
        routeKey: '$connect',
        eventType: 'CONNECT',
        extendedRequestId: envelope.requestId,
        requestTime: '25/Sep/2026:00:22:29 +0000',
        messageDirection: 'IN',
        stage: 'dev',
        connectedAt: nowMs - 5,
        requestTimeEpoch: nowMs,
        identity: { sourceIp: '192.0.2.7', userAgent: 'tests/1' },
        requestId: envelope.requestId,
        domainName: 'chat.example.com',
        connectionId: envelope.connectionId,
        apiId: 'chat',
      },
    });
    expect(Object.keys(event ?? {})).toEqual([
      ...['type', 'methodArn', 'headers', 'multiValueHeaders', 'queryStringParameters'],
      ...['multiValueQueryStringParameters', 'stageVariables', 'requestContext'],
    ]);
  });

  it('[AU-4] maps that are empty are there', async () => {
    told.returns(allowed);
    const route = authorizedRoute({ authorizationType: 'CUSTOM' });
    await ask(authorizers.prepare({ ...route, stage: { stageName: 'dev', stageVariables: {} } }), connectRequest());
    expect(told.events[0]).toMatchObject({
      queryStringParameters: {},
      multiValueQueryStringParameters: {},
      stageVariables: {},
    });
  });

  it('[AU-3] A1: is not called where an identity source is missing', async () => {
    told.returns(allowed);
    const prepared = prepare({ identitySource: ['route.request.querystring.token'] });
    expect(await ask(prepared, connectRequest({ queryString: 'token=' }))).toEqual({
      ok: false,
      code: 'unauthorized',
      detail: 'identity source route.request.querystring.token is missing or empty',
    });
    expect(told.events).toEqual([]);
    expect(await ask(prepared, connectRequest({ queryString: 'token=x' }))).toMatchObject({ ok: true });
  });

  it('[AU-5] says for the log which authorizer refused what, or what is wrong with its result', async () => {
    const prepared = prepare();
    const detailOf = async (result: unknown) => {
      told.returns(result);
      const outcome = await ask(prepared, connectRequest());
      return outcome.ok ? undefined : outcome.detail;
    };
    const policyDocument = policyOf('Allow', 'arn:aws:execute-api:eu-west-1:*:*');
    expect(await detailOf({ ...allowed, policyDocument })).toBe(
      `authorizer guard: no statement of its policy allows execute-api:Invoke on ${arnPrefix}/$connect`,
    );
    const bad = { ...allowed, policyDocument: { Statement: [{ Effect: 'Alow', Action: '*', Resource: '*' }] } };
    expect(await detailOf(bad)).toBe(
      'authorizer guard: its policyDocument is refused: Effect is neither Allow nor Deny',
    );
  });

  it('[AU-5] A5: context and principal come out as texts', async () => {
    told.returns({
      ...allowed,
      context: { tenant: 'acme', level: 3, beta: true, none: null },
      usageIdentifierKey: 'k',
    });
    expect(await ask(prepare(), connectRequest())).toEqual({
      ok: true,
      authorizer: { principalId: 'user-1', tenant: 'acme', level: '3', beta: 'true' },
      usageIdentifierKey: 'k',
      latencyMs: 0,
    });
    told.returns({ policyDocument: policyOf('Allow') });
    expect(await ask(prepare(), connectRequest())).toMatchObject({ ok: true, authorizer: {} });
  });

  it('[AU-5] its latency is that of the call', async () => {
    told.returns(allowed).hold();
    const outcome = ask(prepare(), connectRequest());
    clockMs += 42;
    told.release();
    expect(await outcome).toMatchObject({ latencyMs: 42 });
  });

  it('[SL-3] the id of the call is there for the access log, and a kept result has none', async () => {
    told.answer = { kind: 'ok', payload: Buffer.from(JSON.stringify(allowed)), requestId: 'b7e1' };
    const kept = prepare({ identitySource: ['route.request.header.X'], resultTtlSeconds: 60 });
    const request = () => connectRequest({ headers: [['x', 'a']] });
    expect(await ask(kept, request())).toMatchObject({ ok: true, requestId: 'b7e1' });
    expect(await ask(kept, request())).toMatchObject({ ok: true, requestId: undefined });
  });

  it.each<[what: string, tell: () => void, status: number, message: string]>([
    ['[AU-5] A2: it fails with Unauthorized', () => told.throws('Unauthorized'), 401, 'Unauthorized'],
    [
      '[AU-5] A3: explicit deny',
      () => told.returns({ ...allowed, policyDocument: policyOf('Deny') }),
      403,
      'User is not authorized to access this resource with an explicit deny in an identity-based policy',
    ],
    [
      '[AU-5] A3: no allow',
      () => told.returns({ ...allowed, policyDocument: policyOf('Allow', `${arnPrefix}/send`) }),
      403,
      'User is not authorized to access this resource because no identity-based policy allows the execute-api:Invoke action',
    ],
    ['[AU-5] A4: it fails otherwise', () => told.throws('Unauthorized: no'), 500, 'Internal server error'],
    ['[AU-5] A4: its time is up', () => fails('integration_timeout'), 500, 'Internal server error'],
    ['[AU-5] A4: it cannot be invoked', () => fails('function_refused', 403), 500, 'Internal server error'],
    ['[AU-5] the result is no JSON', () => told.returns('allow'), 500, ''],
    ['[AU-5] the result is null', () => told.returns('null'), 500, ''],
    ['[AU-5] no policy', () => told.returns({ principalId: 'x' }), 500, ''],
    ['[AU-5] a bad policy', () => told.returns({ policyDocument: { Statement: [{}] } }), 500, ''],
    ['[AU-5] a policy as text', () => told.returns({ policyDocument: JSON.stringify(policyOf('Allow')) }), 500, ''],
    ['[AU-5] a list in the context', () => told.returns({ ...allowed, context: { a: [] } }), 500, ''],
    ['[AU-5] a map in the context', () => told.returns({ ...allowed, context: { a: {} } }), 500, ''],
    ['[AU-5] a context that is a list', () => told.returns({ ...allowed, context: [] }), 500, ''],
    ['[AU-5] a principal that is no text', () => told.returns({ ...allowed, principalId: {} }), 500, ''],
    ['[AU-5] a key that is no text', () => told.returns({ ...allowed, usageIdentifierKey: 1 }), 500, ''],
    ['[AU-5] more than 8 KB', () => told.returns({ ...allowed, context: { a: 'x'.repeat(8_192) } }), 500, ''],
  ])('%s', async (_, tell, status, message) => {
    tell();
    const outcome = await ask(prepare(), connectRequest());
    expect(outcome.ok).toBe(false);
    if (outcome.ok) return;
    const kind = errorKinds[outcome.code];
    expect({ status: kind.handshakeStatus, message: kind.message }).toEqual({ status, message });
    expect(outcome.latencyMs).toBe(0);
  });

  function fails(code: 'integration_timeout' | 'function_refused', status?: number): void {
    told.answer = { kind: 'failed', code, detail: 'told to', status };
  }

  it('[AU-5] an explicit deny is marked, and its source address can be a condition', async () => {
    const statement = { Action: '*', Resource: '*' };
    const elsewhere = { IpAddress: { 'aws:SourceIp': '192.0.2.0/24' } };
    told.returns({
      policyDocument: {
        Statement: [
          { ...statement, Effect: 'Allow' },
          { ...statement, Effect: 'Deny', Condition: elsewhere },
        ],
      },
    });
    expect(await ask(prepare(), connectRequest())).toMatchObject({
      code: 'access_denied_explicit',
      explicitDeny: true,
    });
    const far = { ...connection, sourceIp: '198.51.100.1' };
    expect(await ask(prepare(), connectRequest({}, far))).toMatchObject({ ok: true });
  });

  it('[AU-5] no detail repeats what the function said or got', async () => {
    const secret = 'hunter2-secret';
    const request = () => connectRequest({ headers: [['authorization', secret]], queryString: `t=${secret}` });
    const prepared = prepare({ identitySource: ['route.request.header.Authorization'] });
    const tellings = [
      () => told.throws(secret),
      () => told.returns(secret),
      () => told.returns({ policyDocument: { [secret]: 1, Statement: [] } }),
      () => told.returns({ policyDocument: { Statement: [{ Effect: secret }] } }),
      () => told.returns({ ...allowed, context: { [secret]: [secret] } }),
    ];
    for (const tell of tellings) {
      tell();
      const outcome = await ask(prepared, request());
      expect(outcome.ok).toBe(false);
      expect(JSON.stringify(outcome)).not.toContain(secret);
    }
  });

  it('[AU-5] A9: runs for each connection', async () => {
    told.returns(allowed);
    const prepared = prepare({ identitySource: ['route.request.header.Authorization'] });
    const request = connectRequest({ headers: [['authorization', 'same']] });
    await ask(prepared, request);
    await ask(prepared, request);
    expect(told.events).toHaveLength(2);
  });

  it('[AU-2] a route whose authorizer is not there, or of another kind, lets nobody in', async () => {
    for (const prepared of [
      prepare({}, { authorizerId: 'other' }),
      prepare({}, { authorizerId: undefined }),
      prepare({}, { authorizerId: 'constructor' }),
      prepare({ authorizerType: 'JWT' }),
      prepare({ authorizerUri: undefined }),
      prepare({ identitySource: ['nonsense'] }),
    ]) {
      expect(prepared?.fault).toBeTypeOf('string');
      expect(await ask(prepared, connectRequest())).toMatchObject({ ok: false, code: 'authorizer_misconfigured' });
    }
    expect(told.events).toEqual([]);
  });

  it('[AU-1] a route without authorization has nothing to ask', () => {
    expect(authorizers.prepare(authorizedRoute({}))).toBeUndefined();
    expect(authorizers.prepare(authorizedRoute({ authorizationType: 'NONE' }))).toBeUndefined();
  });
});

describe('authorization of a message', () => {
  it('[AU-9] has the route as resource, and an event with the message', async () => {
    told.returns({ ...allowed, policyDocument: policyOf('Allow', `${arnPrefix}/send`) });
    const prepared = prepare({ identitySource: ['route.request.body.token'] }, { routeKey: 'send' });
    const context = { ...connection, authorizer: { principalId: 'user-1' } };
    const request = messageRequest('{"token":"t"}', context);
    expect(await ask(prepared, request)).toMatchObject({ ok: true });
    expect(told.events[0]).toMatchObject({
      type: 'REQUEST',
      methodArn: `${arnPrefix}/send`,
      headers: {},
      multiValueHeaders: {},
      queryStringParameters: {},
      multiValueQueryStringParameters: {},
      requestContext: {
        routeKey: 'send',
        eventType: 'MESSAGE',
        messageId: expect.any(String),
        authorizer: { principalId: 'user-1' },
      },
      body: '{"token":"t"}',
      isBase64Encoded: false,
    });
    expect(await ask(prepared, messageRequest('{}'))).toMatchObject({ ok: false, code: 'unauthorized' });
  });
});

describe('kept results', () => {
  const kept = { identitySource: ['route.request.header.Authorization'], resultTtlSeconds: 60 };
  const by = (authorization: string) => connectRequest({ headers: [['authorization', authorization]] });

  it('[AU-10] a result is kept for its time, by the values of the identity sources', async () => {
    told.returns(allowed);
    const prepared = prepare(kept);
    expect(await ask(prepared, by('a'))).toMatchObject({ ok: true, latencyMs: 0 });
    clockMs += 59_999;
    expect(await ask(prepared, by('a'))).toMatchObject({ ok: true, latencyMs: undefined });
    await ask(prepared, by('b'));
    expect(told.events).toHaveLength(2);
    clockMs += 1;
    await ask(prepared, by('a'));
    expect(told.events).toHaveLength(3);
  });

  it('[AU-10] denials are kept, failures are not', async () => {
    const prepared = prepare(kept);
    told.returns({ policyDocument: policyOf('Deny') });
    await ask(prepared, by('denied'));
    expect(await ask(prepared, by('denied'))).toMatchObject({ code: 'access_denied_explicit' });
    expect(told.events).toHaveLength(1);
    for (const tell of [() => told.throws('x'), () => told.throws('Unauthorized'), () => told.returns('broken')]) {
      tell();
      await ask(prepared, by('failing'));
    }
    told.returns(allowed);
    expect(await ask(prepared, by('failing'))).toMatchObject({ ok: true });
    expect(told.events).toHaveLength(5);
  });

  it('[AU-10] the policy is evaluated anew for each route and address', async () => {
    told.returns({ policyDocument: policyOf('Allow', `${arnPrefix}/send`) });
    const sources = { identitySource: ['stageVariables.table'], resultTtlSeconds: 60 };
    expect(await ask(prepare(sources), by('a'))).toMatchObject({ code: 'access_denied' });
    expect(await ask(prepare(sources, { routeKey: 'send' }), messageRequest('{}'))).toMatchObject({ ok: true });
    expect(told.events).toHaveLength(1);
  });

  it('[AU-10] nothing is kept without identity sources, or over a changed definition', async () => {
    told.returns(allowed);
    const without = prepare({ resultTtlSeconds: 60 });
    await ask(without, by('a'));
    await ask(without, by('a'));
    expect(told.events).toHaveLength(2);
    await ask(prepare(kept), by('a'));
    await ask(prepare({ ...kept, authorizerUri: 'http://127.0.0.1:9/other' }), by('a'));
    expect(told.events).toHaveLength(4);
  });

  it('[AU-10] those who come while the call is out wait for it', async () => {
    told.returns(allowed).hold();
    const prepared = prepare(kept);
    const asked = [ask(prepared, by('a')), ask(prepared, by('a')), ask(prepared, by('b'))];
    expect(told.events).toHaveLength(2);
    told.release();
    expect((await Promise.all(asked)).map(({ ok }) => ok)).toEqual([true, true, true]);

    told.throws('x').hold();
    const failing = [ask(prepared, by('c')), ask(prepared, by('c'))];
    told.release();
    for (const outcome of await Promise.all(failing)) expect(outcome).toMatchObject({ code: 'authorizer_failed' });
    expect(told.events).toHaveLength(3);
  });

  it('[AU-10] their number is bounded, and the least recently used goes first', async () => {
    told.returns(allowed);
    const prepared = prepare(kept);
    await ask(prepared, by('first'));
    for (let i = 0; i < 4_095; i++) await ask(prepared, by(`${i}`));
    await ask(prepared, by('first'));
    expect(told.events).toHaveLength(4_096);
    await ask(prepared, by('one more'));
    await ask(prepared, by('first'));
    expect(told.events).toHaveLength(4_097);
    await ask(prepared, by('0'));
    expect(told.events).toHaveLength(4_098);
  });
});
