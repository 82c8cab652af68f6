import { connect } from 'node:net';
import { decodeConnectionContext, limits } from '@sluice/contracts';
import { createTelemetry } from '@sluice/telemetry';
import { describe, expect, it } from 'vitest';
import {
  endAfterEach,
  frame,
  type Gateway,
  RawClient,
  sleep,
  startGateway,
  until,
  upgradeRequest,
} from './edge.fixture.js';
import { writePrelude } from './proxy-prelude.js';

endAfterEach();

const line = (source: string) => `PROXY TCP4 ${source} 127.0.0.1 40000 80\r\n`;

/** An edge with a port for the PROXY protocol, which its log names. */
async function startProxied(trusted = '127.0.0.0/8'): Promise<{ gateway: Gateway; port: number }> {
  let port = 0;
  const read = (text: string) => {
    const entry = JSON.parse(text) as { event: string; port: number };
    if (entry.event === 'edge.listening_proxied') port = entry.port;
  };
  const telemetry = createTelemetry({ role: 'edge', logLevel: 'info', logDestination: { write: read } });
  const proxyProtocol = { host: '127.0.0.1', port: 0, trustedProxies: [trusted] };
  const gateway = await startGateway({ telemetry, settings: { proxyProtocol } });
  return { gateway, port };
}

const sourcesOf = (gateway: Gateway) =>
  gateway.connects().map((each) => decodeConnectionContext(each.connectionContext).sourceIp);

describe('the port for the PROXY protocol', () => {
  it.each<[string, (client: RawClient) => Promise<unknown> | unknown]>([
    ['version 1', (client) => client.write(line('203.0.113.9') + upgradeRequest())],
    [
      'version 2',
      (client) => client.write(Buffer.concat([writePrelude('203.0.113.9'), Buffer.from(upgradeRequest())])),
    ],
    [
      'in a segment of its own',
      async (client) => {
        client.socket.setNoDelay(true);
        client.write(writePrelude('203.0.113.9'));
        await sleep(50);
        client.write(upgradeRequest());
      },
    ],
    [
      'byte by byte',
      async (client) => {
        client.socket.setNoDelay(true);
        for (const byte of line('203.0.113.9') + upgradeRequest()) {
          client.write(byte);
          await sleep(1);
        }
      },
    ],
  ])('[CN-75] takes a prelude, %s: the client is who it names, and the connection works', async (_what, send) => {
    const { gateway, port } = await startProxied();
    const client = new RawClient(port);
    await send(client);
    await client.answer();
    expect(client.status).toBe(101);
    expect(sourcesOf(gateway)).toEqual(['203.0.113.9']);
    client.write(frame(1, 'hello'));
    await until('the message', () => gateway.messages().length === 1);
    client.write(frame(8, Buffer.from([3, 232])));
    await client.end();
    await until('the end', () => gateway.disconnects()[0]?.disconnectStatusCode === 1000);
  });

  it('[CN-75] large messages pass both ways, and a slow reader holds nobody up', async () => {
    const { gateway, port } = await startProxied();
    const client = new RawClient(port).write(line('203.0.113.9') + upgradeRequest());
    await client.answer();
    const connectionId = gateway.connects()[0]?.connectionId as string;
    const body = Buffer.alloc(100_000, 'x');
    client.write(frame(1, body));
    await until('it', () => gateway.messages()[0]?.body.length === body.length);
    for (let n = 0; n < 20; n++) expect((await gateway.ask({ kind: 'POST', connectionId, body })).result).toBe('ok');
    await until('all of it', () => client.received.length > 20 * body.length);
  });

  it.each<[string, string | Buffer]>([
    ['without a prelude', upgradeRequest()],
    ['with one that is malformed', `PROXY TCP4 not-an-address 127.0.0.1 1 80\r\n${upgradeRequest()}`],
    [
      'with a second one by the client',
      Buffer.concat([Buffer.from(line('203.0.113.9')), writePrelude('6.6.6.6'), Buffer.from(upgradeRequest())]),
    ],
    [
      'with anything but a GET',
      `${line('203.0.113.9')}POST /dev/@connections/x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n`,
    ],
    ['with a head that is too long', `${line('203.0.113.9')}GET /dev HTTP/1.1\r\nX: ${'x'.repeat(20_000)}`],
  ])('[CN-75] cuts a connection %s', async (_what, bytes) => {
    const { gateway, port } = await startProxied();
    const client = await new RawClient(port).write(bytes).end();
    expect(client.received.length).toBe(0);
    expect(gateway.connects()).toEqual([]);
    expect(await gateway.metric('sluice_throttled_total', { reason: 'proxy_prelude' })).toBe(1);
  });

  it('[CN-75] cuts whoever is no load balancer of ours, whatever it says', async () => {
    const { gateway, port } = await startProxied('10.0.0.0/8');
    const client = await new RawClient(port).write(line('203.0.113.9') + upgradeRequest()).end();
    expect(client.received.length).toBe(0);
    expect(await gateway.metric('sluice_throttled_total', { reason: 'proxy_untrusted' })).toBe(1);
  });

  it('[CN-75] serves one handshake: a second request with a prelude of its own, sent along or later, is never read', async () => {
    const { gateway, port } = await startProxied();
    const forged = Buffer.concat([writePrelude('6.6.6.6'), Buffer.from(upgradeRequest())]);
    const plain = `${line('203.0.113.9')}GET / HTTP/1.1\r\nHost: localhost\r\n\r\n`;
    const atOnce = new RawClient(port).write(Buffer.concat([Buffer.from(plain), forged]));
    const later = new RawClient(port).write(plain);
    await later.answer();
    later.write(forged);
    await Promise.all([atOnce.end(), later.end()]);
    expect([atOnce.status, later.status]).toEqual([403, 403]);
    await sleep(100);
    expect(gateway.connects()).toEqual([]);
    expect(atOnce.text.match(/HTTP\/1\.1/g)?.length).toBe(1);
  });

  it('[CN-75] a balancer that speaks for itself is the peer; one that goes away leaves nothing behind', async () => {
    const { gateway, port } = await startProxied();
    const client = new RawClient(port).write(`PROXY UNKNOWN\r\n${upgradeRequest()}`);
    await client.answer();
    expect(sourcesOf(gateway)).toEqual(['127.0.0.1']);
    client.socket.resetAndDestroy();
    await until('the end', () => gateway.disconnects()[0]?.disconnectStatusCode === 1006);
    expect(gateway.edge.socketCount).toBe(0);
  });

  it('[CN-75] a drain closes its connections like all others', async () => {
    const { gateway, port } = await startProxied();
    const client = new RawClient(port).write(line('203.0.113.9') + upgradeRequest());
    await client.answer();
    await gateway.edge.drain({ holdMs: 0, windowMs: 0 });
    await client.end();
    // The last frame: close, 1001.
    expect(client.received.includes(Buffer.from([0x88, 12, 3, 0xe9]))).toBe(true);
    await expect(
      new Promise((resolve, reject) => connect(port, '127.0.0.1').once('connect', resolve).once('error', reject)),
    ).rejects.toThrow('ECONNREFUSED');
  });
});

describe('the drain of the port for the PROXY protocol', () => {
  it('[CN-75] leaves a client that reads late what is left of the settling, to the close frame', async () => {
    const { gateway, port } = await startProxied();
    const client = new RawClient(port).write(line('203.0.113.9') + upgradeRequest());
    await client.answer();
    const connectionId = gateway.connects()[0]?.connectionId as string;
    client.socket.pause();
    const body = Buffer.alloc(131_072, 'x');
    let sent = 0;
    while ((await gateway.ask({ kind: 'POST', connectionId, body })).result === 'ok') sent++;
    const drained = gateway.edge.drain({ holdMs: 0, windowMs: 0, settleMs: 10_000 });
    await sleep(limits.drainFlushMs + 500);
    client.socket.resume();
    await drained;
    await client.end();
    expect(client.received.length).toBeGreaterThan(sent * body.length);
    expect(client.received.includes(Buffer.from([0x88, 12, 3, 0xe9]))).toBe(true);
  });
});

describe('a PROXY prelude on the port for clients', () => {
  it.each<[string, Buffer]>([
    ['version 2', writePrelude('6.6.6.6')],
    ['version 2, IPv6', writePrelude('2600::6')],
    ['version 1', Buffer.from(line('6.6.6.6'))],
  ])('[CN-75] %s, changes nothing about where the client comes from', async (_what, prelude) => {
    const gateway = await startGateway({ settings: { trustedProxies: ['127.0.0.0/8'] } });
    const client = new RawClient(gateway.port).write(Buffer.concat([prelude, Buffer.from(upgradeRequest())]));
    await client.answer();
    const sources = sourcesOf(gateway);
    expect(sources.filter((source) => source !== '127.0.0.1')).toEqual([]);
    expect([101, 505]).toContain(client.status);
    expect(sources.length).toBe(client.status === 101 ? 1 : 0);
  });
});
