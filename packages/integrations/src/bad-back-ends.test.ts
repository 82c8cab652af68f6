import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import {
  backEnd,
  closeAll,
  connectRequest,
  definition,
  invoke,
  invoker,
  message,
  prepared,
  route,
  tcpServer,
} from './back-end.fixture.js';
import { pause } from './fast-lane/hostile-server.fixture.js';
import { testCertificate } from './test-certificate.fixture.js';

afterEach(closeAll);

const trusting = { ca: testCertificate };
const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

describe('back ends that do not behave', () => {
  it.each(['http', 'https'])(
    '[IN-27] %s: one that never answers ends in a timeout, not before its time',
    async (scheme) => {
      const { uri } = await backEnd({ respond: () => {}, tls: scheme === 'https' });
      const integration = invoker(trusting).prepare(definition({ integrationUri: uri, timeoutInMillis: 200 }), route);
      for (const request of [message('{}'), connectRequest()]) {
        const startedAtMs = performance.now();
        expect(await invoke(integration, request)).toMatchObject({ ok: false, code: 'integration_timeout' });
        const tookMs = performance.now() - startedAtMs;
        expect(tookMs).toBeGreaterThanOrEqual(200);
        expect(tookMs).toBeLessThan(1_000);
      }
    },
  );

  it('[IN-30] one that is not there, or has no address, is unreachable', async () => {
    const { uri, server } = await backEnd();
    await new Promise((resolve) => server.close(resolve));
    for (const integrationUri of [uri, uri.replace('http:', 'https:'), 'http://no-such-host.invalid/']) {
      const outcome = await invoke(prepared({ integrationUri }), message('{}'));
      expect(outcome).toMatchObject({ ok: false, code: 'integration_unreachable' });
    }
  });

  it('[IN-30] TLS to somebody else is unreachable', async () => {
    const { uri, seen } = await backEnd({ tls: true });
    expect(await invoke(prepared({ integrationUri: uri }), message('{}'))).toMatchObject({
      code: 'integration_unreachable',
    });
    expect(seen).toHaveLength(0);
  });

  it('finds the address of a name that has several, where only one is served', async () => {
    const { uri } = await backEnd({ host: '127.0.0.1' });
    const integration = prepared({ integrationUri: uri.replace('127.0.0.1', 'localhost') });
    expect(await invoke(integration, message('{"a":1}'))).toMatchObject({ ok: true, text: '{"a":1}' });
  });

  it('[IN-28] a kept-alive connection that was just closed costs no call: it goes out once more', async () => {
    let requests = 0;
    const uri = await tcpServer((socket, count) => {
      socket.on('data', () => {
        requests++;
        // The first connection dies with its second request, as one that the server was closing.
        if (count === 1 && requests === 2) socket.destroy();
        else socket.write(answer);
      });
    });
    const integration = prepared({ integrationUri: uri });
    expect(await invoke(integration, message('1'))).toMatchObject({ ok: true });
    expect(await invoke(integration, message('2'))).toMatchObject({ ok: true });
    expect(requests).toBe(3);
  });

  it('[IN-28] no other call is repeated: not on a new connection, not after a byte, not once it was worked on', async () => {
    let requests = 0;
    let act: (socket: Socket) => void = (socket) => socket.destroy();
    const uri = await tcpServer((socket) => {
      socket.on('data', () => {
        requests++;
        act(socket);
      });
    });
    const integration = prepared({ integrationUri: uri });
    expect(await invoke(integration, message('1'))).toMatchObject({ code: 'integration_unreachable' });
    expect(requests).toBe(1);

    act = (socket) => socket.write(answer);
    expect(await invoke(integration, message('2'))).toMatchObject({ ok: true });
    act = (socket) => socket.end('HTTP/1.1');
    expect(await invoke(integration, message('3'))).toMatchObject({ code: 'integration_invalid_response' });
    expect(requests).toBe(3);

    act = (socket) => socket.write(answer);
    expect(await invoke(integration, message('4'))).toMatchObject({ ok: true });
    act = (socket) => setTimeout(() => socket.destroy(), 1_200);
    expect(await invoke(integration, message('5'))).toMatchObject({ code: 'integration_unreachable' });
    expect(requests).toBe(5);
  });

  it('notices that an idle connection was closed, and honours Keep-Alive: timeout', async () => {
    let connections = 0;
    let heads: string[] = [];
    const uri = await tcpServer((socket, count) => {
      connections = count;
      socket.on('data', () => {
        if (count === 1) socket.end(answer);
        else socket.write(answer.replace('\r\n', '\r\nKeep-Alive: timeout=2\r\n'));
      });
      socket.on('close', () => heads.push(`closed ${count}`));
    });
    const integration = prepared({ integrationUri: uri });
    await invoke(integration, message('1'));
    await pause(50);
    await invoke(integration, message('2'));
    await invoke(integration, message('3'));
    expect(connections).toBe(2);
    heads = [];
    // The server would keep it for 2 s; it is given up after 1.
    await pause(1_200);
    expect(heads).toEqual(['closed 2']);
  });

  it('[IN-31] a byte that nobody asked for ends the connection, and the next call has another', async () => {
    let connections = 0;
    const uri = await tcpServer((socket, count) => {
      connections = count;
      socket.on('data', () => {
        socket.write(answer);
        if (count === 1) setTimeout(() => socket.write('HTTP/1.1 408 Request Timeout\r\n\r\n'), 20);
      });
    });
    const integration = prepared({ integrationUri: uri });
    expect(await invoke(integration, message('1'))).toMatchObject({ ok: true, text: 'ok' });
    await pause(100);
    expect(await invoke(integration, message('2'))).toMatchObject({ ok: true, text: 'ok' });
    expect(connections).toBe(2);
  });

  it('[IN-29] [N4] a hanging back end costs bounded connections and waiting requests, and no other back end anything', async () => {
    let connections = 0;
    const uri = await tcpServer((_socket, count) => {
      connections = count;
    });
    const other = await backEnd();
    const calls = invoker({ poolLimits: { connectionsMax: 4, waitingMax: 10 } });
    const hanging = calls.prepare(definition({ integrationUri: uri, timeoutInMillis: 300 }), route);
    const healthy = calls.prepare(definition({ integrationUri: other.uri }), route);
    const first = Array.from({ length: 4 }, () => invoke(hanging, message('{}')));
    while (connections < 4) await pause(5);
    await pause(20);
    const outcomes = Array.from({ length: 20 }, () => invoke(hanging, message('{}')));
    expect(await invoke(healthy, message('{"a":1}'))).toMatchObject({ ok: true });
    const codes = (await Promise.all([...first, ...outcomes])).map((outcome) => outcome.code);
    expect(codes.filter((code) => code === 'integration_overloaded')).toHaveLength(10);
    expect(codes.filter((code) => code === 'integration_timeout')).toHaveLength(14);
    expect(connections).toBeLessThanOrEqual(14);
  });

  it('counts calls in work, their time by result, and errors', async () => {
    const { uri } = await backEnd({
      respond: (request, response) => response.writeHead(request.url === '/bad' ? 503 : 200).end(),
    });
    const calls = invoker();
    const prepare = (integrationUri: string) =>
      calls.prepare(definition({ integrationUri, timeoutInMillis: 100 }), route);
    const hanging = await tcpServer(() => {});
    const pending = invoke(prepare(hanging), message('{}'));
    expect((await calls.metrics.integrationInflight.get()).values[0]?.value).toBe(1);
    await Promise.all([
      pending,
      invoke(prepare(uri), message('{}')),
      invoke(prepare(new URL('/bad', uri).href), message('{}')),
    ]);
    expect((await calls.metrics.integrationInflight.get()).values[0]?.value).toBe(0);
    const labels = { api: 'chat', stage: 'dev', route: 'sendMessage', kind: 'HTTP_PROXY' };
    const errors = (await calls.metrics.integrationErrorsTotal.get()).values;
    expect(errors).toContainEqual({ labels: { ...labels, code: 'integration_timeout' }, value: 1 });
    expect(errors).toContainEqual({ labels: { ...labels, code: '5xx' }, value: 1 });
    expect(errors).toHaveLength(2);
    const counts = (await calls.metrics.integrationSeconds.get()).values.filter((each) =>
      each.metricName?.endsWith('_count'),
    );
    expect(counts.map((each) => [each.labels.code, each.value]).sort()).toEqual([
      ['2xx', 1],
      ['5xx', 1],
      ['integration_timeout', 1],
    ]);
  });

  it('close ends calls in work, waiting and to come', async () => {
    const uri = await tcpServer(() => {});
    const calls = invoker({ poolLimits: { connectionsMax: 1, waitingMax: 10 } });
    const integration = calls.prepare(definition({ integrationUri: uri }), route);
    const pending = [1, 2, 3].map(() => invoke(integration, message('{}')));
    await pause(50);
    await calls.close();
    for (const outcome of await Promise.all([...pending, invoke(integration, message('{}'))])) {
      expect(outcome).toMatchObject({ ok: false, code: 'integration_unreachable' });
    }
  });
});
