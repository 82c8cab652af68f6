import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  connectClient,
  freePort,
  type GatewayProcess,
  type RedisServer,
  startGatewayProcess,
  startRedis,
  waitFor,
} from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const directory = mkdtempSync(join(tmpdir(), 'sluice-reload-'));
const file = join(directory, 'sluice.yaml');

function canned(text: string) {
  return {
    integrationType: 'MOCK',
    requestTemplates: { $default: '{"statusCode":200}' },
    integrationResponses: { $default: { responseTemplates: { $default: text } } },
  };
}

/** Routes by key, each with the text that it answers. */
function configOf(routes: Record<string, string>) {
  const entries = Object.entries(routes).map(([key, text]) => [
    key,
    { integration: canned(text), routeResponse: true },
  ]);
  return { apis: { chat: { routes: Object.fromEntries(entries), stages: { dev: {} } } } };
}

describe('SIGHUP', () => {
  let gateway: GatewayProcess;

  beforeAll(async () => {
    const config = configOf({ first: 'one' });
    writeFileSync(file, JSON.stringify(config));
    gateway = await startGatewayProcess({ role: 'start', config, args: ['--config', file] });
  });
  afterAll(async () => {
    await gateway?.kill();
    rmSync(directory, { recursive: true });
  });

  function reload(text: string, logged: string): Promise<true> {
    const before = gateway.output().length;
    writeFileSync(file, text);
    gateway.signal('SIGHUP');
    return waitFor(`${logged} in the log`, () => gateway.output().slice(before).includes(logged));
  }

  it('puts the new definitions in force for open sockets; a broken file changes nothing and says why', async () => {
    const client = await connectClient(`ws://127.0.0.1:${gateway.port}/dev`);
    const ask = (action: string) => {
      client.send({ action });
      return client.next();
    };
    expect(await ask('first')).toBe('one');
    expect(await ask('second')).toContain('"message": "Forbidden"');

    await reload(JSON.stringify(configOf({ first: 'one, changed', second: 'two' })), '"definitions.changed"');
    expect(await ask('second')).toBe('two');
    expect(await ask('first')).toBe('one, changed');

    await reload('apis: { chat: { routes: { second: nowhere }, stages: { dev: {} } } }', 'the old one stays');
    const [line = ''] = gateway
      .output()
      .split('\n')
      .filter((each) => each.includes('the old one stays'));
    const entry = JSON.parse(line) as { level: string; reason: string };
    expect(entry.level).toBe('error');
    expect(entry.reason).toMatch(/sluice\.yaml:1:\d+: apis\.chat\.routes\.second is "nowhere"/);
    expect(await ask('second')).toBe('two');

    await reload('{', 'the old one stays');
    expect(await ask('second')).toBe('two');
    expect((await gateway.admin('/readyz')).status).toBe(200);

    await reload(JSON.stringify(configOf({ second: 'two, mended' })), '"definitions.changed"');
    expect(await ask('second')).toBe('two, mended');
    expect(await ask('first')).toContain('"message": "Forbidden"');
    await client.close();
  });

  it('says which parts of the file wait for the next start, by name only', async () => {
    const config = configOf({ first: 'one' });
    await reload(JSON.stringify(config), '"definitions.changed"');
    const waits = 'not taken before the next start';
    expect(gateway.output()).not.toContain(waits);
    const keys = [{ accessKeyId: 'AK', secretAccessKey: 'pl4nted', allow: ['*'] }];
    const aws = { credentials: { accessKeyId: 'AK', secretAccessKey: 'pl4nted' } };
    const changed = { ...config, lambda: { endpoint: 'http://127.0.0.1:9001' }, aws, auth: { keys } };
    await reload(JSON.stringify(changed), `${waits}: lambda, aws`);
    expect(gateway.output()).not.toContain('pl4nted');
  });

  it('while the process still waits for Redis is not lost, and does not end it', async () => {
    const later = join(directory, 'later.yaml');
    const withAuth = (routes: Record<string, string>) => ({ ...configOf(routes), auth: { callback: 'none' } });
    writeFileSync(later, JSON.stringify(withAuth({ first: 'one' })));
    const redisPort = await freePort();
    const waiting = await startGatewayProcess({
      role: 'start',
      config: {},
      redisUrl: `redis://127.0.0.1:${redisPort}`,
      args: ['--config', later],
      dontWait: true,
    });
    let redis: RedisServer | undefined;
    try {
      writeFileSync(later, JSON.stringify(withAuth({ first: 'one, changed' })));
      waiting.signal('SIGHUP');
      redis = await startRedis({ port: redisPort });
      await waitFor('the reload', () => waiting.output().includes('"definitions.changed"'), 20_000);
      expect((await waiting.admin('/readyz')).status).toBe(200);
      const client = await connectClient(`ws://127.0.0.1:${waiting.port}/dev`);
      client.send({ action: 'first' });
      expect(await client.next()).toBe('one, changed');
      await client.close();
    } finally {
      await waiting.kill();
      await redis?.stop();
    }
  });
});
