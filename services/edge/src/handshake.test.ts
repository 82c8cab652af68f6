import { closes } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';
import {
  admitted,
  apiDefinition,
  endAfterEach,
  openClient,
  RawClient,
  sleep,
  startGateway,
  until,
  upgradeLines,
  upgradeRequest,
} from './edge.fixture.js';

endAfterEach();

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const bytes = (text: string) => Buffer.from(text);

async function knock(port: number, lines?: string[], target?: string): Promise<RawClient> {
  return await new RawClient(port).write(upgradeRequest(lines, target)).answer();
}

describe('accepted handshakes', () => {
  it('[CN-10] without a $connect route the client is let in on the spot and registered behind its back', async () => {
    const gateway = await startGateway({ connect: false });
    const client = await knock(gateway.port);
    expect(client.status).toBe(101);
    await until('the registration', () => gateway.store.registered.size === 1);
    expect(gateway.envelopes).toEqual([]);
  });

  it('[CN-11] [CB-32] the upgrade is held until the verdict, its id exists before, and its record comes before the 101', async () => {
    const gateway = await startGateway();
    gateway.rule.verdict = () => undefined;
    const client = new RawClient(gateway.port).write(
      upgradeRequest([...upgradeLines, 'X-Token: a', 'X-Token: b'], '/dev?x=1&x=2'),
    );
    const connect = await until('CONNECT', () => gateway.connects()[0]);
    expect(connect.handshake.queryString).toBe('x=1&x=2');
    expect(connect.handshake.headers.filter(([name]) => name === 'x-token')).toEqual([
      ['x-token', 'a'],
      ['x-token', 'b'],
    ]);
    expect(JSON.parse(connect.connectionContext)).toMatchObject({ sourceIp: '127.0.0.1', domainName: 'localhost' });
    await sleep(50);
    expect(client.text).toBe('');
    // A callback finds nothing yet.
    expect((await gateway.ask({ kind: 'POST', connectionId: connect.connectionId })).result).toBe('gone');
    gateway.tell({ kind: 'VERDICT', connectionId: connect.connectionId, ...admitted });
    await client.answer();
    expect(client.status).toBe(101);
    expect([...gateway.store.registered]).toEqual([connect.connectionId]);
    expect((await gateway.ask({ kind: 'POST', connectionId: connect.connectionId, body: bytes('hi') })).result).toBe(
      'ok',
    );
  });

  it('[CN-12] only the sub-protocol the integration returned is echoed, under any spelling of its name', async () => {
    const gateway = await startGateway();
    gateway.rule.verdict = () => ({
      ...admitted,
      status: 201,
      headers: [
        ['Set-Cookie', 'a=b'],
        ['X-Foo', 'bar'],
        ['sEc-WebSocket-Protocol', 'chat.v2'],
      ],
      body: bytes('ignored'),
    });
    const offered = [
      ...upgradeLines,
      'Sec-WebSocket-Protocol: chat.v1, chat.v2',
      'Sec-WebSocket-Extensions: permessage-deflate',
    ];
    const client = await knock(gateway.port, offered);
    expect(client.status).toBe(101);
    expect(client.header('sec-websocket-protocol')).toBe('chat.v2');
    expect(client.header('sec-websocket-extensions')).toBeUndefined();
    expect(client.header('set-cookie')).toBeUndefined();
    expect(client.header('x-foo')).toBeUndefined();
    expect(client.body).toBe('');
    gateway.rule.verdict = () => admitted;
    expect((await knock(gateway.port, offered)).header('sec-websocket-protocol')).toBeUndefined();
  });

  it('[CN-13] a sub-protocol with line breaks does not become a header of ours', async () => {
    const gateway = await startGateway();
    gateway.rule.verdict = () => ({ ...admitted, headers: [['Sec-WebSocket-Protocol', 'a\r\nSet-Cookie: x=y']] });
    const client = await knock(gateway.port);
    expect(client.status).toBe(101);
    expect(client.text).not.toMatch(/set-cookie/i);
  });
});

describe('refused handshakes', () => {
  it.each([
    ['an unknown stage', '/nope'],
    ['an extra path segment', '/dev/more'],
    ['no stage', '/'],
    ['an encoded way to @connections', '/dev/%40connections/abc'],
  ])('[CN-1] %s is 403 Forbidden with a request id and an error type', async (_what, target) => {
    const gateway = await startGateway();
    const client = await knock(gateway.port, undefined, target);
    expect(client.status).toBe(403);
    expect(client.header('Content-Type')).toBe('application/json');
    expect(client.header('x-amzn-RequestId')).toMatch(uuid);
    expect(client.header('x-amzn-ErrorType')).toBe('ForbiddenException');
    expect(client.body).toBe('{"message":"Forbidden"}');
    await client.end();
    expect(gateway.envelopes).toEqual([]);
  });

  it('[CN-4] a plain GET is 403 Forbidden, and the page is served where there is one', async () => {
    const gateway = await startGateway({ settings: { page: { html: '<p>hello</p>' } } });
    const plain = await new RawClient(gateway.port).write('GET /dev HTTP/1.1\r\nHost: a\r\n\r\n').answer();
    expect([plain.status, plain.body]).toEqual([403, '{"message":"Forbidden"}']);
    const page = await new RawClient(gateway.port).write('GET / HTTP/1.1\r\nHost: a\r\n\r\n').answer();
    expect([page.status, page.body]).toEqual([200, '<p>hello</p>']);
  });

  it('[CN-4] a HEAD has the head of the GET and no body', async () => {
    const gateway = await startGateway({ settings: { page: { html: '<p>hello</p>' } } });
    for (const [path, status, length] of [
      ['/dev', 403, 23],
      ['/', 200, 12],
    ] as const) {
      const answer = await new RawClient(gateway.port).write(`HEAD ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).answer();
      expect([answer.status, answer.header('content-length'), answer.body]).toEqual([status, String(length), '']);
    }
    const plain = await new RawClient(gateway.port).write('GET /dev HTTP/1.1\r\nHost: a\r\n\r\n').answer();
    expect(plain.status).toBe(403);
  });

  it.each([301, 401, 403, 418, 501])(
    '[CN-5] a $connect answer of %i is passed on with its headers and body',
    async (status) => {
      const gateway = await startGateway();
      gateway.rule.verdict = () => ({
        status,
        headers: [
          ['Content-Type', 'text/plain'],
          ['Location', '/elsewhere'],
          ['X-Own', 'kept'],
          ['Connection', 'keep-alive, X-Hop'],
          ['Keep-Alive', 'timeout=5'],
          ['X-Hop', 'dropped'],
          ['Transfer-Encoding', 'chunked'],
          ['Content-Length', '999'],
          ['Sec-WebSocket-Accept', 'forged'],
          ['X-Evil', 'a\r\nX-Injected: yes'],
          ['X-Evil\r\nX-Injected', 'yes'],
        ],
        body: bytes('not today'),
      });
      const client = await knock(gateway.port);
      expect(client.status).toBe(status);
      expect(client.body).toBe('not today');
      expect(client.header('X-Own')).toBe('kept');
      expect(client.header('Content-Length')).toBe('9');
      for (const name of ['X-Hop', 'Keep-Alive', 'Transfer-Encoding', 'Sec-WebSocket-Accept', 'X-Injected', 'X-Evil']) {
        expect([name, client.header(name)]).toEqual([name, undefined]);
      }
      await sleep(50);
      expect(gateway.disconnects()).toEqual([]);
      expect(gateway.store.registrations).toEqual([]);
    },
  );

  it('[CN-5] a 304 is passed on without its body, which no client would read', async () => {
    const gateway = await startGateway();
    gateway.rule.verdict = () => ({ status: 304, headers: [['X-Own', 'kept']], body: bytes('unread') });
    const client = await new RawClient(gateway.port).write(upgradeRequest()).end();
    expect([client.status, client.header('X-Own'), client.body]).toEqual([304, 'kept', '']);
  });

  it('[CN-6] without a verdict in time the answer is 504, byte for byte, and a late verdict changes nothing', async () => {
    const gateway = await startGateway({ connectTimeoutMs: 50 });
    // The margin is 3 s: the integration's own timeout has to reach the edge as a verdict first.
    gateway.rule.verdict = () => undefined;
    const client = await new RawClient(gateway.port).write(upgradeRequest()).end(6_000);
    const { connectionId, requestId } = gateway.connects()[0] as { connectionId: string; requestId: string };
    expect(client.status).toBe(504);
    expect(client.header('Content-Type')).toBe('application/json; charset=UTF-8');
    expect(client.header('x-amz-apigw-id')).toBe(requestId);
    expect(client.header('x-amzn-RequestId')).toBeUndefined();
    expect(client.body).toBe(
      `{"message": "Endpoint request timed out", "connectionId":"${connectionId}", "requestId":"${requestId}"}`,
    );
    gateway.tell({ kind: 'VERDICT', connectionId, ...admitted });
    await sleep(50);
    expect(gateway.store.registrations).toEqual([]);
    expect(gateway.disconnects()).toEqual([]);
  });

  it('[CN-7] a client that goes away while held never existed: no record stays and no $disconnect is sent', async () => {
    const gateway = await startGateway();
    gateway.rule.verdict = () => undefined;
    const client = new RawClient(gateway.port).write(upgradeRequest());
    const { connectionId } = await until('CONNECT', () => gateway.connects()[0]);
    client.socket.destroy();
    await until(
      'the abort',
      async () => (await gateway.metric('sluice_handshakes_total', { result: 'aborted' })) === 1,
    );
    gateway.tell({ kind: 'VERDICT', connectionId, ...admitted });
    await sleep(50);
    expect(gateway.disconnects()).toEqual([]);
    expect(gateway.store.registered.size).toBe(0);
    expect(gateway.edge.socketCount).toBe(0);
  });

  it('[CN-8] an impossible verdict status is an error in the layout of an error frame', async () => {
    const gateway = await startGateway();
    gateway.rule.verdict = () => ({ ...admitted, status: 101 });
    const client = await knock(gateway.port);
    expect(client.status).toBeGreaterThanOrEqual(500);
    expect(client.body).toMatch(
      /^\{"message": "Internal server error", "connectionId":"[^"]+", "requestId":"[^"]+"\}$/,
    );
  });
});

describe('hostile upgrade requests', () => {
  const withLine = (line: string) => [...upgradeLines, line];
  const without = (name: string) => upgradeLines.filter((line) => !line.startsWith(name));

  it.each<[string, string[], number]>([
    ['two Authorization headers', [...upgradeLines, 'Authorization: a', 'Authorization: b'], 400],
    ['two Host headers', withLine('Host: other'), 400],
    ['two keys', withLine('Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZR=='), 400],
    ['two versions', withLine('Sec-WebSocket-Version: 13'), 400],
    ['a body', withLine('Content-Length: 5'), 400],
    ['two lengths', [...upgradeLines, 'Content-Length: 0', 'Content-Length: 0'], 400],
    ['a chunked body', withLine('Transfer-Encoding: chunked'), 400],
    ['a length and a chunked body', [...upgradeLines, 'Content-Length: 5', 'Transfer-Encoding: chunked'], 400],
    ['no Host', without('Host'), 400],
    ['no key', without('Sec-WebSocket-Key'), 400],
    ['a short key', [...without('Sec-WebSocket-Key'), 'Sec-WebSocket-Key: abc'], 400],
    ['no upgrade token', without('Upgrade'), 403],
    ['another upgrade', [...without('Upgrade'), 'Upgrade: h2c'], 403],
    ['no connection token', [...without('Connection'), 'Connection: keep-alive'], 400],
    ['another version', [...without('Sec-WebSocket-Version'), 'Sec-WebSocket-Version: 8'], 426],
    ['no version', without('Sec-WebSocket-Version'), 426],
    ['headers over 10240 bytes', withLine(`X-Fat: ${'y'.repeat(10_240)}`), 431],
  ])('[CN-2] %s: refused, closed, and nothing reaches a router', async (_what, lines, status) => {
    const gateway = await startGateway();
    const client = await knock(gateway.port, lines);
    expect(client.status).toBe(status);
    if (status === 426) expect(client.header('Sec-WebSocket-Version')).toBe('13');
    if (status === 400) expect(client.text).toMatch(/<html>|<h1>/);
    await client.end();
    expect(gateway.envelopes).toEqual([]);
  });

  it('[QU-9] a URL of 4096 characters is taken, of 4097 is 414', async () => {
    const gateway = await startGateway({ connect: false });
    const fits = await knock(gateway.port, undefined, `/dev?${'x'.repeat(4_096 - 5)}`);
    expect(fits.status).toBe(101);
    const tooLong = await knock(gateway.port, undefined, `/dev?${'x'.repeat(4_096 - 4)}`);
    expect(tooLong.status).toBe(414);
  });

  it('[QU-10] the largest allowed head is assembled from pieces too; one without end is cut', async () => {
    const gateway = await startGateway({ connect: false });
    const request = upgradeRequest([...upgradeLines, `X-Fat: ${'y'.repeat(9_900)}`], `/dev?${'x'.repeat(4_000)}`);
    const client = new RawClient(gateway.port);
    // The request line in one piece: the library at hand refuses one that comes in two (docs/compatibility.md, QU-10).
    const lineEnd = request.indexOf('\r\n') + 2;
    client.write(request.slice(0, lineEnd));
    for (let at = lineEnd; at < request.length; at += 1_000) {
      client.write(request.slice(at, at + 1_000));
      await sleep(2);
    }
    await client.answer();
    expect(client.status).toBe(101);
    const endless = new RawClient(gateway.port).write(`GET /dev HTTP/1.1\r\nHost: a\r\n`);
    for (let i = 0; i < 40; i++) {
      endless.write(`X-${i}: ${'y'.repeat(1_000)}\r\n`);
      await sleep(1);
    }
    await endless.end();
    expect([0, 431]).toContain(endless.status);
  });

  it.each([
    ['garbage', Buffer.from('\x16\x03\x01\x02\x00 garbage\r\n\r\n', 'latin1')],
    ['another protocol', Buffer.from('FOO BAR BAZ\r\n\r\n')],
    ['HTTP/1.0', Buffer.from(upgradeRequest().replace('HTTP/1.1', 'HTTP/1.0'))],
    ['an absolute address', Buffer.from(upgradeRequest(undefined, 'http://evil/dev'))],
  ])('%s is closed, and the next client is served', async (_what, request) => {
    const gateway = await startGateway({ connect: false });
    const client = await new RawClient(gateway.port).write(request).end();
    expect(client.status).not.toBe(101);
    expect((await knock(gateway.port)).status).toBe(101);
  });

  it('[CN-3] a carriage return, a NUL or a folded line inside a header never makes a connection', async () => {
    const gateway = await startGateway({ connect: false });
    const broken = ['X: a\rSet-Cookie: b', 'X: a\0b', 'X: a\r\n b', 'X : a'];
    const clients = broken.map((line) => new RawClient(gateway.port).write(upgradeRequest([...upgradeLines, line])));
    await sleep(200);
    expect(clients.map((client) => client.status)).toEqual(clients.map(() => expect.not.toBeOneOf([101])));
    expect(gateway.edge.socketCount).toBe(0);
  });
});

describe('overload and outage', () => {
  it('[CN-9] over the handshake rate the answer is 503 with Retry-After, before the address is looked at', async () => {
    const gateway = await startGateway({
      connect: false,
      settings: { handshakesPerSecond: 0.001, handshakesBurst: 1 },
    });
    expect((await knock(gateway.port)).status).toBe(101);
    const refused = await knock(gateway.port, undefined, '/nope');
    expect(refused.status).toBe(503);
    expect(Number(refused.header('Retry-After'))).toBeGreaterThanOrEqual(1);
    expect(refused.header('Connection')).toBe('close');
    expect(await gateway.metric('sluice_throttled_total', { reason: 'handshake_rate' })).toBe(1);
  });

  it('[CN-9] over the rate of its API the answer is the same, before the authorizer is asked; other APIs have theirs', async () => {
    const busy = apiDefinition({ limits: { handshakesPerSecondMax: 1, handshakesBurstMax: 2 } }, 'busy');
    const gateway = await startGateway({ apis: [apiDefinition(), busy] });
    for (let n = 0; n < 2; n++) expect((await knock(gateway.port, undefined, '/busy/dev')).status).toBe(101);
    const refused = await knock(gateway.port, undefined, '/busy/dev');
    expect([refused.status, refused.header('Connection')]).toEqual([503, 'close']);
    expect(Number(refused.header('Retry-After'))).toBeGreaterThanOrEqual(1);
    expect(gateway.connects().length).toBe(2);
    expect((await knock(gateway.port, undefined, '/chat/dev')).status).toBe(101);
    expect(await gateway.metric('sluice_throttled_total', { api: 'busy', reason: 'api_handshake_rate' })).toBe(1);
    expect(await gateway.metric('sluice_handshakes_total', { api: 'busy', result: 'refused' })).toBe(1);
    // A reload that leaves its numbers alone grants no new burst; one that changes them counts from then on.
    gateway.definitions.replace([apiDefinition(), busy]);
    expect((await knock(gateway.port, undefined, '/busy/dev')).status).toBe(503);
    gateway.definitions.replace([apiDefinition(), apiDefinition({}, 'busy')]);
    expect((await knock(gateway.port, undefined, '/busy/dev')).status).toBe(101);
  });

  it('at the ceiling of connections new ones get 503, and the node is not ready', async () => {
    const gateway = await startGateway({ connect: false, settings: { maxConnections: 1 } });
    const first = await openClient(gateway.url);
    expect((await knock(gateway.port)).status).toBe(503);
    expect(gateway.edge.ready().ok).toBe(false);
    first.socket.close();
    await until('the ceiling to be left', () => gateway.edge.ready().ok);
    expect((await knock(gateway.port)).status).toBe(101);
  });

  it('[CN-9] while the bus is away nobody is let in, whether a verdict is needed or not; sockets stay open', async () => {
    const gateway = await startGateway({ apis: [apiDefinition(), apiDefinition({ connect: false }, 'open')] });
    await openClient(`ws://127.0.0.1:${gateway.port}/open/dev`);
    gateway.busState.refusal = 'bus_unavailable';
    for (const path of ['/chat/dev', '/open/dev']) {
      const refused = await knock(gateway.port, undefined, path);
      expect([refused.status, refused.header('Connection')]).toEqual([503, 'close']);
      expect(Number(refused.header('Retry-After'))).toBeGreaterThanOrEqual(1);
    }
    expect(gateway.edge.socketCount).toBe(1);
    gateway.busState.refusal = undefined;
    expect((await knock(gateway.port, undefined, '/open/dev')).status).toBe(101);
  });

  it('a CONNECT that the bus refuses is 503', async () => {
    const gateway = await startGateway();
    gateway.busState.refusal = 'backlog_full';
    Object.defineProperty(gateway.bus, 'available', { get: () => true });
    expect((await knock(gateway.port)).status).toBe(503);
  });

  it('a connection that cannot be registered is not let in', async () => {
    const gateway = await startGateway();
    gateway.store.away = true;
    expect((await knock(gateway.port)).status).toBe(503);
    expect(gateway.edge.socketCount).toBe(0);
  });

  it('one whose record was not confirmed is forgotten as well: the store would go on trying, and a survivor announce its end', async () => {
    const gateway = await startGateway();
    gateway.store.beforeRegistered = async () => {
      for (const { connectionId } of gateway.connects()) gateway.store.registered.add(connectionId);
      throw new Error('the answer was lost');
    };
    expect((await knock(gateway.port)).status).toBe(503);
    expect(gateway.connects()).toHaveLength(1);
    expect(gateway.store.registered.size).toBe(0);
  });

  it('one accepted on the spot is registered once the store is back', async () => {
    const gateway = await startGateway({ connect: false });
    gateway.store.away = true;
    const client = await openClient(gateway.url);
    await sleep(50);
    expect(gateway.store.registered.size).toBe(0);
    gateway.store.away = false;
    await until('the registration', () => gateway.store.registered.size === 1);
    client.socket.close();
    expect((await client.closed).code).toBe(closes.noStatus.code);
    await until('the record to go', () => gateway.store.registered.size === 0);
  });
});
