import type { TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { backEnd, closeAll, connectRequest, definition, invoke, invoker, message, route } from './back-end.fixture.js';
import { testCertificate } from './test-certificate.fixture.js';

afterEach(closeAll);

const trusting = { ca: testCertificate };

describe('https', () => {
  it('[IN-1] [IN-14] calls with the same head and gives the same outcome', async () => {
    const { uri, seen } = await backEnd({ tls: true });
    const plain = await backEnd();
    const calls = invoker(trusting);
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    for (const request of [message('{"a":"ü"}', traceparent), connectRequest([['x-a', 'ü']], 'q=1')]) {
      const secure = await invoke(calls.prepare(definition({ integrationUri: uri }), route), request);
      expect(secure).toMatchObject({ ok: true, status: 200 });
      expect(secure.text).toBe(
        (await invoke(calls.prepare(definition({ integrationUri: plain.uri }), route), request)).text,
      );
    }
    const names = (index: number, from = seen) =>
      Object.entries(from[index]?.headers ?? {}).filter(
        ([name]) => !/^(host|connection|traceparent|x-amzn-trace-id)$/.test(name),
      );
    expect(names(0).sort()).toEqual(names(0, plain.seen).sort());
    expect(names(1).sort()).toEqual(names(1, plain.seen).sort());
    expect(seen[1]?.url).toBe('/path?q=1');
  });

  it('[IN-18] gives headers of $connect, and refuses bodies that are too large', async () => {
    const { uri } = await backEnd({
      tls: true,
      respond: (request, response) =>
        request.headers['x-sluice-event-type'] === 'CONNECT'
          ? response.writeHead(403, { 'Set-Cookie': ['a', 'b'] }).end('no')
          : response.end(Buffer.alloc(1_048_577)),
    });
    const integration = invoker(trusting).prepare(definition({ integrationUri: uri }), route);
    const refused = await invoke(integration, connectRequest());
    expect(refused).toMatchObject({ ok: true, status: 403, text: 'no' });
    expect(refused.headers?.filter(([name]) => name === 'set-cookie')).toHaveLength(2);
    expect(await invoke(integration, message('{}'))).toMatchObject({ code: 'integration_response_too_large' });
  });

  it('[IN-32] tlsConfig.serverNameToVerify is the name asked for and looked for in the certificate', async () => {
    const names: unknown[] = [];
    const { uri, seen, server } = await backEnd({ tls: true });
    server.on('secureConnection', (socket: TLSSocket) => names.push(socket.servername));
    const calls = invoker(trusting);
    const named = (serverNameToVerify: string | undefined) =>
      calls.prepare(definition({ integrationUri: uri, tlsConfig: { serverNameToVerify } }), route);
    const integrations = [named('localhost'), named(undefined), named('other.example')];
    // By turns, so that a connection made for one name would be met by a request for another.
    const outcomes = [];
    for (const integration of [...integrations, ...integrations])
      outcomes.push(await invoke(integration, message('1')));
    expect(outcomes.map(({ ok, code }) => code ?? ok)).toEqual([
      ...[true, true, 'integration_unreachable'],
      ...[true, true, 'integration_unreachable'],
    ]);
    expect(outcomes[2]?.detail).toContain('ERR_TLS_CERT_ALTNAME_INVALID');
    expect(names).toEqual(expect.arrayContaining(['localhost', false]));
    expect(names.filter((name) => name === 'localhost')).toHaveLength(1);
    expect(seen).toHaveLength(4);
    expect(seen[0]?.headers.host).toBe(new URL(uri).host);
  });

  it('[IN-32] a name to verify that is none stops the integration; on http it changes nothing', async () => {
    const { uri } = await backEnd();
    const calls = invoker();
    const named = (serverNameToVerify: string) =>
      calls.prepare(definition({ integrationUri: uri, tlsConfig: { serverNameToVerify } }), route);
    expect(named('no name').fault).toContain('serverNameToVerify');
    expect(await invoke(named('some.name'), message('1'))).toMatchObject({ ok: true });
  });

  it('[IN-32] VPC_LINK is a marker: the target is called like any other', async () => {
    const { uri, seen } = await backEnd({ tls: true });
    const link = { connectionType: 'VPC_LINK' as const, connectionId: 'abc123' };
    const calls = invoker(trusting);
    expect(
      await invoke(calls.prepare(definition({ integrationUri: uri, ...link }), route), message('1')),
    ).toMatchObject({
      ok: true,
    });
    expect(seen).toHaveLength(1);
  });

  it('[IN-11] sends a body with any method', async () => {
    const { uri, seen } = await backEnd({ tls: true });
    const calls = invoker(trusting);
    for (const integrationMethod of ['GET', 'HEAD', 'DELETE', 'OPTIONS']) {
      const integration = calls.prepare(definition({ integrationUri: uri, integrationMethod }), route);
      expect(await invoke(integration, message('body'))).toMatchObject({ ok: true });
    }
    expect(seen.map(({ method, body }) => [method, body])).toEqual([
      ['GET', 'body'],
      ['HEAD', 'body'],
      ['DELETE', 'body'],
      ['OPTIONS', 'body'],
    ]);
  });
});
