import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ApiDefinition, AuthorizerDefinition } from '@sluice/contracts';
import type { LogSinks } from '@sluice/logs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { chatApi, integration, mock, startRouter } from './testing/start-router.js';

const allow = (more: object = {}) => ({
  principalId: 'user-1',
  policyDocument: {
    Version: '2012-10-17',
    Statement: [{ Action: 'execute-api:Invoke', Effect: 'Allow', Resource: '*' }],
  },
  ...more,
});

/** A Lambda Invoke API of one function, and an HTTP authorizer: what they were asked, and what they answer. */
const functions = {
  url: '',
  events: [] as { path: string; event: Record<string, unknown>; traceId: string }[],
  answer: { status: 200, headers: {} as Record<string, string>, body: '' },
};
const server = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  functions.events.push({
    path: request.url ?? '',
    event: JSON.parse(body),
    traceId: String(request.headers['x-amzn-trace-id']),
  });
  const { status, headers, body: text } = functions.answer;
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(text) }).end(text);
});

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  functions.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});
afterEach(() => {
  functions.events = [];
  functions.answer = { status: 200, headers: {}, body: '' };
});

function authorizer(more: Partial<AuthorizerDefinition> = {}): AuthorizerDefinition {
  return {
    authorizerId: 'auth',
    name: 'auth',
    authorizerType: 'REQUEST',
    authorizerUri:
      'arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:auth/invocations',
    identitySource: ['route.request.header.X-Token'],
    resultTtlSeconds: 0,
    ...more,
  };
}

function authorizedApi(more: Partial<AuthorizerDefinition> = {}, api: Partial<ApiDefinition> = {}): ApiDefinition {
  return chatApi(
    { $connect: { authorizationType: 'CUSTOM', authorizerId: 'auth' }, a: {} },
    { authorizers: { auth: authorizer(more) }, ...api },
  );
}

const start = (api = authorizedApi()) => startRouter(api, { lambda: { endpoint: functions.url } });
const token = { headers: [['x-token', 'secret']] as [string, string][] };

describe('authorization of $connect', () => {
  it('[AU-3] [CN-5] A1: an identity source that is missing or empty is 401, and nobody is called', async () => {
    const { connect } = await start();
    for (const handshake of [{}, { headers: [['x-token', '']] as [string, string][] }]) {
      const refused = await connect(handshake);
      expect(refused.status).toBe(401);
      expect(refused.headers['content-type']).toBe('application/json; charset=UTF-8');
      const body = JSON.parse(refused.body);
      expect(body).toEqual({ message: 'Unauthorized', connectionId: refused.connectionId, requestId: body.requestId });
      expect(refused.headers['x-amz-apigw-id']).toBe(body.requestId);
      expect(refused.headers['x-amzn-errortype']).toBeUndefined();
    }
    expect(functions.events).toEqual([]);
  });

  it('[AU-5] A5: what it returns is part of the connection from the verdict on, as text', async () => {
    functions.answer.body = JSON.stringify(allow({ context: { tenant: 'acme', level: 3, beta: true } }));
    const { connect } = await start();
    const verdict = await connect(token);
    expect(verdict.status).toBe(200);
    expect(JSON.parse(verdict.connectionContext ?? '').authorizer).toEqual({
      principalId: 'user-1',
      tenant: 'acme',
      level: '3',
      beta: 'true',
    });
    expect(functions.events[0]?.path).toContain('/functions/auth/invocations');
    const { event, traceId } = functions.events[0] ?? { event: {}, traceId: '' };
    expect(event).toMatchObject({
      type: 'REQUEST',
      methodArn: 'arn:aws:execute-api:us-east-1:000000000000:chat/dev/$connect',
      // As the identity source spells it.
      headers: { 'X-Token': 'secret', 'X-Amzn-Trace-Id': traceId },
    });
  });

  it('[AU-4] [LE-1] authorizer and $connect see a header in one spelling, that of the definitions', async () => {
    functions.answer.body = JSON.stringify(allow({ statusCode: 200 }));
    const proxy = integration('mock', {
      integrationType: 'AWS_PROXY',
      integrationUri: authorizer().authorizerUri,
      requestParameters: { 'integration.request.header.x': 'route.request.header.X-roomID' },
    });
    const { connect } = await start(authorizedApi({}, { integrations: { mock: proxy } }));
    const headers: [string, string][] = [...token.headers, ['x-roomid', '7']];
    expect((await connect({ headers })).status).toBe(200);
    const seen = functions.events.map(({ event }) => event['headers']);
    expect(seen).toMatchObject([
      { 'X-Token': 'secret', 'X-roomID': '7' },
      { 'X-Token': 'secret', 'X-roomID': '7' },
    ]);
  });

  it('[SL-3] the access log has what the call of the authorizer was', async () => {
    functions.answer = { status: 200, headers: { 'x-amzn-RequestId': 'b7e1' }, body: JSON.stringify(allow()) };
    const written: string[] = [];
    const logs: LogSinks = {
      open: () => ({ write: (line) => void written.push(line), close: () => {} }),
      reopen: () => {},
      close: async () => {},
    };
    const format = '$context.requestId $context.authorizer.requestId $context.authorizer.integrationStatus';
    const api = authorizedApi();
    const stages = {
      dev: { stageName: 'dev', stageVariables: {}, accessLogSettings: { format, destinationArn: 'x' } },
    };
    const { connect } = await startRouter({ ...api, stages }, { lambda: { endpoint: functions.url }, logs });
    expect((await connect(token)).status).toBe(200);
    expect(written).toEqual([expect.stringMatching(/^\S+ b7e1 200$/)]);
  });

  it('[MT-6] a template of $connect sees how long the authorizer took, as the event does', async () => {
    functions.answer.body = JSON.stringify(allow());
    const mocked = mock('mock', 'other', {
      integrationResponses: [
        {
          integrationResponseKey: '$default',
          templateSelectionExpression: undefined,
          responseTemplates: {
            $default:
              '#set($context.responseOverride.status = 403)$context.authorizer.integrationLatency $context.authorizer.principalId',
          },
        },
      ],
    });
    const { connect } = await start(authorizedApi({}, { integrations: { mock: mocked } }));
    expect((await connect(token)).body).toMatch(/^[0-9]+ user-1$/);
  });

  it('[AU-4] authorizer and $connect name one trace, where nobody traces too', async () => {
    functions.answer.body = JSON.stringify(allow({ statusCode: 200 }));
    const proxy = integration('mock', { integrationType: 'AWS_PROXY', integrationUri: authorizer().authorizerUri });
    const { connect } = await start(authorizedApi({}, { integrations: { mock: proxy } }));
    expect((await connect(token)).status).toBe(200);
    expect(functions.events.map(({ event }) => event['type'])).toEqual(['REQUEST', undefined]);
    expect(functions.events[0]?.traceId).toMatch(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/);
    expect(functions.events[1]?.traceId).toBe(functions.events[0]?.traceId);
    const named = functions.events.map(({ event }) => (event['headers'] as Record<string, string>)['X-Amzn-Trace-Id']);
    expect(named).toEqual(functions.events.map(({ traceId }) => traceId));
  });

  it.each([
    ['A2', 200, { 'x-amz-function-error': 'Unhandled' }, '{"errorMessage":"Unauthorized"}', 401, 'Unauthorized'],
    ['A4', 200, { 'x-amz-function-error': 'Unhandled' }, '{"errorMessage":"boom"}', 500, 'Internal server error'],
    ['refused', 403, {}, '{"Message":"no"}', 500, 'Internal server error'],
    ['malformed', 200, {}, '{"principalId":"x"}', 500, ''],
    [
      'A3 deny',
      200,
      {},
      JSON.stringify(
        allow({
          policyDocument: {
            Version: '2012-10-17',
            Statement: [{ Action: 'execute-api:Invoke', Effect: 'Deny', Resource: '*' }],
          },
        }),
      ),
      403,
      'User is not authorized to access this resource with an explicit deny in an identity-based policy',
    ],
    [
      'A3 no allow',
      200,
      {},
      JSON.stringify(allow({ policyDocument: { Version: '2012-10-17', Statement: [] } })),
      403,
      'User is not authorized to access this resource because no identity-based policy allows the execute-api:Invoke action',
    ],
  ])('[AU-5] [CN-5] A2, A3, A4: the status and text of an authorizer that fails or refuses: %s', async (...row) => {
    const [, status, headers, body, expectedStatus, message] = row;
    functions.answer = { status, headers: headers as Record<string, string>, body };
    const { connect, telemetry } = await start();
    const refused = await connect(token);
    expect([refused.status, JSON.parse(refused.body).message]).toEqual([expectedStatus, message]);
    expect(refused.connectionContext).toBeUndefined();
    expect(await telemetry.metrics.registry.metrics()).toContain(
      'sluice_authorizer_seconds_count{api="chat",stage="dev"',
    );
  });

  it('[AU-6] [CN-5] A8: AWS_IAM and not signed', async () => {
    const { connect } = await start(chatApi({ $connect: { authorizationType: 'AWS_IAM' } }));
    const refused = await connect();
    expect([refused.status, refused.body]).toEqual([403, '{"message":"Missing Authentication Token"}']);
    expect(refused.headers['x-amzn-errortype']).toBe('MissingAuthenticationTokenException');
  });

  it('[AU-7] an authorizer that names the API key', async () => {
    const api = authorizedApi({}, { apiKeySource: 'authorizer' });
    const connectRoute = api.routes['$connect'];
    if (connectRoute !== undefined) connectRoute.apiKeyRequired = true;
    const { connect } = await startRouter(api, {
      lambda: { endpoint: functions.url },
      shared: {
        domainNames: [],
        apiKeys: [{ apiKeyId: 'gold', name: 'gold', value: 'gold-value-01234567890', enabled: true }],
        usagePlans: [
          { usagePlanId: 'p', name: 'p', apiStages: [{ apiId: 'chat', stage: 'dev' }], apiKeyIds: ['gold'] },
        ],
      },
    });
    functions.answer.body = JSON.stringify(allow({ usageIdentifierKey: 'gold-value-01234567890' }));
    const verdict = await connect(token);
    expect(verdict.status).toBe(200);
    expect(JSON.parse(verdict.connectionContext ?? '')).toMatchObject({
      identity: { apiKeyId: 'gold' },
      authorizer: { principalId: 'user-1' },
    });
    functions.answer.body = JSON.stringify(allow());
    expect((await connect(token)).status).toBe(403);
  });

  it('an authorizer at a plain address says 401 and 403 by its status', async () => {
    const api = authorizedApi({ authorizerUri: `${functions.url}/authorize` });
    const { connect } = await startRouter(api);
    for (const status of [401, 403]) {
      functions.answer = { status, headers: {}, body: '' };
      expect((await connect(token)).status).toBe(status);
    }
    functions.answer = { status: 200, headers: {}, body: JSON.stringify(allow()) };
    expect((await connect(token)).status).toBe(200);
    expect(functions.events.map(({ path }) => path)).toEqual(['/authorize', '/authorize', '/authorize']);
  });

  it('a route whose authorizer is not there lets nobody in', async () => {
    const { connect, log } = await start(
      chatApi({ $connect: { authorizationType: 'CUSTOM', authorizerId: 'gone' } }, { authorizers: {} }),
    );
    expect((await connect(token)).status).toBe(500);
    expect(log()).toContain('router.authorizer_misconfigured');
  });
});

describe('authorization of messages (ours)', () => {
  it('asks for each message, answers a refusal with a frame, and what it adds holds for this message', async () => {
    const api = chatApi(
      { a: { authorizationType: 'CUSTOM', authorizerId: 'auth' } },
      { authorizers: { auth: authorizer({ identitySource: ['route.request.body.token'] }) } },
    );
    const { send, messageEnvelope, message } = await start(api);
    expect(await message({ action: 'a' })).toContain('"message": "Unauthorized"');
    functions.answer.body = JSON.stringify(allow());
    const replies = await send(messageEnvelope({ action: 'a', token: 't' }));
    // No RENEW: its result has no deadline.
    expect(replies.map(({ kind }) => kind)).toEqual(['REPLY']);
    expect(functions.events[0]?.event).toMatchObject({
      methodArn: 'arn:aws:execute-api:us-east-1:000000000000:chat/dev/a',
    });
  });
});
