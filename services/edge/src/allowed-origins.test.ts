import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileAllowedOrigins } from './allowed-origins.js';
import { endAfterEach, openClient, RawClient, startGateway, upgradeLines, upgradeRequest } from './edge.fixture.js';

endAfterEach();

describe('a list of origins', () => {
  const list = [
    'https://app.example.com',
    'https://*.example.org',
    'http://localhost:3000',
    'capacitor://localhost',
    'null',
  ];
  const allows = (origin: string, of = list) => compileAllowedOrigins(of)?.(origin) ?? 'anyone';

  it.each([
    'https://app.example.com',
    'HTTPS://App.Example.Com',
    'https://app.example.com:443',
    'https://a.example.org',
    'https://a.b.example.org',
    'http://localhost:3000',
    'capacitor://localhost',
    'null',
  ])('[CN-72] lets in %s', (origin) => {
    expect(allows(origin)).toBe(true);
  });

  it.each([
    '',
    'http://app.example.com',
    'https://app.example.com:8443',
    'https://app.example.com.evil.net',
    'https://evil-app.example.com',
    'https://example.org',
    'https://evilexample.org',
    'https://.example.org',
    'http://a.example.org',
    'https://a.example.org:444',
    'https://evil.net/.example.org',
    'https://evil.net?.example.org',
    'https://evil.net#.example.org',
    'https://user@a.example.org',
    'https://evil.net\\.example.org',
    'https://*.example.org',
    'http://localhost',
    'https://app.example.com https://evil.net',
    'https://evil.net, https://app.example.com',
    'app.example.com',
  ])('[CN-72] keeps out %j', (origin) => {
    expect(allows(origin)).toBe(false);
  });

  it('[CN-72] `null` has to be listed; a star, or no list, means everyone; an empty list no page', () => {
    expect(allows('null', ['https://app.example.com'])).toBe(false);
    expect(allows('https://evil.net', ['https://app.example.com', '*'])).toBe('anyone');
    expect(compileAllowedOrigins(undefined)).toBeUndefined();
    expect(allows('https://app.example.com', [])).toBe(false);
  });

  it('[CN-72] a wildcard lets in what a strict reader of origins finds below it, and nothing else', () => {
    const allowsBelow = compileAllowedOrigins(['https://*.example.org']);
    const piece = fc.constantFrom(
      'https://',
      'http://',
      'a',
      '.',
      'example.org',
      'evil.net',
      ':443',
      ':1',
      '/',
      '@',
      '\\',
      '*',
      ' ',
      '#',
    );
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 7 }), (pieces) => {
        const text = pieces.join('');
        if (allowsBelow?.(text) !== true) return;
        const url = new URL(text);
        expect(url.origin).toBe(`https://${url.hostname}`);
        expect(url.hostname.endsWith('.example.org')).toBe(true);
        expect([url.pathname, url.search, url.hash, url.username]).toEqual(['/', '', '', '']);
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('a handshake', () => {
  const allowedOrigins = ['https://app.example.com'];
  const origin = (value: string) => ({ origin: value });

  it('[CN-72] from another origin is 403 before anything runs, counted; one without an origin is no browser and gets in', async () => {
    const gateway = await startGateway({ allowedOrigins });
    await openClient(gateway.url, [], origin('https://app.example.com'));
    await openClient(gateway.url);
    expect(gateway.connects().length).toBe(2);
    const lines = [...upgradeLines, 'Origin: https://evil.net'];
    const refused = await new RawClient(gateway.port).write(upgradeRequest(lines)).answer();
    expect([refused.status, refused.body]).toEqual([403, '{"message":"Forbidden"}']);
    expect(refused.header('x-amzn-ErrorType')).toBe('ForbiddenException');
    expect(gateway.connects().length).toBe(2);
    expect(await gateway.metric('sluice_throttled_total', { reason: 'origin_not_allowed', api: 'chat' })).toBe(1);
    expect(await gateway.metric('sluice_handshakes_total', { result: 'refused' })).toBe(1);
  });

  it('[CN-72] with two origins needs both of them allowed', async () => {
    const gateway = await startGateway({ allowedOrigins, connect: false });
    const lines = [...upgradeLines, 'Origin: https://app.example.com', 'Origin: https://evil.net'];
    expect((await new RawClient(gateway.port).write(upgradeRequest(lines)).answer()).status).toBe(403);
  });

  it('[CN-72] follows a list that changes', async () => {
    const gateway = await startGateway({ connect: false });
    await openClient(gateway.url, [], origin('https://evil.net'));
    const [api] = gateway.definitions.apis();
    if (api === undefined) throw new Error('no API');
    gateway.definitions.replace([
      { ...api, stages: { dev: { stageName: 'dev', stageVariables: {}, allowedOrigins } } },
    ]);
    await expect(openClient(gateway.url, [], origin('https://evil.net'))).rejects.toThrow('403');
  });
});
