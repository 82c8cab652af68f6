import { afterEach, expect, it } from 'vitest';
import { closeAll, definition, invoke, invoker, message, route, tcpServer } from './back-end.fixture.js';

afterEach(closeAll);

it('[IN-33] routes with one integration, and integrations with one origin, share its connections', async () => {
  let opened = 0;
  const uri = await tcpServer((socket, count) => {
    opened = count;
    socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
  });
  const shared = invoker();
  const integrations = [
    shared.prepare(definition({ integrationUri: uri }), { ...route, routeKey: 'first' }),
    shared.prepare(definition({ integrationUri: uri }), { ...route, routeKey: 'second' }),
    shared.prepare(definition({ integrationId: 'other', integrationUri: `${uri}elsewhere` }), route),
  ];
  for (const integration of integrations) {
    expect(await invoke(integration, message('x'))).toMatchObject({ ok: true, text: 'ok' });
  }
  expect(opened).toBe(1);
});
