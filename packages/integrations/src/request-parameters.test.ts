import type { IntegrationDefinition } from '@sluice/contracts';
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
import { mappingDoubles } from './mapping-doubles.fixture.js';
import { testCertificate } from './test-certificate.fixture.js';

afterEach(closeAll);

const mapped = (
  integrationUri: string,
  requestParameters: Record<string, string>,
  changes: Partial<IntegrationDefinition> = {},
) =>
  prepared({ integrationUri, requestParameters, ...changes }, { stageVariables: { table: 'mésages' } }, mappingDoubles);

describe('mapped headers', () => {
  it('[IN-16] come from context, stage variables, body and literals, on every kind of route', async () => {
    const { uri, seen } = await backEnd();
    const integration = mapped(uri, {
      'integration.request.header.connectionId': 'context.connectionId',
      'integration.request.header.X-Table': 'stageVariables.table',
      'integration.request.header.X-Fixed': "'a, b'",
      'integration.request.header.X-None': 'stageVariables.none',
    });
    for (const request of [message('{"a":1}'), connectRequest(), disconnectRequest(1000, 'bye')]) {
      expect(await invoke(integration, request)).toMatchObject({ ok: true, status: 200 });
    }
    for (const { headers } of seen) {
      expect(headers).toMatchObject({
        connectionid: 'gbgHN0-zjQAYKEjhgA==',
        'x-table': Buffer.from('mésages').toString('latin1'),
        'x-fixed': 'a, b',
        'x-sluice-connection-id': 'gbgHN0-zjQAYKEjhgA==',
        'user-agent': 'AmazonAPIGateway_chat',
      });
      expect(headers['x-none']).toBeUndefined();
    }
    expect(seen.map(({ headers }) => headers['x-sluice-event-type'])).toEqual(['MESSAGE', 'CONNECT', 'DISCONNECT']);
    expect(seen[2]?.headers).toMatchObject({ 'x-sluice-disconnect-code': '1000', 'x-sluice-disconnect-reason': 'bye' });
    expect(seen[0]).toMatchObject({ body: '{"a":1}', method: 'POST', url: '/path' });
  });

  it('[IN-17] replace the header of the client, whatever its case, and add nothing to it', async () => {
    const { uri, seen } = await backEnd();
    const integration = mapped(uri, {
      'integration.request.header.Sec-WebSocket-Version': "'0'",
      'integration.request.header.ORIGIN': "'https://mapped.example'",
    });
    const handshake: [string, string][] = [
      ['sec-websocket-version', '13'],
      ['sec-websocket-key', 'dGhlIHNhbXBsZSBub25jZQ=='],
      ['origin', 'https://client.example'],
    ];
    await invoke(integration, connectRequest(handshake));
    const names = (seen[0]?.rawHeaders ?? []).filter((_, index) => index % 2 === 0);
    expect(names.filter((name) => /^(sec-websocket-version|origin)$/i.test(name))).toEqual([
      'Sec-WebSocket-Version',
      'ORIGIN',
    ]);
    expect(seen[0]?.headers).toMatchObject({
      'sec-websocket-version': '0',
      origin: 'https://mapped.example',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    });
  });

  it('[IN-16] replace what the gateway sets: content type, user agent, api id, trace', async () => {
    const { uri, seen } = await backEnd();
    const integration = mapped(uri, {
      'integration.request.header.content-type': "'text/plain'",
      'integration.request.header.User-Agent': "'mine'",
      'integration.request.header.x-amzn-apigateway-api-id': "'other'",
      'integration.request.header.TraceParent': "'00-1'",
    });
    await invoke(integration, message('hello'));
    const raw = seen[0]?.rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase()) ?? [];
    expect(raw.length).toBe(new Set(raw).size);
    expect(seen[0]?.headers).toMatchObject({
      'content-type': 'text/plain',
      'user-agent': 'mine',
      'x-amzn-apigateway-api-id': 'other',
      traceparent: '00-1',
    });
    expect(seen[0]?.headers['x-amzn-trace-id']).toMatch(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/);
  });

  it('[IN-16] never frame the request, name its target, or speak in the name of the gateway', async () => {
    const { uri, seen } = await backEnd();
    const forbidden = [
      ...['Host', 'content-length', 'Transfer-Encoding', 'Connection', 'Keep-Alive', 'Upgrade', 'TE', 'Expect'],
      ...['x-sluice-connection-id', 'X-Sluice-New', 'bad name'],
    ];
    const requestParameters = Object.fromEntries(
      forbidden.map((name) => [`integration.request.header.${name}`, "'1'"]),
    );
    await invoke(mapped(uri, requestParameters), message('hello'));
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({ body: 'hello' });
    expect(seen[0]?.headers).toMatchObject({
      host: new URL(uri).host,
      'content-length': '5',
      'x-sluice-connection-id': 'gbgHN0-zjQAYKEjhgA==',
    });
    for (const name of ['transfer-encoding', 'keep-alive', 'upgrade', 'te', 'expect', 'x-sluice-new', 'bad name']) {
      expect(seen[0]?.headers[name]).toBeUndefined();
    }
  });

  it('[IN-16] a value with line ends or controls writes no header of its own; others go out as UTF-8', async () => {
    const { uri, seen } = await backEnd();
    const integration = mapped(uri, { 'integration.request.header.X-Body': 'route.request.body' });
    for (const body of ['a\r\nx-evil: 1\r\n\r\nGET /second HTTP/1.1', '\0\u007f tab\there ', 'grüße 🎉 \ud800', '  ']) {
      await invoke(integration, message(body));
    }
    const values = seen.map(({ headers }) => Buffer.from(String(headers['x-body']), 'latin1').toString());
    expect(values).toEqual(['a  x-evil: 1    GET /second HTTP/1.1', 'tab\there', 'grüße 🎉 \ufffd', '']);
    expect(seen).toHaveLength(4);
    expect(seen[0]?.headers['x-evil']).toBeUndefined();
  });

  it('[IN-16] several values go out as several fields', async () => {
    const { uri, seen } = await backEnd();
    const integration = mapped(uri, {
      'integration.request.multivalueheader.X-Role': 'route.request.multivalueheader.role',
    });
    await invoke(
      integration,
      connectRequest([
        ['role', 'a'],
        ['role', 'b'],
      ]),
    );
    expect(seen[0]?.headers['x-role']).toBe('a, b');
    expect(seen[0]?.rawHeaders.filter((text) => text === 'X-Role')).toHaveLength(2);
  });

  it('[IN-29] a head that values make too large fails the call, and the next one goes out', async () => {
    const { uri, seen } = await backEnd();
    const integration = mapped(uri, { 'integration.request.header.X-Body': 'route.request.body' });
    const outcome = await invoke(integration, message('x'.repeat(100_000)));
    expect(outcome).toMatchObject({ ok: false, code: 'integration_misconfigured' });
    expect(outcome.detail).toContain('65536');
    await invoke(integration, message('y'.repeat(10_000)));
    expect(seen.map(({ headers }) => String(headers['x-body']).length)).toEqual([10_000]);
  });

  it('[IN-16] go out over https too', async () => {
    const { uri, seen } = await backEnd({ tls: true });
    const requestParameters = { 'integration.request.header.X-Body': 'route.request.body' };
    const calls = invoker({ ca: testCertificate });
    for (const integrationMethod of ['POST', 'GET', 'DELETE', 'PATCH', 'OPTIONS']) {
      const changes = { integrationUri: uri, requestParameters, integrationMethod };
      const integration = calls.prepare(definition(changes), route, mappingDoubles);
      expect(await invoke(integration, message('ü\r\n.'))).toMatchObject({ ok: true, text: 'ü\r\n.' });
    }
    expect(seen.map(({ method }) => method)).toEqual(['POST', 'GET', 'DELETE', 'PATCH', 'OPTIONS']);
    expect(seen[0]?.headers['x-body']).toBe(Buffer.from('ü  .').toString('latin1'));
  });
});

describe('mapped query parameters', () => {
  it('[IN-16] are appended and encoded', async () => {
    const { uri, seen } = await backEnd();
    const requestParameters = {
      'integration.request.querystring.data': 'route.request.body',
      'integration.request.querystring.fixed': "'a b&c=d#e'",
    };
    await invoke(mapped(`${uri}?own=1`, requestParameters), message('ü/?\ud800'));
    await invoke(mapped(uri, requestParameters), message('1'));
    expect(seen.map(({ url }) => url)).toEqual([
      '/path?own=1&data=%C3%BC%2F%3F%EF%BF%BD&fixed=a%20b%26c%3Dd%23e',
      '/path?data=1&fixed=a%20b%26c%3Dd%23e',
    ]);
  });

  it("[IN-15] [IN-16] replace the client's parameter of their name, however it is spelled", async () => {
    const { uri, seen } = await backEnd();
    const integration = mapped(uri, { 'integration.request.querystring.user': "'ada'" });
    await invoke(integration, connectRequest([], 'user=eve&a=1&us%65r=eve&user&b=%zz&A=%20'));
    await invoke(integration, connectRequest([], 'user=eve'));
    await invoke(integration, connectRequest());
    expect(seen.map(({ url }) => url)).toEqual(['/path?a=1&b=%zz&A=%20&user=ada', '/path?user=ada', '/path?user=ada']);
  });
});
