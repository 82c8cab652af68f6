import {
  type ConnectionContext,
  decodeConnectionContext,
  type Forwarded,
  type ForwardedHeader,
  plainIp,
  TrustedProxies,
} from '@sluice/contracts';
import { describe, expect, it } from 'vitest';
import { endAfterEach, openClient, startGateway } from './edge.fixture.js';

endAfterEach();

function read(
  sourceIp: string,
  headers: Record<string, string | string[]>,
  ranges = ['10.0.0.0/8', '192.0.2.7', '2001:db8::/32'],
  header?: ForwardedHeader,
) {
  const pairs = Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().map((each): [string, string] => [name, each]),
  );
  const head = { method: 'get', path: '/dev', queryString: '', headers: pairs, sourceIp };
  return new TrustedProxies(ranges, header).forwarded(head, 8080);
}

describe('X-Forwarded headers', () => {
  const all = { 'x-forwarded-for': '203.0.113.9', 'x-forwarded-proto': 'https', 'x-forwarded-port': '8443' };
  const direct = (sourceIp: string): Forwarded => ({ sourceIp, proto: 'http', port: 8080 });

  it('[CN-73] of a peer that is no trusted proxy are not believed', () => {
    expect(read('198.51.100.1', all)).toEqual(direct('198.51.100.1'));
    expect(read('10.1.2.3', all, [])).toEqual(direct('10.1.2.3'));
    expect(read('192.0.2.8', all)).toEqual(direct('192.0.2.8'));
  });

  it.each(['10.1.2.3', '192.0.2.7', '2001:db8::5'])('[CN-73] of the trusted proxy %s are', (peer) => {
    expect(read(peer, all)).toEqual({ sourceIp: '203.0.113.9', proto: 'https', port: 8443 });
  });

  it.each<[string, string | string[], string]>([
    ['the rightmost that is no proxy', '1.1.1.1, 203.0.113.9, 10.9.9.9', '203.0.113.9'],
    ['over several lines', ['1.1.1.1, 203.0.113.9', '10.9.9.9'], '203.0.113.9'],
    ['with ports and brackets', '[2600::1]:443, 10.9.9.9:80', '2600::1'],
    ['IPv4 in IPv6 clothes', '::ffff:203.0.113.9', '203.0.113.9'],
    [
      'in hexadecimal ones, a proxy among them',
      '203.0.113.9, 0:0:0:0:0:FFFF:cb00:710a, ::ffff:a01:203',
      '203.0.113.10',
    ],
    ['nothing but proxies: the first', '10.2.2.2, 10.3.3.3', '10.2.2.2'],
    ['what is no address ends the trail', '203.0.113.9, unknown, 10.3.3.3', '10.3.3.3'],
    ['nonsense', 'a,b,,', '10.1.2.3'],
    ['a zone', 'fe80::1%eth0', '10.1.2.3'],
    ['empty', '', '10.1.2.3'],
  ])('[CN-73] X-Forwarded-For: %s', (_what, value, client) => {
    expect(read('10.1.2.3', { 'x-forwarded-for': value }).sourceIp).toBe(client);
  });

  it.each<[Record<string, string | string[]>, Pick<Forwarded, 'proto' | 'port'>]>([
    [{ 'x-forwarded-proto': 'https' }, { proto: 'https', port: 443 }],
    [{ 'x-forwarded-proto': 'WSS' }, { proto: 'https', port: 443 }],
    [{ 'x-forwarded-proto': 'http' }, { proto: 'http', port: 80 }],
    [
      { 'x-forwarded-proto': 'https', host: 'chat.example.com:8443' },
      { proto: 'https', port: 8443 },
    ],
    [{ 'x-forwarded-proto': ['http', 'https'] }, { proto: 'https', port: 443 }],
    [
      { 'x-forwarded-proto': 'gopher', 'x-forwarded-port': '70000' },
      { proto: 'http', port: 8080 },
    ],
    [{ 'x-forwarded-port': '0' }, { proto: 'http', port: 8080 }],
    [{ 'x-forwarded-port': '443; drop' }, { proto: 'http', port: 8080 }],
  ])('[CN-73] scheme and port of %j', (headers, wanted) => {
    expect(read('10.1.2.3', headers)).toMatchObject(wanted);
  });

  it.each([
    ['fe80::1%eth0', 'fe80::1'],
    ['::FFFF:203.0.113.9', '203.0.113.9'],
    ['::ffff:cb00:7109%2', '203.0.113.9'],
    ['2001:db8::ffff:cb00:7109', '2001:db8::ffff:cb00:7109'],
    ['', ''],
  ])('the address of the peer %s is %s', (address, plain) => expect(plainIp(address)).toBe(plain));

  it('a range that is none stops the start', () => {
    for (const range of ['10.0.0.0/64', 'proxy.local', '']) expect(() => new TrustedProxies([range])).toThrow();
  });
});

describe('the context of a connection', () => {
  const headers = { host: 'Chat.example.com:443', 'x-forwarded-for': '203.0.113.9', 'x-forwarded-proto': 'https' };
  const contextOf = (envelope: { connectionContext: string } | undefined): ConnectionContext =>
    decodeConnectionContext(envelope?.connectionContext ?? '');

  it('[CN-73] [CN-16] behind a trusted proxy has the address, scheme and port that it names, and no default port in domainName', async () => {
    const gateway = await startGateway({ settings: { trustedProxies: ['127.0.0.0/8'] } });
    await openClient(gateway.url, [], headers);
    expect(contextOf(gateway.connects()[0])).toMatchObject({
      sourceIp: '203.0.113.9',
      domainName: 'chat.example.com',
      forwardedProto: 'https',
      forwardedPort: 443,
    });
    await openClient(gateway.url, [], { ...headers, host: 'chat.example.com:80' });
    expect(contextOf(gateway.connects()[1]).domainName).toBe('chat.example.com:80');
  });

  it('[CN-73] [CN-16] else has the peer, http and the port of this edge, which only CONNECT carries', async () => {
    const gateway = await startGateway();
    const client = await openClient(gateway.url, [], headers);
    const connect = contextOf(gateway.connects()[0]);
    expect(connect).toMatchObject({
      sourceIp: '127.0.0.1',
      domainName: 'chat.example.com:443',
      forwardedPort: gateway.port,
    });
    expect('forwardedProto' in connect).toBe(false);
    client.socket.close();
    await client.closed;
    const { forwardedPort: _, ...kept } = connect;
    expect(gateway.store.registrations.map((record) => contextOf(record))).toEqual([kept]);
  });

  it('the handshake has the path as it was sent', async () => {
    const gateway = await startGateway();
    await openClient(`${gateway.url.slice(0, -3)}%64ev/?x=1`);
    expect(gateway.connects()[0]?.handshake).toMatchObject({ rawPath: '/%64ev/', queryString: 'x=1' });
  });
});

describe('Forwarded headers', () => {
  const by = (value: string | string[], more: Record<string, string> = {}, peer = '10.1.2.3') =>
    read(peer, { forwarded: value, ...more }, undefined, 'forwarded');

  it.each<[string, string | string[], string]>([
    ['one hop', 'for=203.0.113.9', '203.0.113.9'],
    ['the rightmost that is no proxy', 'for=1.1.1.1, for=203.0.113.9;proto=https, For=10.9.9.9', '203.0.113.9'],
    ['over several lines', ['for=1.1.1.1', 'for=203.0.113.9'], '203.0.113.9'],
    ['IPv6, quoted, with a port', 'for="[2600::1]:4711";by=10.0.0.1', '2600::1'],
    ['IPv4, quoted, with a port', 'for="203.0.113.9:80"', '203.0.113.9'],
    ['a name that hides an address ends the trail', 'for=1.1.1.1, for=_hidden', '10.1.2.3'],
    ['so does unknown', 'for=1.1.1.1, for=unknown', '10.1.2.3'],
    ['and a hop without for', 'for=1.1.1.1, proto=https', '10.1.2.3'],
    ['extensions, and pairs that are missing', 'for=203.0.113.9;;x-proto2="h 2";;', '203.0.113.9'],
    ['IPv4 in IPv6 clothes', 'for="[::ffff:cb00:7109]:80"', '203.0.113.9'],
    ['a pair that is none', 'for=203.0.113.9;x y=1', '10.1.2.3'],
    ['one that names it twice', 'for=1.1.1.1;for=2.2.2.2', '10.1.2.3'],
    ['an open quote swallows nothing', 'for="1.1.1.1, for=203.0.113.9', '203.0.113.9'],
    ['nonsense', ';;,=,"', '10.1.2.3'],
  ])('[CN-73] Forwarded: %s', (_what, value, client) => {
    expect(by(value).sourceIp).toBe(client);
  });

  it('[CN-73] the nearest proxy names scheme and port', () => {
    expect(by('for=1.1.1.1;proto=http, for=203.0.113.9;proto=https;host="chat.example.com:8443"')).toEqual({
      sourceIp: '203.0.113.9',
      proto: 'https',
      port: 8443,
    });
    expect(by('for=203.0.113.9;proto=https').port).toBe(443);
  });

  it('[CN-73] only one of the two headers is read: the other is the client’s own word', () => {
    const both = { 'x-forwarded-for': '6.6.6.6', 'x-forwarded-port': '1', 'x-forwarded-proto': 'https' };
    expect(by('for=203.0.113.9', both)).toEqual({ sourceIp: '203.0.113.9', proto: 'http', port: 8080 });
    expect(read('10.1.2.3', { ...both, forwarded: 'for=7.7.7.7' }).sourceIp).toBe('6.6.6.6');
    expect(by('for=203.0.113.9', {}, '198.51.100.1').sourceIp).toBe('198.51.100.1');
  });
});
