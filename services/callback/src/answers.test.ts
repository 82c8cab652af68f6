import { Agent, request } from 'node:http';
import { defaultApiLimits, newConnectionId } from '@sluice/contracts';
import { afterEach, describe, expect, it } from 'vitest';
import { apiDefinition, edgeSlot, type StartedCallback, startCallback } from './testing/start-callback.js';

let service: StartedCallback;
afterEach(() => service.callback.stop());

const signed = { auth: { mode: 'sigv4' as const, keys: [{ accessKeyId: 'A', secretAccessKey: 's', allow: ['*'] }] } };
const uuid = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/;

async function ask(path: string, init: RequestInit & { duplex?: 'half' } = { method: 'POST', body: 'x' }) {
  const response = await fetch(`${service.base}${path}`, init);
  const { status, headers } = response;
  return { status, type: headers.get('x-amzn-errortype'), body: await response.text(), headers };
}

describe('answers', () => {
  it('[CB-2] GET has the layout of the model service, byte for byte', async () => {
    service = await startCallback();
    const answer = await ask(`/dev/@connections/${service.edge.connect('chat/dev')}`, { method: 'GET' });
    expect(answer.body).toBe(`{
  "identity" : {
    "sourceIp" : "192.0.2.1",
    "userAgent" : "wscat"
  },
  "connectedAt" : "2026-09-25T00:22:29.887Z",
  "lastActiveAt" : "2026-09-25T00:22:30.389Z"
}`);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(answer.headers.get('x-amzn-requestid')).toMatch(uuid);
    expect(answer.headers.get('x-amz-apigw-id')).toMatch(/^[A-Za-z0-9_-]{15}=$/);
  });

  it('[CB-2] GET leaves userAgent out where the client sent none, and escapes what it sent', async () => {
    service = await startCallback();
    const without = await ask(`/dev/@connections/${service.edge.connect('chat/dev', '')}`, { method: 'GET' });
    expect(JSON.parse(without.body).identity).toEqual({ sourceIp: '192.0.2.1' });
    const hostile = await ask(`/dev/@connections/${service.edge.connect('chat/dev', 'a"b\\ü\n')}`, { method: 'GET' });
    expect(JSON.parse(hostile.body).identity.userAgent).toBe('a"b\\ü\n');
  });

  it('[CB-1][CB-3] 200 and 204 are empty', async () => {
    service = await startCallback();
    const path = `/dev/@connections/${service.edge.connect('chat/dev')}`;
    for (const [method, status] of [
      ['POST', 200],
      ['DELETE', 204],
    ] as const) {
      const answer = await ask(path, { method });
      expect(answer).toMatchObject({ status, type: null, body: '' });
      expect(answer.headers.get('content-length')).toBe('0');
      expect(answer.headers.get('x-amzn-requestid')).toMatch(uuid);
    }
  });

  it('[CB-22] 410 is empty and names its type', async () => {
    service = await startCallback();
    const answer = await ask(`/dev/@connections/${newConnectionId(edgeSlot)}`);
    expect(answer).toMatchObject({ status: 410, type: 'GoneException', body: '' });
    expect(answer.headers.get('content-length')).toBe('0');
  });

  it('[CB-9] [CB-10] a malformed id is 400 before any signature is asked for', async () => {
    service = await startCallback(signed);
    expect(await ask('/dev/@connections/abc')).toMatchObject({
      status: 400,
      type: 'BadRequestException',
      body: '{"message":"Invalid connectionId: abc"}',
    });
    const hostile = await ask('/dev/@connections/%22%0A%25zz');
    expect(JSON.parse(hostile.body)).toEqual({ message: 'Invalid connectionId: "\n%zz' });
  });

  it('[CB-11] [CB-10] unsigned to a well-formed id is 403, whether it lives or not', async () => {
    service = await startCallback(signed);
    for (const id of [service.edge.connect('chat/dev'), newConnectionId(9), 'L0SM9cOFvHcCIhw=']) {
      expect(await ask(`/dev/@connections/${id}`)).toMatchObject({
        status: 403,
        type: 'MissingAuthenticationTokenException',
        body: '{"message":"Missing Authentication Token"}',
      });
    }
    expect(service.edge.commands).toEqual([]);
  });

  it.each([
    '/',
    '/dev',
    '/dev/@connections',
    '/dev/@connections/',
    '/dev/@connections/gbgHN0-zjQAYKEjhgA==/x',
    '/nosuch/@connections/abc',
    '/dev/connections/abc',
    '/%zz/@connections/abc',
  ])('[CB-6] [CB-10] %s is 403 ForbiddenException, before everything else', async (path) => {
    service = await startCallback(signed);
    const answer = await ask(path, { method: 'POST', body: 'x'.repeat(131_073) });
    expect(answer).toMatchObject({ status: 403, type: 'ForbiddenException', body: '{"message":"Forbidden"}' });
  });

  it.each(['PUT', 'PATCH', 'OPTIONS', 'HEAD'])('[CB-6] method %s is 403 ForbiddenException', async (method) => {
    service = await startCallback();
    const answer = await ask(`/dev/@connections/${service.edge.connect('chat/dev')}`, { method });
    expect(answer).toMatchObject({ status: 403, type: 'ForbiddenException' });
  });

  it('[CB-6] a connection goes on after a HEAD', async () => {
    service = await startCallback();
    const { hostname, port } = new URL(service.base);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const statusOf = (method: string) =>
      new Promise<[status: number | undefined, reused: boolean]>((resolve, reject) => {
        const sent = request({ hostname, port, agent, method, path: '/dev/@connections/abc' }, (response) => {
          response.resume().once('end', () => resolve([response.statusCode, sent.reusedSocket]));
        });
        sent.once('error', reject).end();
      });
    expect([await statusOf('HEAD'), await statusOf('GET')]).toEqual([
      [403, false],
      [400, true],
    ]);
    agent.destroy();
  });

  it('[CB-8] [CB-10] a body too long comes before a malformed id; strictly it is bare', async () => {
    service = await startCallback(signed);
    const init = { method: 'POST', body: 'x'.repeat(131_073) };
    expect(await ask('/dev/@connections/abc', init)).toMatchObject({
      status: 413,
      type: 'PayloadTooLargeException',
      body: '{"message":"Message too long"}',
    });
    await service.callback.stop();
    service = await startCallback({ strict413: true });
    const strict = await ask('/dev/@connections/abc', init);
    expect(strict).toMatchObject({ status: 413, type: null, body: '' });
    expect(strict.headers.has('x-amzn-requestid')).toBe(false);
  });

  it('[CB-7] [CB-8] how long a body may be says the API, whether the address names it or its connection does', async () => {
    const limited = (apiId: string, messageBytesMax: number) => ({
      ...apiDefinition(apiId, 'dev'),
      limits: { ...defaultApiLimits, messageBytesMax },
    });
    service = await startCallback({}, [limited('small', 10), limited('large', 300_000)]);
    const ids = { small: service.edge.connect('small/dev'), large: service.edge.connect('large/dev') };
    const status = async (path: string, bytes: number) =>
      (await ask(path, { method: 'POST', body: 'x'.repeat(bytes) })).status;
    for (const [path, id, most] of [
      ['/small/dev', ids.small, 10],
      ['/large/dev', ids.large, 300_000],
      ['/dev', ids.small, 10],
      ['/dev', ids.large, 300_000],
    ] as const) {
      expect(await status(`${path}/@connections/${id}`, most), path).toBe(200);
      expect(await status(`${path}/@connections/${id}`, most + 1), path).toBe(413);
    }
    const received = (id: string) => service.edge.received(id).map((text) => text.length);
    expect([received(ids.small), received(ids.large)]).toEqual([
      [10, 10],
      [300_000, 300_000],
    ]);
    // A named API's limit comes before the form of the id.
    expect(await status('/small/dev/@connections/abc', 11)).toBe(413);
    expect(await status('/small/dev/@connections/abc', 10)).toBe(400);
  });

  it('[CB-5] [CN-104] a marker encoded twice names the API of the connection too, also where another one is the default', async () => {
    service = await startCallback({}, [
      { ...apiDefinition('chat', 'dev'), isDefault: true },
      apiDefinition('orders', 'dev', 'live'),
    ]);
    for (const stage of ['dev', 'live']) {
      const id = service.edge.connect(`orders/${stage}`);
      expect(await ask(`/${stage}/%2540connections/${encodeURIComponent(id)}`)).toMatchObject({ status: 200 });
      expect(service.edge.received(id)).toEqual(['x']);
    }
  });

  it('[CB-5] every encoding of marker and id reaches the connection', async () => {
    service = await startCallback();
    const id = service.edge.connect('chat/dev');
    const once = encodeURIComponent(id);
    const paths = [
      `/dev/@connections/${id}`,
      `/dev/%40connections/${once}`,
      `/dev/@connections/${once}`,
      `/dev/%2540connections/${encodeURIComponent(once)}`,
      `/chat/dev/@connections/${id}`,
    ];
    for (const path of paths) expect((await ask(path)).status, path).toBe(200);
    expect(service.edge.received(id)).toHaveLength(paths.length);
  });

  it('[CB-27] a connection of another API is gone', async () => {
    service = await startCallback({}, [apiDefinition('chat', 'dev'), apiDefinition('shop', 'dev')]);
    const id = service.edge.connect('shop/dev');
    expect((await ask(`/chat/dev/@connections/${id}`)).status).toBe(410);
    expect((await ask(`/shop/dev/@connections/${id}`)).status).toBe(200);
  });
});

describe('an address that names no API', () => {
  const apis = [apiDefinition('chat', 'dev'), apiDefinition('shop', 'dev', 'prod')];

  it('[CB-29] means the API of the connection', async () => {
    service = await startCallback({}, apis);
    const id = service.edge.connect('shop/dev');
    expect((await ask(`/prod/@connections/${id}`)).status).toBe(200);
    expect(service.edge.received(id)).toEqual(['x']);
    expect(service.edge.commands.map((command) => command.kind)).toEqual(['GET', 'POST']);
    expect((await ask(`/dev/@connections/${newConnectionId(edgeSlot)}`)).status).toBe(410);
  });

  it('[CB-29] is 403 where that API has no such stage', async () => {
    service = await startCallback({}, apis);
    const id = service.edge.connect('chat/dev');
    expect(await ask(`/prod/@connections/${id}`)).toMatchObject({ status: 403, type: 'ForbiddenException' });
    expect(service.edge.received(id)).toEqual([]);
  });

  it('[CB-29] [CN-105] is 403 where that API answers under custom domains only', async () => {
    const hidden = { ...apiDefinition('hidden', 'dev'), disableExecuteApiEndpoint: true };
    service = await startCallback({}, [...apis, hidden]);
    const id = service.edge.connect('hidden/dev');
    expect(await ask(`/dev/@connections/${id}`)).toMatchObject({ status: 403, type: 'ForbiddenException' });
    expect(service.edge.received(id)).toEqual([]);
  });

  it('[CB-29] asks for a signature before it asks the edge', async () => {
    service = await startCallback(signed, apis);
    const id = service.edge.connect('shop/dev');
    expect(await ask(`/dev/@connections/${id}`)).toMatchObject({ type: 'MissingAuthenticationTokenException' });
    expect(service.edge.commands).toEqual([]);
  });
});
