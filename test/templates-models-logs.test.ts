import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiGatewayManagementApiClient, PostToConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi';
import { type BackEnd, connectClient, refusedHandshake, startBackEnd, testKey, waitFor } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Gateway, gatewayKinds } from './gateway-kinds.js';

const members = [
  'eventType',
  'routeKey',
  'status',
  'connectionId',
  'messageId',
  'requestId',
  'apiId',
  'stage',
  'identity.sourceIp',
  'identity.userAgent',
  'integrationStatus',
  'integrationLatency',
  'error.message',
  'error.responseType',
  'error.validationErrorString',
  'connectedAt',
  'requestTime',
  'domainName',
];
const format = `{${members.map((name) => `"${name}":"$context.${name}"`).join(',')}}`;

describe.each(gatewayKinds)('templates, models and logs (%s)', (_kind, start) => {
  let backEnd: BackEnd;
  let gateway: Gateway;
  const folder = mkdtempSync(join(tmpdir(), 'sluice-logs-'));
  const file = join(folder, 'access.log');
  const lines = () => {
    try {
      return readFileSync(file, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, string>);
    } catch {
      return [];
    }
  };

  beforeAll(async () => {
    backEnd = await startBackEnd();
    backEnd.answer((request) => ({ body: JSON.stringify({ echoed: request.body }) }));
    gateway = await start({
      apis: {
        chat: {
          routeSelectionExpression: '$request.body.action',
          models: {
            email: {
              contentType: 'application/json',
              schema: { type: 'object', required: ['address'], properties: { address: { type: 'string' } } },
            },
          },
          integrations: {
            mapped: {
              integrationType: 'HTTP',
              integrationUri: `${backEnd.url}/\${stageVariables.path}`,
              requestParameters: {
                'integration.request.header.X-Who': 'context.connectionId',
                'integration.request.querystring.n': 'route.request.body.n',
              },
              requestTemplates: { $default: '{"data":$input.json("$.data"),"route":"$context.routeKey"}' },
              integrationResponses: {
                $default: { responseTemplates: { $default: '$input.path("$.echoed") via $stageVariables.path' } },
              },
            },
            counted: {
              integrationType: 'MOCK',
              requestTemplates: { $default: '{"statusCode":200}' },
              integrationResponses: {
                $default: {
                  responseTemplates: { $default: '#foreach($i in ["a", "b"])$foreach.count=$i;#end' },
                },
              },
            },
          },
          routes: {
            $connect: { requestParameters: { 'route.request.querystring.room': { required: true } } },
            mapped: { integration: 'mapped', routeResponse: true },
            counted: { integration: 'counted', routeResponse: true },
            checked: {
              integration: 'counted',
              routeResponse: true,
              modelSelectionExpression: '$request.body.kind',
              requestModels: { email: 'email' },
            },
          },
          stages: {
            dev: {
              stageVariables: { path: 'things' },
              accessLogSettings: { format, destinationArn: `file://${file}` },
            },
          },
        },
      },
    });
  });
  afterAll(async () => {
    await gateway?.stop();
    await backEnd?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const connect = () =>
    connectClient(`${gateway.webSocketUrl}/chat/dev?room=1`, { headers: { 'user-agent': 'it "quotes"' } });

  it('[MT-1] [MT-4] [MT-5] [RS-6] a message is mapped on its way to the back end and back', async () => {
    const client = await connect();
    client.send({ action: 'mapped', n: 7, data: { x: 'é' } });
    expect(await client.next()).toBe('{"data":{"x":"é"},"route":"mapped"} via things');
    const request = backEnd.requests.at(-1);
    expect(request?.url).toBe('/things?n=7');
    expect(request?.headers['x-who']).toBe(request?.connectionId);
    client.send({ action: 'counted' });
    expect(await client.next()).toBe('1=a;2=b;');
    await client.close();
  });

  it('[MV-1] [MV-2] M11: a message that does not fit its model is refused, and the log says why', async () => {
    const client = await connect();
    for (const message of [{ kind: 'email' }, { kind: 'sms', address: 'a@b' }]) {
      client.send({ action: 'checked', ...message });
      expect(await client.next()).toContain('{"message": "Invalid request body", ');
    }
    client.send({ action: 'checked', kind: 'email', address: 'a@b' });
    expect(await client.next()).toBe('1=a;2=b;');
    await client.close();
    const refused = await waitFor('the line', () => lines().find((line) => line['routeKey'] === 'checked'));
    expect(refused).toMatchObject({
      status: '400',
      'error.message': 'Invalid request body',
      'error.responseType': 'BAD_REQUEST_BODY',
      'error.validationErrorString': '[object has missing required properties (["address"])]',
    });
  });

  it('[MV-4] [MT-2] a handshake without a required parameter is 400', async () => {
    const refused = await refusedHandshake(`${gateway.webSocketUrl}/chat/dev`);
    expect([refused.status, JSON.parse(refused.body).message]).toEqual([
      400,
      'Missing required request parameters: [room]',
    ]);
  });

  it('[SL-3] L1: connect, message, callback and disconnect leave a line each', async () => {
    const client = await connect();
    client.send({ action: 'mapped', n: 1, data: 1 });
    await client.next();
    const id = backEnd.requests.at(-1)?.connectionId;
    const management = new ApiGatewayManagementApiClient({
      endpoint: `${gateway.managementUrl}/chat/dev`,
      region: 'us-east-1',
      credentials: { ...testKey },
    });
    await management.send(new PostToConnectionCommand({ ConnectionId: id, Data: 'hello' }));
    management.destroy();
    await client.next();
    await client.close();
    const own = await waitFor('four lines', () => {
      const found = lines().filter((line) => line['connectionId'] === id);
      return found.length === 4 ? found : undefined;
    });
    const by = (eventType: string) => own.find((line) => line['eventType'] === eventType);
    const common = { apiId: 'chat', stage: 'dev', connectionId: id, status: '200' };
    const fromSocket = { ...common, 'identity.sourceIp': '127.0.0.1', 'identity.userAgent': 'it "quotes"' };
    expect(by('CONNECT')).toMatchObject({ ...fromSocket, routeKey: '$connect', messageId: '-' });
    expect(by('MESSAGE')).toMatchObject({ ...fromSocket, routeKey: 'mapped', integrationStatus: '200' });
    expect(Number(by('MESSAGE')?.['integrationLatency'])).toBeGreaterThanOrEqual(0);
    expect(by('DISCONNECT')).toMatchObject({ ...fromSocket, routeKey: '$disconnect' });
    expect(by('CONNECTION_API')).toMatchObject({ ...common, routeKey: 'POST /@connections/{connectionId}' });
    expect(by('CONNECTION_API')?.['requestId']).toMatch(/^[0-9a-f-]{36}$/);
  });
});
