import { closes, limits } from '@sluice/contracts';
import { createTelemetry } from '@sluice/telemetry';
import { describe, expect, it } from 'vitest';
import {
  apiDefinition,
  endAfterEach,
  frame,
  openClient,
  RawClient,
  sleep,
  startGateway,
  until,
  upgradeRequest,
} from './edge.fixture.js';

endAfterEach();

const text = (body: Uint8Array) => Buffer.from(body).toString();

async function rawOpen(port: number): Promise<RawClient> {
  const client = await new RawClient(port).write(upgradeRequest()).answer();
  expect(client.status).toBe(101);
  client.received = Buffer.alloc(0);
  return client;
}

describe('frames of clients', () => {
  it('[CN-20] a frame becomes an envelope with ids of its own and the bytes as they came', async () => {
    const gateway = await startGateway({ connect: false });
    const client = await openClient(gateway.url);
    client.socket.send('{"action":"grüße 👋"}');
    client.socket.send('');
    await until('two messages', () => gateway.messages().length === 2);
    const [first, second] = gateway.messages();
    expect(text(first?.body as Uint8Array)).toBe('{"action":"grüße 👋"}');
    expect(second?.body.length).toBe(0);
    expect(new Set([first?.requestId, first?.messageId, second?.requestId, second?.messageId]).size).toBe(4);
    expect(first?.scope).toBe('chat/dev');
  });

  it('[QU-1] 131072 bytes are taken, in one frame or in several; 131073 close with 1009', async () => {
    const gateway = await startGateway({ connect: false });
    const client = await openClient(gateway.url);
    client.socket.send('x'.repeat(131_072));
    client.socket.send('y'.repeat(32_768), { fin: false });
    for (let i = 0; i < 3; i++) client.socket.send('y'.repeat(32_768), { fin: i === 2 });
    await until('two messages', () => gateway.messages().length === 2);
    expect(gateway.messages().map((message) => message.body.length)).toEqual([131_072, 131_072]);
    client.socket.send('x'.repeat(131_073));
    expect(await client.closed).toEqual(closes.tooBig);
    const disconnect = await until('$disconnect', () => gateway.disconnects()[0]);
    expect([disconnect.disconnectStatusCode, disconnect.disconnectReason]).toEqual([1009, 'Message too big']);
    expect(gateway.messages().length).toBe(2);
  });

  it('[QU-1] [ER-4] an API may have another limit, for messages and for replies', async () => {
    const gateway = await startGateway({ connect: false, limits: { messageBytesMax: 1_000 } });
    const [client, replied] = [await openClient(gateway.url), await openClient(gateway.url)];
    client.socket.send('x'.repeat(1_000));
    const message = await until('the message', () => gateway.messages()[0]);
    client.socket.send('x'.repeat(1_001));
    expect(await client.closed).toEqual(closes.tooBig);
    await until('the record to go', () => gateway.store.registered.size === 1);
    const [connectionId] = [...gateway.store.registered] as [string];
    expect(connectionId).not.toBe(message.connectionId);
    gateway.tell({ kind: 'REPLY', connectionId, body: Buffer.alloc(1_000, 65) });
    gateway.tell({ kind: 'REPLY', connectionId, body: Buffer.alloc(1_001, 65) });
    expect(await replied.closed).toEqual(closes.tooBig);
    expect(replied.messages).toEqual(['A'.repeat(1_000)]);
  });

  it('[QU-1] a larger limit than 128 KB is one too', async () => {
    const gateway = await startGateway({ connect: false, limits: { messageBytesMax: 500_000 } });
    const client = await openClient(gateway.url);
    client.socket.send('x'.repeat(500_000));
    const { connectionId } = await until('the message', () => gateway.messages()[0]);
    gateway.tell({ kind: 'REPLY', connectionId, body: Buffer.alloc(500_000, 65) });
    await until('the reply', () => client.messages[0]?.length === 500_000);
  });

  it('[QU-2] messages over 32 KB are counted, and the first of an API is logged with the way to be as strict', async () => {
    const lines: Record<string, unknown>[] = [];
    const telemetry = createTelemetry({
      role: 'edge',
      logLevel: 'info',
      logDestination: { write: (line: string) => void lines.push(JSON.parse(line)) },
    });
    const gateway = await startGateway({ connect: false, telemetry });
    const client = await openClient(gateway.url);
    for (const byteLength of [32_768, 32_769, 131_072]) client.socket.send('x'.repeat(byteLength));
    await until('all', () => gateway.messages().length === 3);
    expect(await gateway.metric('sluice_large_messages_total', { api: 'chat' })).toBe(2);
    const hints = lines.filter(({ event }) => event === 'edge.message_large');
    expect(hints.map(({ api, stage }) => [api, stage])).toEqual([['chat', 'dev']]);
    expect(hints[0]?.['msg'] ?? hints[0]?.['message']).toContain('limits.messageBytesMax 32768');
  });

  it('[QU-1] a message that the library itself cuts is still reported as 1009', async () => {
    const gateway = await startGateway({ connect: false });
    const client = await rawOpen(gateway.port);
    client.write(frame(1, Buffer.alloc(limits.transportMessageBytesMax + 1, 65)));
    const disconnect = await until('$disconnect', () => gateway.disconnects()[0]);
    expect(disconnect.disconnectStatusCode).toBe(1009);
  });

  it('[CN-21] a binary frame closes with 1003', async () => {
    const gateway = await startGateway({ connect: false });
    const client = await openClient(gateway.url);
    client.socket.send(Buffer.from([1, 2, 3]));
    expect(await client.closed).toEqual(closes.binaryNotSupported);
    const disconnect = await until('$disconnect', () => gateway.disconnects()[0]);
    expect([disconnect.disconnectStatusCode, disconnect.disconnectReason]).toEqual([1003, 'Binary is not supported']);
    expect(gateway.messages()).toEqual([]);
  });

  it.each(['bus_unavailable', 'backlog_full'] as const)(
    '[ER-1] a frame refused with %s is answered with an error frame byte for byte, and the connection stays',
    async (refusal) => {
      const gateway = await startGateway({ connect: false });
      const client = await openClient(gateway.url);
      gateway.busState.refusal = refusal;
      client.socket.send('lost?');
      await until('the error frame', () => client.messages.length === 1);
      const message = refusal === 'backlog_full' ? 'Too Many Requests' : 'Internal server error';
      expect(client.messages[0]).toMatch(
        new RegExp(`^\\{"message": "${message}", "connectionId":"[\\w-]{18}==", "requestId":"[\\w-]{15}="\\}$`),
      );
      expect(await gateway.metric('sluice_throttled_total', { reason: refusal })).toBe(1);
      gateway.busState.refusal = undefined;
      client.socket.send('again');
      const [message2] = await until('the next message', () => gateway.messages().length === 1 && gateway.messages());
      expect(text(message2?.body as Uint8Array)).toBe('again');
    },
  );

  it.each<[string, Buffer, number]>([
    ['text that is not UTF-8', frame(1, Buffer.from([0xff, 0xfe])), 1007],
    ['a reserved opcode', frame(3, 'abc'), 1006],
    ['a fragmented ping', frame(9, 'abc', { fin: false }), 1006],
    ['a ping over 125 bytes', frame(9, 'a'.repeat(126)), 1006],
    ['a continuation of nothing', frame(0, 'abc'), 1006],
    ['a reserved bit', Buffer.from([0xc1, 0x81, 0, 0, 0, 0, 65]), 1006],
  ])('[CN-22] %s ends only its own connection', async (_what, bytes, code) => {
    const gateway = await startGateway({ connect: false });
    const other = await openClient(gateway.url);
    const client = await rawOpen(gateway.port);
    await client.write(bytes).end();
    const disconnect = await until('$disconnect', () => gateway.disconnects()[0]);
    expect(disconnect.disconnectStatusCode).toBe(code);
    other.socket.send('still here');
    await until('the other', () => gateway.messages().length === 1);
  });
});

describe('closes of clients', () => {
  it.each<[string, number | undefined, string, number, string]>([
    ['without a status', undefined, '', 1005, 'Client-side close frame status not set'],
    ['4001 bye', 4001, 'bye', 4001, 'bye'],
    ['1001 without reason', 1001, '', 1001, ''],
  ])('[CN-23] a close %s is echoed and announced as it was', async (_what, code, reason, eventCode, eventReason) => {
    const gateway = await startGateway();
    const client = await openClient(gateway.url);
    const [id] = gateway.store.registered;
    client.socket.close(code, reason);
    expect(await client.closed).toEqual({ code: eventCode, reason });
    const disconnect = await until('$disconnect', () => gateway.disconnects()[0]);
    expect([disconnect.connectionId, disconnect.disconnectStatusCode, disconnect.disconnectReason]).toEqual([
      id,
      eventCode,
      eventReason,
    ]);
    await until('the record to go', () => gateway.store.registered.size === 0);
  });

  it('[CN-24] a lost TCP connection is 1006', async () => {
    const gateway = await startGateway();
    const client = await openClient(gateway.url);
    client.socket.terminate();
    const disconnect = await until('$disconnect', () => gateway.disconnects()[0]);
    expect([disconnect.disconnectStatusCode, disconnect.disconnectReason]).toEqual([
      1006,
      'Connection closed abnormally',
    ]);
    expect(await gateway.metric('sluice_sockets')).toBe(0);
    expect(await gateway.metric('sluice_closes_total', { code: '1006' })).toBe(1);
  });

  it('[CN-25] without a $disconnect route nothing is announced, and the record goes', async () => {
    const gateway = await startGateway({ disconnect: false });
    const client = await openClient(gateway.url);
    expect(gateway.store.registered.size).toBe(1);
    client.socket.close();
    await until('the record to go', () => gateway.store.registered.size === 0);
    expect(gateway.disconnects()).toEqual([]);
  });

  it('[CN-26] a $disconnect that the bus refuses is offered again until it is taken; its record stays until then', async () => {
    const gateway = await startGateway();
    const clients = await Promise.all([1, 2, 3, 4].map(() => openClient(gateway.url)));
    const ids = [...gateway.store.registered].sort();
    gateway.busState.refusal = 'bus_unavailable';
    for (const client of clients) client.socket.close(1000);
    await until('the closes', () => gateway.edge.socketCount === 0);
    await sleep(500);
    expect(gateway.store.registered.size).toBe(4);
    gateway.busState.refusal = undefined;
    // The pause between offers has grown by then, to `edgeRetryDelayMsMax` at the longest.
    await until('all announced', () => gateway.disconnects().length === 4, 15_000);
    expect(
      gateway
        .disconnects()
        .map((each) => each.connectionId)
        .sort(),
    ).toEqual(ids);
    await until('the records to go', () => gateway.store.registered.size === 0);
  });

  it('[CN-27] a client ping is answered with its payload', async () => {
    const gateway = await startGateway({ connect: false });
    const client = await openClient(gateway.url);
    const pong = new Promise<string>((resolve) => client.socket.once('pong', (data) => resolve(data.toString())));
    client.socket.ping('are you there');
    expect(await pong).toBe('are you there');
  });
});

describe('what is sent to clients', () => {
  async function connected(options = {}) {
    const gateway = await startGateway({ connect: false, ...options });
    const client = await openClient(gateway.url);
    const connectionId = await until('the id', () => [...gateway.store.registered][0]);
    return { gateway, client, connectionId };
  }
  const post = (connectionId: string, body: Uint8Array | string, apiId?: string) =>
    ({
      kind: 'POST',
      connectionId,
      body: Buffer.from(body as string),
      ...(apiId === undefined ? {} : { apiId }),
    }) as const;

  it('[CB-1] posts and replies arrive as text, in order, byte for byte, empty ones too', async () => {
    const { gateway, client, connectionId } = await connected();
    const sent = ['a', '', 'ü👋', 'x'.repeat(131_072), ...Array.from({ length: 200 }, (_, i) => `m${i}`)];
    const outcomes = sent.map((body, i) => {
      if (i % 3 !== 0) return gateway.ask(post(connectionId, body));
      gateway.tell({ kind: 'REPLY', connectionId, body: Buffer.from(body) });
      return undefined;
    });
    for (const outcome of await Promise.all(outcomes)) if (outcome !== undefined) expect(outcome.result).toBe('ok');
    await until('all', () => client.messages.length === sent.length);
    expect(client.messages).toEqual(sent);
    expect(client.binary).not.toContain(true);
  });

  it('[CB-4] what is not UTF-8 becomes U+FFFD', async () => {
    const { gateway, client, connectionId } = await connected();
    await gateway.ask(post(connectionId, Buffer.from([0x61, 0xff, 0x62, 0xc3])));
    await until('the message', () => client.messages.length === 1);
    expect(client.messages[0]).toBe('a\ufffdb\ufffd');
  });

  it('[CB-2] GET describes the connection and does not touch its idle timer', async () => {
    const { gateway, client, connectionId } = await connected();
    client.socket.send('x');
    await until('the message', () => gateway.messages().length === 1);
    const before = Date.now();
    await sleep(60);
    const { result, connection } = await gateway.ask({ kind: 'GET', connectionId });
    expect(result).toBe('ok');
    expect(connection).toMatchObject({ scope: 'chat/dev', sourceIp: '127.0.0.1', userAgent: '' });
    expect(connection?.lastActiveAtMs).toBeLessThanOrEqual(before + 5);
    expect(connection?.lastActiveAtMs).toBeGreaterThanOrEqual((connection?.connectedAtMs ?? 0) - 5);
  });

  it('[CB-3] DELETE closes with 1000; then the connection is gone, also for commands of the same batch', async () => {
    const { gateway, client, connectionId } = await connected();
    const [first, second, third] = await Promise.all([
      gateway.ask(post(connectionId, 'last words')),
      gateway.ask({ kind: 'DELETE', connectionId }),
      gateway.ask(post(connectionId, 'too late')),
    ]);
    expect([first?.result, second?.result, third?.result]).toEqual(['ok', 'ok', 'gone']);
    expect(await client.closed).toEqual(closes.deleted);
    expect(client.messages).toEqual(['last words']);
    const disconnect = await until('$disconnect', () => gateway.disconnects()[0]);
    expect([disconnect.disconnectStatusCode, disconnect.disconnectReason]).toEqual([
      1000,
      'Connection Closed Normally',
    ]);
    expect((await gateway.ask({ kind: 'DELETE', connectionId })).result).toBe('gone');
  });

  it('[CB-27] to a caller of another API the connection does not exist; without an API it does', async () => {
    const { gateway, connectionId } = await connected({
      apis: [apiDefinition({ connect: false }), apiDefinition({}, 'other')],
    });
    expect((await gateway.ask(post(connectionId, 'x', 'other'))).result).toBe('gone');
    expect((await gateway.ask({ kind: 'GET', connectionId, apiId: 'other' })).result).toBe('gone');
    expect((await gateway.ask({ kind: 'DELETE', connectionId, apiId: 'other' })).result).toBe('gone');
    expect((await gateway.ask(post(connectionId, 'x', 'chat'))).result).toBe('ok');
    expect((await gateway.ask(post(connectionId, 'x'))).result).toBe('ok');
  });

  it('[ER-4] a reply over 128 KB closes with 1009', async () => {
    const { gateway, client, connectionId } = await connected();
    gateway.tell({ kind: 'REPLY', connectionId, body: Buffer.alloc(131_073, 65) });
    expect(await client.closed).toEqual(closes.tooBig);
  });

  it('[QU-12] a client that pings and never reads: its pongs are bounded as any other queue, then it is closed with 1008', async () => {
    const gateway = await startGateway();
    const client = await rawOpen(gateway.port);
    client.socket.pause();
    const pings = Buffer.concat(Array.from({ length: 500 }, () => frame(9, 'x'.repeat(125))));
    let sentBytes = 0;
    // Beyond what both kernels hold, every further pong would be memory of this process.
    while (gateway.edge.socketCount > 0 && sentBytes < 64 * 1_048_576) {
      sentBytes += pings.length;
      if (!client.socket.write(pings)) await new Promise((resolve) => setImmediate(resolve));
    }
    const disconnect = await until('$disconnect', () => gateway.disconnects()[0]);
    expect([disconnect.disconnectStatusCode, disconnect.disconnectReason]).toEqual([1008, 'Slow consumer']);
    expect(await gateway.metric('sluice_slow_consumers')).toBe(0);
  });

  it('[QU-12] a client that never reads: posts get `slow`, replies close it with 1008, the others are served meanwhile', async () => {
    const { gateway, client, connectionId } = await connected();
    const other = await openClient(gateway.url);
    client.socket.pause();
    const body = 'x'.repeat(100_000);
    const results: string[] = [];
    for (let i = 0; i < 200 && !results.includes('slow'); i++) {
      results.push((await gateway.ask(post(connectionId, body))).result);
    }
    expect(results.at(-1)).toBe('slow');
    expect(results.slice(0, -1)).not.toContain('gone');
    expect(await gateway.metric('sluice_slow_consumers')).toBe(1);
    // Bounded: far from all of it is queued here once the hard limit is reached.
    for (let i = 0; i < 40; i++) gateway.tell({ kind: 'REPLY', connectionId, body: Buffer.from(body) });
    const disconnect = await until('$disconnect', () => gateway.disconnects()[0]);
    expect([disconnect.disconnectStatusCode, disconnect.disconnectReason]).toEqual([1008, 'Slow consumer']);
    expect((await gateway.ask(post(connectionId, 'x'))).result).toBe('gone');
    expect(await gateway.metric('sluice_slow_consumers')).toBe(0);
    other.socket.send('unaffected');
    await until('the other', () => gateway.messages().length === 1);
  });

  it('[QU-12] a client with a long queue that we close is cut: its socket outlives no count of ours, its $disconnect says why', async () => {
    const { gateway, client, connectionId } = await connected();
    client.socket.pause();
    let taken = 0;
    while ((await gateway.ask(post(connectionId, 'x'.repeat(100_000)))).result === 'ok') taken += 1;
    expect((await gateway.ask({ kind: 'DELETE', connectionId })).result).toBe('ok');
    const disconnect = await until('$disconnect', () => gateway.disconnects()[0]);
    expect(disconnect.disconnectStatusCode).toBe(closes.deleted.code);
    // Had the library kept the socket, all of the queue and a close frame would follow.
    client.socket.resume();
    expect((await client.closed).code).toBe(1006);
    expect(client.messages.length).toBeLessThan(taken);
  });

  it('[QU-12] a slow client that starts to read again is slow no more and misses nothing', async () => {
    const { gateway, client, connectionId } = await connected();
    client.socket.pause();
    let taken = 0;
    for (;;) {
      const body = `${taken} ${'x'.repeat(100_000)}`;
      if ((await gateway.ask(post(connectionId, body))).result !== 'ok') break;
      taken += 1;
    }
    client.socket.resume();
    await until('all that was taken', () => client.messages.length === taken);
    expect(client.messages.map((message) => Number.parseInt(message, 10))).toEqual([...Array(taken).keys()]);
    await until('the end of slowness', async () => (await gateway.metric('sluice_slow_consumers')) === 0);
    expect((await gateway.ask(post(connectionId, 'x'))).result).toBe('ok');
  });
});
