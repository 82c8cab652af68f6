import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSettings, type Settings } from '@sluice/config';
import {
  type BackEnd,
  connectClient,
  refusedHandshake,
  startBackEnd,
  startRedis,
  type WebSocketClient,
  waitFor,
} from '@sluice/testkit';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { expressionCheckers } from './expression-checkers.js';
import { type RunningProcess, startProcess } from './start-process.js';

const directory = mkdtempSync(join(tmpdir(), 'sluice-in-force-'));
afterAll(() => rmSync(directory, { recursive: true }));
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const drain = 'drain: { holdMs: 0, windowMs: 50, settleMs: 2000 }\n';
const pong = `integrations: { pong: { integrationType: MOCK, requestTemplates: { $default: '{"statusCode":200}' }, integrationResponses: { $default: { responseTemplates: { $default: 'pong $context.domainName' } } } } }`;

function settingsOf(yaml: string, redis?: string): Settings {
  writeFileSync(join(directory, 'sluice.yaml'), `${yaml}${drain}`);
  const flags = { port: '0', 'admin-port': '0', auth: 'none', ...(redis === undefined ? {} : { redis }) };
  return loadSettings({ command: 'start', cwd: directory, env: {}, flags, checkers: expressionCheckers });
}

interface Line {
  event: string;
  port?: number;
}

async function start(yaml: string, redis?: string): Promise<{ running: RunningProcess; port: number; lines: Line[] }> {
  const lines: Line[] = [];
  const running = await startProcess(settingsOf(yaml, redis), ['router', 'callback', 'edge'], {
    version: '1.2.3',
    signal: new AbortController().signal,
    onDrainRequested: () => undefined,
    logDestination: { write: (line) => void lines.push(JSON.parse(line)) },
  });
  cleanups.push(() => running.stop());
  return { running, port: running.addresses.edge?.port ?? 0, lines };
}

async function backEnd(...args: Parameters<typeof startBackEnd>): Promise<BackEnd> {
  const started = await startBackEnd(...args);
  cleanups.push(() => started.stop());
  return started;
}

async function connect(port: number, path: string, headers: Record<string, string> = {}): Promise<WebSocketClient> {
  const client = await connectClient(`ws://127.0.0.1:${port}${path}`, { headers });
  cleanups.push(() => client.close());
  return client;
}

function refusedStatus(port: number, path: string, headers: Record<string, string> = {}): Promise<number> {
  return refusedHandshake(`ws://127.0.0.1:${port}${path}`, { headers }).then(({ status }) => status);
}

/** `fetch` does not let a caller choose `Host`. */
function post(port: number, path: string, host: string, body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method: 'POST', headers: { host } }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode ?? 0));
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

describe('settings that are in force in a running process', () => {
  it('[CN-110] [CN-113] [CN-15] [CB-33] custom domains carry sockets and callbacks, and change with the file', async () => {
    const yaml = (domains: string) => `apis:
  chat:
    disableExecuteApiEndpoint: true
    ${pong}
    routes: { $default: { integration: pong, routeResponse: true }, id: { integration: { integrationType: MOCK, requestTemplates: { $default: '{"statusCode":200}' }, integrationResponses: { $default: { responseTemplates: { $default: $context.connectionId } } } }, routeResponse: true } }
    stages: { dev: }
domainNames: ${domains}
`;
    const { running, port } = await start(
      yaml('{ ws.example.com: { apiMappings: { v1: { api: chat, stage: dev } } } }'),
    );
    const host = 'ws.example.com';
    const client = await connect(port, '/v1', { host });
    client.send('hello');
    expect(await client.next()).toBe('pong ws.example.com');
    client.send({ action: 'id' });
    const id = encodeURIComponent(await client.next());
    for (const base of ['/v1', '/v1/dev', '/dev']) {
      expect(await post(port, `${base}/@connections/${id}`, host, base), base).toBe(200);
      expect(await client.next()).toBe(base);
    }
    expect(await post(port, `/v2/@connections/${id}`, host, 'x')).toBe(403);
    expect(await refusedStatus(port, '/v1/dev', { host })).toBe(403);
    expect(await refusedStatus(port, '/dev')).toBe(403);

    const { apis, shared } = settingsOf(
      yaml('{ "*.example.com": { apiMappings: { "": { api: chat, stage: dev } } } }'),
    );
    running.takeOver({ apis, shared, accessKeys: [] });
    expect(await refusedStatus(port, '/v1', { host })).toBe(403);
    await connect(port, '/', { host: 'any.example.com' });
  });

  it('functions are invoked where the file says, signed with aws.credentials', async () => {
    const invokeApi = await backEnd(({ body }) => ({
      body: JSON.stringify({ statusCode: 200, body: JSON.parse(body).requestContext.accountId ?? 'event' }),
    }));
    const arn = (name: string) =>
      `arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:123456789012:function:${name}/invocations`;
    const { port } = await start(`apis:
  chat:
    routes: { $connect: "${arn('chat')}", $default: { integration: "${arn('chat')}", routeResponse: true } }
    stages: { dev: }
lambda: { endpoint: ${invokeApi.url} }
aws: { region: eu-west-1, accountId: "123456789012", credentials: { accessKeyId: AK, secretAccessKey: sk } }
`);
    const client = await connect(port, '/dev');
    client.send('hi');
    expect(await client.next()).toBe('event');
    expect(invokeApi.requests.map(({ url }) => url)).toEqual([
      '/2015-03-31/functions/chat/invocations',
      '/2015-03-31/functions/chat/invocations',
    ]);
    expect(invokeApi.requests[0]?.headers['authorization']).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AK\/\d{8}\/eu-west-1\/lambda\/aws4_request/,
    );
  });

  it('API keys let in whom a usage plan knows, as often as it says', async () => {
    const { port } = await start(`apis: { chat: { routes: { $connect: { apiKeyRequired: true } }, stages: { dev: } } }
apiKeys: { gold: { value: gold-gold-gold-gold-gold }, off: { value: off-off-off-off-off-off, enabled: false } }
usagePlans: { p: { apiStages: [{ api: chat, stage: dev }], apiKeys: [gold, off], quota: { limit: 2, period: MONTH } } }
`);
    const key = (value: string) => ({ 'x-api-key': value });
    expect(await refusedStatus(port, '/dev')).toBe(403);
    expect(await refusedStatus(port, '/dev', key('off-off-off-off-off-off'))).toBe(403);
    await connect(port, '/dev', key('gold-gold-gold-gold-gold'));
    await connect(port, '/dev', key('gold-gold-gold-gold-gold'));
    expect(await refusedStatus(port, '/dev', key('gold-gold-gold-gold-gold'))).toBe(429);
  });

  it('the account bounds connects of all processes together', async () => {
    const redis = await startRedis();
    cleanups.push(() => redis.stop());
    const yaml = `apis: { chat: { routes: {}, stages: { dev: } } }
account: { connectRateLimit: 0.001, connectBurstLimit: 2 }
`;
    const ports = [(await start(yaml, redis.url)).port, (await start(yaml, redis.url)).port];
    const attempts = ports
      .flatMap((port) => [port, port])
      .map(async (port) => {
        try {
          await connect(port, '/dev');
          return 101;
        } catch (error) {
          return (error as { refusal?: { status: number } }).refusal?.status;
        }
      });
    expect((await Promise.all(attempts)).sort()).toEqual([101, 101, 429, 429]);
  });

  it('[ST-11] a throttle of 0 refuses everything, unless the account says that it means unset', async () => {
    const yaml = (account: string) =>
      `apis: { chat: { routes: {}, stages: { dev: { defaultRouteSettings: { throttlingRateLimit: 0, throttlingBurstLimit: 0 } } } } }\naccount: ${account}\n`;
    expect(await refusedStatus((await start(yaml('{}'))).port, '/dev')).toBe(429);
    await connect((await start(yaml('{ throttleZeroMeansUnset: true }'))).port, '/dev');
  });

  it('proxies that the file trusts say where a client comes from', async () => {
    const yaml = (trusted: string) => `apis:
  chat:
    integrations: { ip: { integrationType: MOCK, requestTemplates: { $default: '{"statusCode":200}' }, integrationResponses: { $default: { responseTemplates: { $default: $context.identity.sourceIp } } } } }
    routes: { $default: { integration: ip, routeResponse: true } }
    stages: { dev: }
edge: { trustedProxies: ${trusted} }
`;
    const sourceIpOf = async (trusted: string) => {
      const { port } = await start(yaml(trusted));
      const client = await connect(port, '/dev', { 'x-forwarded-for': '203.0.113.9' });
      client.send('x');
      return client.next();
    };
    expect(await sourceIpOf('[]')).toBe('127.0.0.1');
    expect(await sourceIpOf('[127.0.0.0/8]')).toBe('203.0.113.9');
  });

  it('[CN-73] [CN-75] of the headers of proxies the one that the file names counts; load balancers have their port', async () => {
    const yaml = `apis:
  chat:
    integrations: { ip: { integrationType: MOCK, requestTemplates: { $default: '{"statusCode":200}' }, integrationResponses: { $default: { responseTemplates: { $default: $context.identity.sourceIp } } } } }
    routes: { $default: { integration: ip, routeResponse: true } }
    stages: { dev: }
edge:
  trustedProxies: [127.0.0.0/8]
  forwardedHeader: forwarded
  proxyProtocol: { port: 0, trustedProxies: [127.0.0.0/8] }
`;
    const { port, lines } = await start(yaml);
    const client = await connect(port, '/dev', { 'x-forwarded-for': '6.6.6.6', forwarded: 'for=203.0.113.9' });
    client.send('x');
    expect(await client.next()).toBe('203.0.113.9');
    const proxied = lines.find(({ event }) => event === 'edge.listening_proxied')?.port;
    expect(proxied).toBeGreaterThan(0);
    await expect(connect(proxied as number, '/dev')).rejects.toThrow();
  });

  it('access logs go where the stage says', async () => {
    const file = join(directory, 'access.log');
    const { port } = await start(`apis:
  chat:
    ${pong}
    routes: { $default: { integration: pong, routeResponse: true } }
    stages: { dev: { accessLogSettings: { destinationArn: "file://${file}", format: "$context.eventType $context.routeKey $context.status $context.requestId" } } }
`);
    const client = await connect(port, '/dev');
    client.send('x');
    await client.next();
    expect(await post(port, '/dev/@connections/AAAAAAAAAAAAAAAAAA==', '127.0.0.1', 'x')).toBe(410);
    await client.close();
    const lines = await waitFor('four lines', () => {
      const text = readFileSync(file, { encoding: 'utf8', flag: 'a+' }).split('\n').slice(0, -1);
      return text.length >= 4 ? text : undefined;
    });
    expect(lines.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
      'CONNECT $connect',
      'MESSAGE $default',
      'CONNECTION_API POST',
      'DISCONNECT $disconnect',
    ]);
  });
});
