import type { Envelope } from '@sluice/contracts';
import { afterEach, describe, expect, it } from 'vitest';
import {
  backEnd,
  closeAll,
  connectRequest,
  definition,
  disconnectRequest,
  invoke,
  invoker,
  message,
  prepared,
  route,
} from './back-end.fixture.js';

afterEach(closeAll);

const text = '{"action":"sendMessage","data":"grüße"}';

describe('HTTP_PROXY', () => {
  it('[IN-1] [IN-12] [RS-4] sends the message unchanged and gives back the body as it came', async () => {
    const { uri, seen } = await backEnd();
    expect(await invoke(prepared({ integrationUri: uri }), message(text))).toMatchObject({
      ok: true,
      status: 200,
      text,
    });
    expect(seen[0]).toMatchObject({ method: 'POST', url: '/path', body: text });
  });

  it.each([
    ['ANY', 'POST'],
    ['PUT', 'PUT'],
    ['GET', 'GET'],
    ['DELETE', 'DELETE'],
    ['HEAD', 'HEAD'],
  ])('[IN-11] the method %s is sent as %s', async (integrationMethod, sent) => {
    const { uri, seen } = await backEnd();
    const integration = prepared({ integrationUri: uri, integrationMethod });
    await invoke(integration, message(text));
    expect(seen[0]).toMatchObject({ method: sent, body: text });
  });

  it('[IN-14] [IN-21] [IN-23] sets the headers of the gateway', async () => {
    const { uri, seen } = await backEnd();
    const integration = prepared({ integrationUri: uri });
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await invoke(integration, message(text, traceparent));
    expect(seen[0]?.headers).toEqual({
      host: new URL(uri).host,
      'user-agent': 'AmazonAPIGateway_chat',
      'x-amzn-apigateway-api-id': 'chat',
      'x-amzn-trace-id': 'Root=1-0af76519-16cd43dd8448eb211c80319c',
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(text)),
      'x-sluice-connection-id': 'gbgHN0-zjQAYKEjhgA==',
      'x-sluice-request-id': 'Qyi3UG41tjMFlUg=',
      'x-sluice-message-id': 'Qyi3UG41tjMFlUk=',
      'x-sluice-route-key': 'sendMessage',
      'x-sluice-api-id': 'chat',
      'x-sluice-stage': 'dev',
      'x-sluice-event-type': 'MESSAGE',
      traceparent,
    });
  });

  it('[IN-23] a message that nobody traces gets a fresh, unsampled trace; a forged one is not passed on', async () => {
    const { uri, seen } = await backEnd();
    const integration = prepared({ integrationUri: uri });
    await invoke(integration, message(text));
    await invoke(integration, message(text, 'x\r\nx-evil: 1'));
    const [first, second] = seen.map((request) => String(request.headers['traceparent']));
    expect(first).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    expect(second).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    expect(second).not.toBe(first);
    expect(seen[1]?.headers['x-evil']).toBeUndefined();
  });

  it('[IN-21] a hostile route key or stage writes no headers of its own', async () => {
    const { uri, seen } = await backEnd();
    const hostile = { routeKey: 'a\r\nx-evil: 1', stage: 'dév', apiId: 'b\n\n' };
    await invoke(prepared({ integrationUri: uri }, hostile), message(text));
    expect(seen[0]?.headers).toMatchObject({
      'x-sluice-route-key': 'a%0D%0Ax-evil: 1',
      'x-sluice-stage': 'd%C3%A9v',
      'x-sluice-api-id': 'b%0A%0A',
    });
    expect(seen[0]?.headers['x-evil']).toBeUndefined();
  });

  it.each([
    ['as they are', {}],
    ['with mappings', { requestParameters: { 'integration.request.header.x-app': "'chat'" } }],
  ])('[IN-15] [O21] handshakeHeadersDropped leaves out headers of the handshake, requests %s', async (_how, more) => {
    const { uri, seen } = await backEnd();
    const headers: [string, string][] = [
      ['cookie', 'session=secret'],
      ['sec-websocket-version', '13'],
      ['origin', 'https://app.example'],
    ];
    const handshakeHeadersDropped = ['cookie', 'sec-websocket-version'];
    const compileParameters = () => () => ({
      headers: [['x-app', 'chat']] as [string, string][],
      querystring: [],
      path: {},
    });
    const integration = prepared({ integrationUri: uri, handshakeHeadersDropped, ...more }, {}, { compileParameters });
    await invoke(integration, connectRequest(headers));
    expect(seen[0]?.headers).toMatchObject({ origin: 'https://app.example' });
    expect(Object.keys(seen[0]?.headers ?? {})).not.toContain('cookie');
    expect(Object.keys(seen[0]?.headers ?? {})).not.toContain('sec-websocket-version');
  });

  it('[IN-13] [IN-15] $connect carries query string and handshake headers, and no body', async () => {
    const { uri, seen } = await backEnd();
    const handshake: [string, string][] = [
      ['host', 'gateway.example'],
      ['connection', 'Upgrade'],
      ['upgrade', 'websocket'],
      ['sec-websocket-key', 'dGhlIHNhbXBsZSBub25jZQ=='],
      ['sec-websocket-version', '13'],
      ['origin', 'https://app.example'],
      ['x-sluice-connection-id', 'forged'],
    ];
    const integration = prepared({ integrationUri: `${uri}?fixed=1` });
    const outcome = await invoke(integration, connectRequest(handshake, 'user=ada&x=%20'));
    expect(outcome).toMatchObject({ ok: true, status: 200, text: '' });
    expect(seen[0]).toMatchObject({ url: '/path?fixed=1&user=ada&x=%20', body: '' });
    expect(seen[0]?.headers).toMatchObject({
      host: new URL(uri).host,
      origin: 'https://app.example',
      'sec-websocket-version': '13',
      'content-length': '0',
      'x-sluice-connection-id': 'gbgHN0-zjQAYKEjhgA==',
      'x-sluice-event-type': 'CONNECT',
    });
    expect(seen[0]?.headers['upgrade']).toBeUndefined();
    expect(seen[0]?.headers['content-type']).toBeUndefined();
  });

  it('[IN-18] a refused $connect gives status, headers and body of the back end', async () => {
    const { uri } = await backEnd({
      respond: (_request, response) =>
        response.writeHead(401, { 'X-Why': 'no token', 'Set-Cookie': ['a', 'b'] }).end('no'),
    });
    const outcome = await invoke(prepared({ integrationUri: uri }, { hasRouteResponse: false }), connectRequest());
    expect(outcome).toMatchObject({ ok: true, status: 401, text: 'no' });
    expect(outcome.headers).toEqual(
      expect.arrayContaining([
        ['X-Why', 'no token'],
        ['Set-Cookie', 'a'],
        ['Set-Cookie', 'b'],
      ]),
    );
  });

  it('[IN-22] $disconnect says why, and has no body', async () => {
    const { uri, seen } = await backEnd();
    await invoke(prepared({ integrationUri: uri }), disconnectRequest(1001, 'Tschüß\r\n'));
    expect(seen[0]).toMatchObject({ url: '/path', body: '' });
    expect(seen[0]?.headers).toMatchObject({
      'x-sluice-event-type': 'DISCONNECT',
      'x-sluice-disconnect-code': '1001',
      'x-sluice-disconnect-reason': 'Tsch%C3%BC%C3%9F%0D%0A',
    });
  });

  it('[IN-9] resolves stage variables in host, path and query; a missing one is empty', async () => {
    const { uri, seen } = await backEnd();
    const { host } = new URL(uri);
    const integrationUri = 'http://${stageVariables.host}/${stageVariables.version}/x?k=${stageVariables.none}';
    const stageVariables = { host, version: 'v2' };
    const calls = invoker({ egressAllow: ['127.0.0.1/32'] });
    await invoke(calls.prepare(definition({ integrationUri }), { ...route, stageVariables }), message(text));
    expect(seen[0]?.url).toBe('/v2/x?k=');
  });

  it.each([
    ['http://${stageVariables.none}/x', 'absolute'],
    ['/relative', 'absolute'],
    ['ftp://example.com/', 'absolute'],
    ['http://user:secret@127.0.0.1/', 'credentials'],
    ['http://127.0.0.1/{id}', 'nothing fills {id}'],
  ])('[IN-6] [IN-8] %s cannot be called', async (integrationUri, reason) => {
    const outcome = await invoke(prepared({ integrationUri }), message(text));
    expect(outcome).toMatchObject({ ok: false, code: 'integration_misconfigured' });
    expect(outcome.detail).toContain(reason);
    expect(outcome.detail).not.toContain('secret');
  });

  it.each([[{ integrationMethod: 'CONNECT' }], [{ timeoutInMillis: 49 }], [{ timeoutInMillis: 29_001 }]])(
    '[IN-5] %j cannot be called',
    async (changes) => {
      const outcome = await invoke(prepared({ integrationUri: 'http://127.0.0.1:9/', ...changes }), message(text));
      expect(outcome).toMatchObject({ ok: false, code: 'integration_misconfigured' });
    },
  );

  it('[IN-19] [IN-20] neither an error status nor a redirect changes what a message gets', async () => {
    const { uri, seen } = await backEnd({
      respond: (_request, response) => response.writeHead(302, { location: '/elsewhere' }).end('moved'),
    });
    expect(await invoke(prepared({ integrationUri: uri }), message(text))).toMatchObject({
      ok: true,
      status: 302,
      text: 'moved',
    });
    expect(seen).toHaveLength(1);
  });

  it('[IN-11] the answer to HEAD has no body, whatever length it names, and the connection goes on', async () => {
    const { uri, seen } = await backEnd({
      respond: (_request, response) => response.writeHead(200, { 'content-length': 5 }).end(),
    });
    const integration = prepared({ integrationUri: uri, integrationMethod: 'HEAD' });
    expect(await invoke(integration, connectRequest())).toMatchObject({ ok: true, text: '' });
    expect(await invoke(integration, connectRequest())).toMatchObject({ ok: true, text: '' });
    expect(seen.map((request) => request.method)).toEqual(['HEAD', 'HEAD']);
  });

  it('takes an envelope as it stands', async () => {
    const { uri, seen } = await backEnd();
    const envelope: Envelope = { ...message(text), scope: 'chat/dev', timeMs: 0 } as Envelope;
    expect(await invoke(prepared({ integrationUri: uri }), envelope)).toMatchObject({ ok: true, text });
    expect(seen).toHaveLength(1);
  });

  it('keeps no body of a message whose route sends no reply', async () => {
    const { uri } = await backEnd();
    const outcome = await invoke(prepared({ integrationUri: uri }, { hasRouteResponse: false }), message(text));
    expect(outcome).toMatchObject({ ok: true, status: 200, text: '' });
  });

  it('sends bodies of any size whole', async () => {
    const { uri } = await backEnd();
    const integration = prepared({ integrationUri: uri });
    for (const size of [1, 15_000, 16_000, 131_072]) {
      expect((await invoke(integration, message('ü'.repeat(size / 2)))).text).toBe('ü'.repeat(size / 2));
    }
  });
});
