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
});
