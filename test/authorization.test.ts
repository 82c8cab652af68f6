import { Sha256 } from '@aws-crypto/sha256-js';
import { connectClient, refusedHandshake, testKey, waitFor } from '@sluice/testkit';
import { SignatureV4 } from '@smithy/signature-v4';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FakeFunctions, FunctionFailure, functionUri, startFunctions } from './fake-functions.js';
import { type Gateway, gatewayKinds } from './gateway-kinds.js';

const policy = (Effect: string, Resource = '*') => ({
  principalId: 'user-1',
  policyDocument: { Version: '2012-10-17', Statement: [{ Action: 'execute-api:Invoke', Effect, Resource }] },
});

describe.each(gatewayKinds)('authorization of handshakes (%s)', (_kind, start) => {
  let functions: FakeFunctions;
  let gateway: Gateway;

  beforeAll(async () => {
    functions = await startFunctions({
      authorizer: () => policy('Allow'),
      backend: (event) => ({ statusCode: 200, body: event.body ?? '' }),
    });
    const integrations = { backend: { integrationType: 'AWS_PROXY', integrationUri: functionUri('backend') } };
    const routes = {
      $disconnect: 'backend',
      $default: { integration: 'backend', routeResponse: true },
    };
    gateway = await start({
      lambda: { endpoint: functions.url },
      apis: {
        custom: {
          routeSelectionExpression: '$request.body.action',
          integrations,
          authorizers: {
            auth: {
              authorizerType: 'REQUEST',
              authorizerUri: functionUri('authorizer'),
              identitySource: ['route.request.header.X-Token', 'route.request.querystring.tenant'],
            },
          },
          routes: {
            $connect: { integration: 'backend', authorizationType: 'CUSTOM', authorizer: 'auth' },
            ...routes,
          },
          stages: { dev: {} },
        },
        iam: {
          routeSelectionExpression: '$request.body.action',
          integrations,
          routes: { $connect: { authorizationType: 'AWS_IAM' }, ...routes },
          stages: { dev: {} },
        },
      },
    });
  });
  afterAll(async () => {
    await gateway?.stop();
    await functions?.stop();
  });

  const address = (query = '?tenant=acme') => `${gateway.webSocketUrl}/custom/dev${query}`;
  const headers = { 'x-token': 'secret' };

  it('[AU-5] [LE-4] A5, A9: what the authorizer returns reaches every later event as text; each connect asks it again', async () => {
    functions.set('authorizer', () => ({ ...policy('Allow'), context: { tenant: 'acme', level: 3, beta: true } }));
    const before = functions.callsOf('authorizer').length;
    for (let n = 0; n < 2; n++) {
      const client = await connectClient(address(), { headers });
      client.send({ action: 'x' });
      await client.next();
      await client.close();
    }
    expect(functions.callsOf('authorizer').length - before).toBe(2);
    const context = { principalId: 'user-1', tenant: 'acme', level: '3', beta: 'true' };
    await waitFor('the events', () => functions.callsOf('backend').length >= 6);
    const authorizers = (type: string) =>
      functions
        .callsOf('backend')
        .filter(({ requestContext }) => requestContext.eventType === type)
        .map(({ requestContext }) => requestContext.authorizer);
    const [connectContext] = authorizers('CONNECT');
    expect(connectContext).toMatchObject(context);
    expect(typeof connectContext?.['integrationLatency']).toBe('number');
    expect(authorizers('MESSAGE')[0]).toEqual(context);
    expect(authorizers('DISCONNECT')[0]).toEqual(context);
  });

  it('[AU-3] A1: without its identity sources a handshake is 401, and the function is not called', async () => {
    const before = functions.calls.length;
    for (const [query, given] of [
      ['?tenant=acme', {}],
      ['', headers],
      ['?tenant=', headers],
    ] as const) {
      const refused = await refusedHandshake(address(query), { headers: given });
      expect([refused.status, JSON.parse(refused.body).message]).toEqual([401, 'Unauthorized']);
      expect(refused.headers['x-amz-apigw-id']).toBe(JSON.parse(refused.body).requestId);
    }
    expect(functions.calls.length).toBe(before);
  });

  it('[AU-5] [CN-5] A2, A3, A4: every outcome of the authorizer has its status and text', async () => {
    const connects = functions.callsOf('backend').length;
    const fail = (message: string) => () => {
      throw new FunctionFailure(message);
    };
    for (const [handler, status, message] of [
      [fail('Unauthorized'), 401, 'Unauthorized'],
      [fail('unauthorized'), 500, 'Internal server error'],
      [
        () => policy('Deny'),
        403,
        'User is not authorized to access this resource with an explicit deny in an identity-based policy',
      ],
      [
        () => policy('Allow', 'arn:aws:execute-api:us-east-1:000000000000:custom/prod/*'),
        403,
        'User is not authorized to access this resource because no identity-based policy allows the execute-api:Invoke action',
      ],
      [() => ({ principalId: 'x' }), 500, ''],
      [() => ({ ...policy('Allow'), context: { list: [1] } }), 500, ''],
    ] as const) {
      functions.set('authorizer', handler);
      const refused = await refusedHandshake(address(), { headers });
      expect([refused.status, JSON.parse(refused.body).message]).toEqual([status, message]);
    }
    expect(functions.callsOf('backend').length).toBe(connects);
  });

  it('[AU-6] A8: AWS_IAM: not signed is 403, signed in headers or in the query is 101, tampered with is 403', async () => {
    const signer = new SignatureV4({
      service: 'execute-api',
      region: 'us-east-1',
      sha256: Sha256,
      credentials: { ...testKey },
    });
    const url = new URL(`${gateway.webSocketUrl}/iam/dev`);
    const request = {
      method: 'GET',
      protocol: 'https:',
      hostname: url.hostname,
      port: Number(url.port),
      path: '/iam/dev',
      headers: { host: url.host },
    };
    const unsigned = await refusedHandshake(url.href);
    expect([unsigned.status, unsigned.body]).toEqual([403, '{"message":"Missing Authentication Token"}']);
    expect(unsigned.headers['x-amzn-errortype']).toBe('MissingAuthenticationTokenException');

    const { headers: signed } = await signer.sign({ ...request, query: {} });
    const { host: _host, ...byHeader } = signed;
    const client = await connectClient(url.href, { headers: byHeader });
    client.send('hello');
    expect(await client.next()).toBe('hello');
    const event = functions.callsOf('backend').at(-1);
    expect(event?.requestContext.identity).toMatchObject({ accessKey: testKey.accessKeyId });
    await client.close();

    const presigned = await signer.presign({ ...request, query: { room: 'a b' } }, { expiresIn: 60 });
    const query = new URLSearchParams(presigned.query as Record<string, string>).toString().replaceAll('+', '%20');
    await (await connectClient(`${url.href}?${query}`)).close();

    const tampered = await refusedHandshake(`${url.href}?${query}&extra=1`);
    expect([tampered.status, tampered.body]).toEqual([403, '{"message":"Forbidden"}']);
  });
});
