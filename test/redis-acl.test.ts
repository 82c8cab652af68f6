import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { ApiGatewayManagementApiClient, PostToConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi';
import {
  type BackEnd,
  connectClient,
  type GatewayProcess,
  startBackEnd,
  startGatewayProcess,
  startRedis,
  startRedisCluster,
  testKey,
  type WebSocketClient,
  waitFor,
} from '@sluice/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { chatConfig } from './chat-config.js';

const page = readFileSync(fileURLToPath(new URL('../docs/operate/redis.md', import.meta.url)), 'utf8');
const command = fileURLToPath(new URL('../packages/cli/bin/sluice.js', import.meta.url));
/** The lines of the page, as an operator would copy them. */
const aclLines = (/```redis\n([\s\S]*?)```/.exec(page)?.[1] ?? '').trim().split('\n');
const login = { SLUICE_REDIS_USERNAME: 'sluice', SLUICE_REDIS_PASSWORD: 'change-me' };

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const each of cleanups.splice(0).reverse()) await each();
});

const redisCli = (port: number, ...args: string[]) =>
  spawnSync('redis-cli', ['-p', `${port}`, ...args], { encoding: 'utf8' }).stdout.trim();

function makeUser(port: number): void {
  for (const line of aclLines) expect(redisCli(port, ...line.split(' ')), line).toBe('OK');
}

/** What Redis refused the user: commands and keys. */
function refused(port: number): string[] {
  const log = JSON.parse(redisCli(port, '--json', 'ACL', 'LOG', '128')) as { object: string; reason: string }[];
  return log.map(({ reason, object }) => `${reason} ${object}`);
}

// One for each script that a plain message does not come by: rates, a quota, order.
const more = {
  api: {
    stages: { dev: { defaultRouteSettings: { throttlingRateLimit: 1000, throttlingBurstLimit: 1000 } }, prod: {} },
  },
  root: {
    auth: { keys: [testKey] },
    account: { throttlingRateLimit: 1000, throttlingBurstLimit: 1000 },
    apiKeys: { gold: { value: 'gold-0123456789-0123456789' } },
    usagePlans: {
      p: { apiStages: [{ api: 'chat', stage: 'dev' }], apiKeys: ['gold'], quota: { limit: 1000, period: 'DAY' } },
    },
  },
};

class Gateway {
  constructor(
    readonly backEnd: BackEnd,
    private readonly env: Record<string, string>,
  ) {}

  /** All roles in one process, which is a member of a cluster like any other. */
  async start(): Promise<GatewayProcess> {
    const config = chatConfig(this.backEnd.url, more);
    const started = await startGatewayProcess({ role: 'start', config, env: this.env });
    cleanups.push(() => started.kill());
    return started;
  }

  /** Connects, sends, is posted to; the connection stays. */
  async story({ port }: GatewayProcess): Promise<WebSocketClient> {
    const headers = { 'x-api-key': 'gold-0123456789-0123456789' };
    const client = await connectClient(`ws://127.0.0.1:${port}/chat/dev`, { headers });
    const ConnectionId = this.backEnd.of('CONNECT').at(-1)?.connectionId as string;
    await canned(client);
    const management = new ApiGatewayManagementApiClient({
      endpoint: `http://127.0.0.1:${port}/chat/dev`,
      region: 'us-east-1',
      credentials: { ...testKey },
    });
    await management.send(new PostToConnectionCommand({ ConnectionId, Data: 'posted' }));
    expect(await client.next()).toBe('posted');
    return client;
  }

  disconnects(count: number, timeoutMs: number): Promise<unknown> {
    return waitFor(`${count} $disconnect`, () => this.backEnd.of('DISCONNECT').length >= count, timeoutMs);
  }
}

async function canned(client: WebSocketClient): Promise<void> {
  client.send({ action: 'canned' });
  expect(await client.next()).toBe('{"canned":true}');
}

async function startGateway(env: Record<string, string>, answer?: Parameters<typeof startBackEnd>[0]) {
  const backEnd = await startBackEnd(answer);
  cleanups.push(() => backEnd.stop());
  return new Gateway(backEnd, { ...login, SLUICE_HOST: '127.0.0.1', ...env });
}

describe('a Redis user with the commands of the page, and no other', () => {
  it('is enough for traffic, rates, dead letters, a $disconnect tried again, a killed process, an empty Redis, an orderly end', async () => {
    const redis = await startRedis();
    cleanups.push(() => redis.stop());
    makeUser(redis.port);
    let unanswered = 1;
    const gateway = await startGateway({ SLUICE_REDIS_URL: redis.url }, (request, response) => {
      if (request.eventType !== 'DISCONNECT' || unanswered-- <= 0) return { body: '' };
      response.destroy();
      return undefined;
    });
    const first = await gateway.start();
    const second = await gateway.start();
    // Its $disconnect finds a back end that hangs up: a background job calls again.
    await (await gateway.story(first)).close();
    await gateway.disconnects(2, 30_000);

    // Nobody can read it: a dead letter, which the command puts back itself and through a background job.
    const dead = async (count: number) => {
      const counts = await Promise.all([first, second].map((each) => each.metric('sluice_dead_letters_total')));
      return counts.reduce((sum, each) => sum + each, 0) >= count;
    };
    redisCli(redis.port, 'XADD', '{sluice:frames:0}', '*', 'b', 'this is no batch');
    await waitFor('the dead letter', () => dead(1), 15_000);
    const redrive = (...args: string[]) =>
      spawnSync(process.execPath, [command, 'dead-letters', 'redrive', '--all', ...args], {
        encoding: 'utf8',
        cwd: tmpdir(),
        env: { PATH: process.env['PATH'], ...login, SLUICE_REDIS_URL: redis.url },
      }).stdout;
    expect(redrive()).toContain('1 dead letter is on the stream again');
    await waitFor('it again', () => dead(2), 15_000);
    expect(redrive('--background')).toContain('queued');
    await waitFor('and again', () => dead(3), 15_000);

    // Killed with a connection and a message in work: the connection is reaped, the message claimed.
    await gateway.story(second);
    await second.kill();
    expect(refused(redis.port)).toEqual([]);
    await gateway.disconnects(3, 120_000).catch((error: Error) => {
      throw new Error(`${error.message}; refused: ${refused(redis.port).join()}\n${first.output()}`);
    });
    const client = await gateway.story(first);

    // Emptied, it is written anew.
    await redis.flush();
    await waitFor(
      'service',
      () =>
        canned(client).then(
          () => true,
          () => false,
        ),
      30_000,
    );
    first.signal('SIGTERM');
    await first.exited;
    expect(refused(redis.port)).toEqual([]);
  }, 240_000);

  it('is enough on every node of a Cluster', async () => {
    const redis = await startRedisCluster({ nodes: 3 });
    cleanups.push(() => redis.stop());
    for (const { port } of redis.nodes) makeUser(port);
    const gateway = await startGateway({ SLUICE_REDIS_MODE: 'cluster', SLUICE_REDIS_NODES: redis.addresses.join() });
    const started = await gateway.start();
    await (await gateway.story(started)).close();
    await gateway.disconnects(1, 20_000);
    started.signal('SIGTERM');
    await started.exited;
    expect(redis.nodes.flatMap(({ port }) => refused(port))).toEqual([]);
  }, 120_000);
});
