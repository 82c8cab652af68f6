import { type BackEnd, connectClient, refusedHandshake, startBackEnd } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chatConfig } from './chat-config.js';
import { type Gateway, gatewayKinds } from './gateway-kinds.js';

describe.each(gatewayKinds)('messages and handshakes (%s)', (_kind, start) => {
  let backEnd: BackEnd;
  let gateway: Gateway;

  beforeAll(async () => {
    backEnd = await startBackEnd();
    const { chat } = chatConfig(backEnd.url).apis;
    const { $default: _fallback, ...withoutDefault } = chat.routes;
    gateway = await start({
      apis: {
        chat,
        strict: {
          ...chat,
          routes: {
            ...withoutDefault,
            untargeted: {},
            '7': chat.routes.echo,
            '[a, b]': chat.routes.echo,
            null: chat.routes.echo,
            true: chat.routes.echo,
          },
        },
        joined: {
          ...chat,
          routeSelectionExpression: '${request.body.service}/${request.body.action}',
          routes: { 'chat/join': chat.routes.canned },
        },
        open: { ...chat, routes: { canned: chat.routes.canned } },
      },
    });
  });
  afterAll(async () => {
    await gateway?.stop();
    await backEnd?.stop();
  });

  const connect = (api = 'chat') => connectClient(`${gateway.webSocketUrl}/${api}/dev`);

  it('[RT-10] [RT-21] [RT-22] [RT-23] [RT-24] M1, M2, M3, M4: action chooses the route; unknown, not JSON, empty and reserved names fall to $default', async () => {
    const client = await connect();
    for (const [text, routeKey] of [
      ['{"action":"tell","n":1}', 'tell'],
      ['{"action":"unknown"}', '$default'],
      ['not json', '$default'],
      ['', '$default'],
      ['[1,2]', '$default'],
      ['{"action":"$connect"}', '$default'],
      ['{"action":"$disconnect"}', '$default'],
      ['{"action":"$default"}', '$default'],
    ] as const) {
      const before = backEnd.of('MESSAGE').length;
      client.send(text);
      const request = await backEnd.seen(text, (each) => backEnd.of('MESSAGE').indexOf(each) >= before);
      expect([request.routeKey, request.body]).toEqual([routeKey, text]);
    }
    await client.close();
  });

  it('[RT-25] [RT-29] [ER-1] M2, M17: no match and no $default is the Forbidden frame, byte for byte, and the socket stays open', async () => {
    const client = await connect('strict');
    const id = backEnd.of('CONNECT').at(-1)?.connectionId;
    for (const text of ['{"action":"nothing"}', 'not json', '{"action":"$connect"}']) {
      client.send(text);
      const frame = await client.next();
      expect(frame.replace(/[\w-]{15}=(?="\})/, 'R')).toBe(
        `{"message": "Forbidden", "connectionId":"${id}", "requestId":"R"}`,
      );
    }
    client.send({ action: 'untargeted' });
    expect(await client.next()).toContain('{"message": "Internal server error", ');
    client.send({ action: 'canned' });
    expect(await client.next()).toBe('{"canned":true}');
    await client.close();
  });

  it('[RT-2] [RT-14] [RT-16] [RT-17] [RT-18] M5, M6: numbers, booleans, null and lists have their text; two variables join', async () => {
    const client = await connect('strict');
    for (const action of [7, true, null, ['a', 'b']]) {
      const text = JSON.stringify({ action });
      client.send(text);
      expect(await client.next()).toBe(text);
    }
    await client.close();
    const joined = await connect('joined');
    joined.send({ service: 'chat', action: 'join' });
    expect(await joined.next()).toBe('{"canned":true}');
    await joined.close();
  });

  it('[RS-1] [RS-4] [ER-3] M8, M9: a route response sends the body whatever the status; without one nothing is sent', async () => {
    const client = await connect();
    backEnd.answer((request) => ({ status: 500, body: `status 500 for ${request.routeKey}` }));
    client.send({ action: 'tell' });
    client.send({ action: 'echo' });
    expect(await client.next()).toBe('status 500 for echo');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(client.messages).toEqual(['status 500 for echo']);
    backEnd.answer((request) => ({ body: request.body }));
    await client.close();
  });

  it('[CN-10] H1: an API without $connect accepts on the spot', async () => {
    const before = backEnd.of('CONNECT').length;
    const client = await connect('open');
    expect(backEnd.of('CONNECT').length).toBe(before);
    client.send({ action: 'canned' });
    expect(await client.next()).toBe('{"canned":true}');
    await client.close();
  });

  it.each([200, 201, 204])('[CN-11] [CN-12] H2, H11: $connect answering %i connects', async (status) => {
    backEnd.answer(() => ({ status, headers: { 'set-cookie': 'a=b', 'x-foo': 'bar' }, body: '' }));
    const client = await connect();
    // H11: ordinary headers of the integration are not in the 101.
    expect(client.responseHeaders['set-cookie']).toBeUndefined();
    expect(client.responseHeaders['x-foo']).toBeUndefined();
    backEnd.answer((request) => ({ body: request.body }));
    await client.close();
  });

  it.each([301, 401, 403, 418, 501])(
    '[CN-5] H3, D8: $connect answering %i refuses with it, its headers and body, and no $disconnect follows',
    async (status) => {
      backEnd.answer(() => ({
        status,
        headers: { 'x-why': 'because', 'content-type': 'text/plain' },
        body: `no: ${status}`,
      }));
      const refused = await refusedHandshake(`${gateway.webSocketUrl}/chat/dev`);
      expect([refused.status, refused.body, refused.headers['x-why']]).toEqual([status, `no: ${status}`, 'because']);
      const id = backEnd.of('CONNECT').at(-1)?.connectionId;
      backEnd.answer((request) => ({ body: request.body }));
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(backEnd.of('DISCONNECT').some((request) => request.connectionId === id)).toBe(false);
    },
  );

  it('[CN-12] H9, H10: the sub-protocol of the integration is in the 101, in any spelling; without it the 101 has none', async () => {
    backEnd.answer(() => ({ headers: { 'SEC-WebSocket-PROTOCOL': 'graphql-ws' }, body: '' }));
    const client = await connectClient(`${gateway.webSocketUrl}/chat/dev`, { protocols: ['graphql-ws', 'other'] });
    expect(client.protocol).toBe('graphql-ws');
    await client.close();
    backEnd.answer(() => ({ body: '' }));
    // The ws client, like a browser, fails a connection whose offer was not answered.
    await expect(connectClient(`${gateway.webSocketUrl}/chat/dev`, { protocols: ['graphql-ws'] })).rejects.toThrow(
      /subprotocol/i,
    );
    backEnd.answer((request) => ({ body: request.body }));
  });

  it('[IN-15] H15: query and headers of the handshake reach the $connect integration', async () => {
    const client = await connectClient(`${gateway.webSocketUrl}/chat/dev?a=1&a=2&b=%20x`, {
      headers: { 'x-token': 'secret', cookie: 'c=d' },
    });
    const request = backEnd.of('CONNECT').at(-1);
    expect(request?.url).toBe('/chat?a=1&a=2&b=%20x');
    expect(request?.headers['x-token']).toBe('secret');
    expect(request?.headers['cookie']).toBe('c=d');
    await client.close();
  });
});
