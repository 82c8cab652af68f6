import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getHeapStatistics } from 'node:v8';
import { type Command, loadSettings, type Settings } from '@sluice/config';
import { connectClient, freePort, startRedis, waitFor } from '@sluice/testkit';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { expressionCheckers } from './expression-checkers.js';
import { openDeadLetters } from './open-dead-letters.js';
import type { Role } from './services.js';
import { type RunningProcess, startProcess } from './start-process.js';

const directory = mkdtempSync(join(tmpdir(), 'sluice-process-'));
afterAll(() => rmSync(directory, { recursive: true }));
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const canned = (text: string) => `
apis:
  chat:
    integrations:
      canned:
        integrationType: MOCK
        requestTemplates: { $default: '{"statusCode":200}' }
        integrationResponses: { $default: { responseTemplates: { $default: ${text} } } }
    routes: { $default: { integration: canned, routeResponse: true } }
    stages: { dev: }
auth: { keys: [{ accessKeyId: AK, secretAccessKey: sk, allow: ["*"] }] }
drain: { holdMs: 0, windowMs: 100, settleMs: 2000 }
`;

function settingsFor(command: Command, flags: Record<string, string> = {}, yaml = canned('hello')): Settings {
  writeFileSync(join(directory, 'sluice.yaml'), yaml);
  return loadSettings({
    command,
    cwd: directory,
    env: {},
    flags: { port: '0', 'admin-port': '0', ...flags },
    checkers: expressionCheckers,
  });
}

interface Attempt {
  process: Promise<RunningProcess>;
  abort: AbortController;
  lines: { event: string; msg: string; reason?: string }[];
  drains: () => number;
}

function begin(settings: Settings, roles: Role[]): Attempt {
  const abort = new AbortController();
  const lines: Attempt['lines'] = [];
  let drains = 0;
  const process = startProcess(settings, roles, {
    version: '1.2.3',
    signal: abort.signal,
    onDrainRequested: () => void drains++,
    logDestination: { write: (line) => void lines.push(JSON.parse(line)) },
  });
  process.then(
    (running) => cleanups.push(() => running.stop()),
    () => undefined,
  );
  return { process, abort, lines, drains: () => drains };
}

async function ask(port: number, path: string, method = 'GET'): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method });
  return `${response.status} ${(await response.text()).trim()}`;
}

async function answerOf(port: number): Promise<string> {
  const client = await connectClient(`ws://127.0.0.1:${port}/dev`);
  client.send('{}');
  const message = await client.next();
  await client.close();
  return String(message);
}

const all: Role[] = ['router', 'callback', 'edge'];

describe('startProcess, alone', () => {
  it('serves clients, @connections and probes; the admin port is up first, the edge last', async () => {
    const settings = settingsFor('start');
    const { process, lines, drains } = begin(settings, all);
    const { addresses } = await process;
    const port = addresses.edge?.port ?? 0;
    expect(await answerOf(port)).toBe('hello');
    for (const path of ['/livez', '/readyz', '/startupz']) expect(await ask(addresses.admin.port, path)).toBe('200 ok');
    expect(await ask(port, '/dev/@connections/AAAAAAAAAAAAAAAAAA==')).toMatch(/^410/);
    const events = lines.map(({ event }) => event);
    const order = ['process.starting', 'admin.listening', 'router.started', 'edge.listening', 'process.ready'];
    expect(events.filter((event) => order.includes(event))).toEqual(order);
    const started = lines.find(({ event }) => event === 'process.starting');
    expect(started).toMatchObject({
      files_max: expect.any(Number),
      connections_max: settings.edge.maxConnections,
      heap_bytes_max: getHeapStatistics().heap_size_limit,
    });
    await ask(addresses.admin.port, '/drain', 'POST');
    expect(drains()).toBe(1);
  });

  it('takes new definitions while it runs', async () => {
    const running = await begin(settingsFor('start'), all).process;
    const { apis, shared } = settingsFor('start', {}, canned('changed'));
    running.takeOver({ apis, shared, accessKeys: [] });
    expect(await answerOf(running.addresses.edge?.port ?? 0)).toBe('changed');
  });

  it('takes nothing of what it cannot take as a whole: no APIs where their keys are refused', async () => {
    const running = await begin(settingsFor('start'), all).process;
    const { apis, shared, auth } = settingsFor('start', {}, canned('changed'));
    const twice = [...auth.keys, ...auth.keys];
    expect(twice).toHaveLength(2);
    expect(() => running.takeOver({ apis, shared, accessKeys: twice })).toThrow(RangeError);
    expect(await answerOf(running.addresses.edge?.port ?? 0)).toBe('hello');
  });

  it('stops everything: sockets with 1001, then every port', async () => {
    const running = await begin(settingsFor('start'), all).process;
    const { admin, edge } = running.addresses;
    const client = await connectClient(`ws://127.0.0.1:${edge?.port}/dev`);
    const stopped = running.stop();
    expect(await ask(admin.port, '/readyz')).toBe('503 draining');
    expect((await client.closed).code).toBe(1001);
    await stopped;
    await expect(fetch(`http://127.0.0.1:${admin.port}/livez`)).rejects.toThrow();
    await expect(fetch(`http://127.0.0.1:${edge?.port}/`)).rejects.toThrow();
  });

  it('leaves nothing running where a port is taken', async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => blocker.once('listening', resolve));
    cleanups.push(() => new Promise((resolve) => blocker.close(resolve)));
    const { port } = blocker.address() as { port: number };
    const adminPort = await freePort();
    const flags = { port: String(port), 'admin-port': String(adminPort) };
    await expect(begin(settingsFor('start', flags), all).process).rejects.toThrow(String(port));
    await expect(fetch(`http://127.0.0.1:${adminPort}/livez`)).rejects.toThrow();
  });
});

describe('startProcess, aborted', () => {
  it('while the edge comes up: its port is closed again', async () => {
    const abort = new AbortController();
    let port = 0;
    const starting = startProcess(settingsFor('start'), all, {
      version: '1.2.3',
      signal: abort.signal,
      onDrainRequested: () => undefined,
      logDestination: {
        write(line) {
          const entry = JSON.parse(line);
          if (entry.event !== 'edge.listening') return;
          port = entry.port;
          abort.abort(new Error('enough'));
        },
      },
    });
    await expect(starting).rejects.toThrow('enough');
    expect(port).toBeGreaterThan(0);
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
  });
});

describe('startProcess, with Redis', () => {
  it('waits for a Redis that is absent, says so on /startupz, and goes on when it comes', async () => {
    const [redisPort, adminPort] = [await freePort(), await freePort()];
    const flags = { redis: `redis://127.0.0.1:${redisPort}`, 'admin-port': String(adminPort) };
    const { process, lines } = begin(settingsFor('start', flags), all);
    const probe = async () => (await ask(adminPort, '/startupz').catch(() => '')) || undefined;
    const said = await waitFor('/startupz', probe);
    expect(said).toBe(`503 Redis at redis://127.0.0.1:${redisPort} has not answered yet; trying until it does`);
    expect(await ask(adminPort, '/livez')).toBe('200 ok');
    expect(await ask(adminPort, '/readyz')).toMatch(/^503 starting: Redis/);
    await waitFor('a line in the log', () => lines.some(({ event }) => event === 'bus.redis_down'));
    const redis = await startRedis({ port: redisPort });
    cleanups.push(() => redis.stop());
    const { addresses } = await process;
    expect(await ask(adminPort, '/startupz')).toBe('200 ok');
    expect(await answerOf(addresses.edge?.port ?? 0)).toBe('hello');
  });

  it('ends while it waits, when told to', async () => {
    const { process, abort } = begin(settingsFor('edge', { redis: 'redis://127.0.0.1:9' }), ['edge']);
    setTimeout(() => abort.abort(new Error('enough')), 300);
    await expect(process).rejects.toThrow();
  });

  it('runs edge, router and callback apart', async () => {
    const redis = await startRedis();
    cleanups.push(() => redis.stop());
    const flags = { redis: redis.url };
    await begin(settingsFor('router', flags), ['router']).process;
    const callback = await begin(settingsFor('callback', { ...flags, host: '127.0.0.1' }), ['callback']).process;
    const edge = await begin(settingsFor('edge', { ...flags, host: '127.0.0.1' }), ['edge']).process;
    expect(await answerOf(edge.addresses.edge?.port ?? 0)).toBe('hello');
    const path = '/dev/@connections/AAAAAAAAAAAAAAAAAA==';
    expect(await ask(callback.addresses.callback?.port ?? 0, path)).toMatch(/^403 /);
    expect(await ask(edge.addresses.edge?.port ?? 0, path)).toMatch(/^403 /);
    const { deadLetters, close } = await openDeadLetters(settingsFor('router', flags));
    expect([await deadLetters.count(), await deadLetters.list()]).toEqual([0, []]);
    await close();
  });

  it('ends in bounded time when Redis has gone', async () => {
    const redis = await startRedis();
    cleanups.push(() => redis.stop());
    const { process, lines } = begin(settingsFor('start', { redis: redis.url }), all);
    const running = await process;
    await redis.kill();
    const startedAt = performance.now();
    await running.stop();
    // Each part waits out its own bound: the inboxes and the bus. 7 s on a quiet machine.
    expect(performance.now() - startedAt).toBeLessThan(15_000);
    expect(lines.filter(({ msg }) => msg.includes('left behind'))).toEqual([]);
  }, 40_000);

  it('refuses a Redis that evicts: accepted frames could vanish', async () => {
    const redis = await startRedis({ args: ['--maxmemory', '50mb', '--maxmemory-policy', 'allkeys-lru'] });
    cleanups.push(() => redis.stop());
    const { process } = begin(settingsFor('router', { redis: redis.url }), ['router']);
    await expect(process).rejects.toThrow(/maxmemory-policy is allkeys-lru.*noeviction/);
  });
});
