import { fileURLToPath } from 'node:url';
import { loadSettings } from '@sluice/config';
import { expressionCheckers } from '@sluice/standalone';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { runCommandLine } from './command-line.js';

const example = (name: string) => fileURLToPath(new URL(`../../../examples/${name}/sluice.yaml`, import.meta.url));

afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

async function check(file: string): Promise<{ code: number; out: string }> {
  let out = '';
  const write = (chunk: unknown) => {
    out += String(chunk);
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(write);
  vi.spyOn(process.stderr, 'write').mockImplementation(write);
  await runCommandLine(['node', 'sluice', 'check', file]);
  return { code: Number(process.exitCode ?? 0), out };
}

describe('examples', () => {
  it.each(['chat', 'aws-api', 'lambda'])('%s is a file that the gateway takes, without a warning', async (name) => {
    const { code, out } = await check(example(name));
    expect(out).toContain('is valid.');
    expect(out).not.toContain('warning');
    expect(code).toBe(0);
  });

  it('aws-api is described: addresses, who may pass, what is called', async () => {
    const { out } = await check(example('aws-api'));
    expect(out).toContain('  stages live (/live, ws.example.com/v1, *.example.com/)\n');
    expect(out).toMatch(/\$connect +AWS_PROXY arn:\S+ \(29000 ms\), CUSTOM tickets, API key\n/);
    expect(out).toMatch(/placeOrder +HTTP PUT \S+ \(5000 ms\), in order per connection, answers the client\n/);
    expect(out).toMatch(/cancelOrder +AWS POST \S+ \(29000 ms\), JWT tokens\n/);
    expect(out).not.toMatch(/change-me/);
  });

  it('aws-api comes out with what it says', () => {
    const settings = loadSettings({
      command: 'start',
      flags: { config: example('aws-api') },
      env: {},
      openFilesMax: 20_000,
      checkers: expressionCheckers,
    });
    const [orders] = settings.apis;
    expect(orders?.routes['cancelOrder']).toMatchObject({ authorizationType: 'JWT', authorizerId: 'tokens' });
    expect(orders?.integrations['routes/$default']?.integrationType).toBe('AWS_PROXY');
    expect(settings.shared.domainNames.map(({ domainName }) => domainName)).toEqual([
      'ws.example.com',
      '*.example.com',
    ]);
    expect(settings.account).toMatchObject({ throttlingRateLimit: 10_000, connectRateLimit: 500 });
  });
});
