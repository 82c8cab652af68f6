import type { LookupAddress } from 'node:dns';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { backEnd, closeAll, definition, invoke, invoker, message, route } from './back-end.fixture.js';
import type { ResolveHost } from './egress.js';
import { testCertificate } from './test-certificate.fixture.js';

afterEach(closeAll);

/** A resolver that gives these answers in turn, the last one for ever. */
function resolver(...answers: string[][]): { resolveHost: ResolveHost; asked: string[] } {
  const asked: string[] = [];
  const resolveHost: ResolveHost = (host, _options, done) => {
    const answer = answers[Math.min(asked.length, answers.length - 1)] ?? [];
    asked.push(host);
    const found: LookupAddress[] = answer.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    process.nextTick(done, null, found);
  };
  return { resolveHost, asked };
}

const computed = (host: string, port: string | number, scheme = 'http') => ({
  definition: definition({ integrationUri: `${scheme}://\${stageVariables.host}:${port}/path` }),
  route: { ...route, stageVariables: { host } },
});

describe('[IN-36] egress of a host that a stage variable is part of', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['2130706433', '127.0.0.1'],
    ['0177.0.0.1', '127.0.0.1'],
    ['0x7f.1', '127.0.0.1'],
    ['0x7f000001', '127.0.0.1'],
    ['127.1', '127.0.0.1'],
    ['127.0.0.1.', '127.0.0.1'],
    ['0', '0.0.0.0'],
    ['[::1]', '::1'],
    ['[::ffff:127.0.0.1]', '::ffff:7f00:1'],
    ['[::]', '::'],
    ['localhost', '127.0.0.1'],
    ['localhost.', '127.0.0.1'],
    ['LOCALHOST', '127.0.0.1'],
    ['%6cocalhost', '127.0.0.1'],
  ])('%s does not reach this machine', async (host, address) => {
    const { resolveHost } = resolver(['127.0.0.1']);
    for (const tls of [false, true]) {
      const server = await backEnd({ tls });
      let connections = 0;
      server.server.on('connection', () => connections++);
      const { port } = new URL(server.uri);
      const target = computed(host, port, tls ? 'https' : 'http');
      const integration = invoker({ resolveHost, ca: testCertificate }).prepare(target.definition, target.route);
      const outcome = await invoke(integration, message('{}'));
      expect(outcome).toMatchObject({ ok: false, code: 'integration_egress_refused' });
      expect(outcome.detail).toContain(address);
      expect(connections).toBe(0);
    }
  });

  it('names host and address, and counts under its own code', async () => {
    const calls = invoker({ resolveHost: resolver(['10.0.0.7', 'fd00::7']).resolveHost });
    const target = computed('inside.example', 9);
    const outcome = await invoke(calls.prepare(target.definition, target.route), message('{}'));
    expect(outcome.detail).toMatch(/^inside\.example is 10\.0\.0\.7, fd00::7, which egress\.allow does not list/);
    expect(await calls.metrics.registry.metrics()).toMatch(
      /sluice_integration_errors_total\{.*integration_egress_refused.*\} 1/,
    );
  });

  it('looks up once for each connection and connects to the address it has seen (DNS rebinding)', async () => {
    const decoy = await backEnd();
    const { port } = decoy.server.address() as AddressInfo;
    let reached = 0;
    const listed = createServer((_request, response) => {
      reached++;
      response.writeHead(200, { connection: 'close' }).end('listed');
    });
    await new Promise<void>((resolve) => listed.listen(port, '127.0.0.2', resolve));
    try {
      // Were the name asked again between check and connect, the second answer would lead to the decoy.
      const { resolveHost, asked } = resolver(['127.0.0.2'], ['127.0.0.1'], ['127.0.0.1', '127.0.0.2']);
      const calls = invoker({ resolveHost, egressAllow: ['127.0.0.2/32'] });
      const target = computed('rebinds.example', port);
      const integration = calls.prepare(target.definition, target.route);
      expect(await invoke(integration, message('{}'))).toMatchObject({ ok: true, text: 'listed' });
      expect(asked).toEqual(['rebinds.example']);
      expect(await invoke(integration, message('{}'))).toMatchObject({ code: 'integration_egress_refused' });
      // Among several addresses only the listed one is tried.
      expect(await invoke(integration, message('{}'))).toMatchObject({ ok: true, text: 'listed' });
      expect([reached, decoy.seen.length, asked.length]).toEqual([2, 0, 3]);
    } finally {
      listed.closeAllConnections();
      await new Promise((resolve) => listed.close(resolve));
    }
  });

  it('reaches what egress.allow lists, over both lanes', async () => {
    const options = {
      resolveHost: resolver(['127.0.0.1']).resolveHost,
      egressAllow: ['127.0.0.0/8'],
      ca: testCertificate,
    };
    for (const tls of [false, true]) {
      const server = await backEnd({ tls });
      const target = computed('127.0.0.1', new URL(server.uri).port, tls ? 'https' : 'http');
      const integration = invoker(options).prepare(target.definition, target.route);
      expect(await invoke(integration, message('{}')), String(tls)).toMatchObject({ ok: true });
    }
  });

  it('never travels on a connection that was opened to a written host', async () => {
    const { uri, seen } = await backEnd();
    const calls = invoker();
    expect(await invoke(calls.prepare(definition({ integrationUri: uri }), route), message('{}'))).toMatchObject({
      ok: true,
    });
    const target = computed('127.0.0.1', new URL(uri).port);
    expect(await invoke(calls.prepare(target.definition, target.route), message('{}'))).toMatchObject({
      code: 'integration_egress_refused',
    });
    expect(seen).toHaveLength(1);
  });

  it('does not follow a redirect to a refused address', async () => {
    const inside = await backEnd();
    const outside = await backEnd({
      respond: (_request, response) => response.writeHead(302, { location: inside.uri }).end('moved'),
    });
    const outcome = await invoke(invoker().prepare(definition({ integrationUri: outside.uri }), route), message('{}'));
    expect([outcome.text, inside.seen.length]).toEqual(['moved', 0]);
  });
});

describe('[IN-36] egress of a host that is written out', () => {
  it.each([
    '169.254.169.254',
    '2852039166',
    '0xa9.0xfe.0xa9.0xfe',
    '0251.0376.0251.0376',
    '169.254.169.254.',
    '[::ffff:169.254.169.254]',
    '[fe80::1]',
    '[fd00:ec2::254]',
    '100.100.100.200',
    'metadata.google.internal',
  ])('%s is refused all the same', async (host) => {
    const { resolveHost } = resolver(['169.254.169.254', 'fe80::1']);
    for (const scheme of ['http', 'https']) {
      const integration = invoker({ resolveHost }).prepare(
        definition({ integrationUri: `${scheme}://${host}/` }),
        route,
      );
      expect(await invoke(integration, message('{}'))).toMatchObject({ code: 'integration_egress_refused' });
    }
  });

  it('reaches loopback, by name and by address', async () => {
    const { uri } = await backEnd();
    const { port } = new URL(uri);
    const calls = invoker({ resolveHost: resolver(['127.0.0.1']).resolveHost });
    for (const host of ['127.0.0.1', 'localhost', 'localhost.', '2130706433']) {
      const integration = calls.prepare(definition({ integrationUri: `http://${host}:${port}/` }), route);
      expect(await invoke(integration, message('{}')), host).toMatchObject({ ok: true });
    }
  });

  it('is written also where variables make its port, path or query', async () => {
    const { uri, seen } = await backEnd();
    const { port } = new URL(uri);
    const stageVariables = { port, path: 'a/b', query: 'x' };
    const integrationUri =
      'http://127.0.0.1:${stageVariables.port}/${stageVariables.path}?q=http://${stageVariables.query}';
    const integration = invoker().prepare(definition({ integrationUri }), { ...route, stageVariables });
    expect(await invoke(integration, message('{}'))).toMatchObject({ ok: true });
    expect(seen[0]?.url).toBe('/a/b?q=http://x');
  });

  it.each([
    ['http://example.com${stageVariables.v}/', '@127.0.0.1'],
    ['http://example.com${stageVariables.v}', '@localhost'],
    ['http://example${stageVariables.v}', '.localhost'],
    ['http://127.0.0.1:${stageVariables.v}/', '1@localhost:9'],
    ['http:${stageVariables.v}', '//localhost/'],
    ['${stageVariables.v}', 'http://localhost/'],
    ['http://${stageVariables.v}localhost/', ''],
  ])('%s is not written, with %j in it', async (integrationUri, v) => {
    const { resolveHost } = resolver(['127.0.0.1']);
    const integration = invoker({ resolveHost }).prepare(definition({ integrationUri }), {
      ...route,
      stageVariables: { v },
    });
    expect((await invoke(integration, message('{}'))).code).toMatch(/^integration_(egress_refused|misconfigured)$/);
  });
});
