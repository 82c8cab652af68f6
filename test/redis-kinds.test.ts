import { ApiGatewayManagementApiClient, PostToConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi';
import {
  type BackEnd,
  connectClient,
  type GatewayProcess,
  type GatewayRole,
  type RedisCluster,
  type RedisSentinel,
  startBackEnd,
  startGatewayProcess,
  startRedisCluster,
  startRedisSentinel,
  testKey,
  type WebSocketClient,
  waitFor,
} from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chatConfig } from './chat-config.js';

let backEnd: BackEnd;
let processes: GatewayProcess[] = [];

/** An edge, a router and a callback that find their Redis by the `redis` keys of the file alone. */
async function startGateway(redis: object): Promise<void> {
  backEnd = await startBackEnd();
  const config = { ...chatConfig(backEnd.url), auth: { callback: 'sigv4', keys: [testKey] }, redis };
  const roles: GatewayRole[] = ['edge', 'router', 'callback'];
  processes = await Promise.all(roles.map((role) => startGatewayProcess({ role, config })));
}

async function stopGateway(): Promise<void> {
  await Promise.all(processes.map((each) => each.kill()));
  await backEnd?.stop();
}

const portOf = (role: GatewayRole) => processes.find((each) => each.role === role)?.port ?? 0;
const connect = () => connectClient(`ws://127.0.0.1:${portOf('edge')}/chat/dev`);

/** Sends a frame of its own text; true where that came back within the time, false also where an error frame did. */
async function echoes(client: WebSocketClient, timeoutMs: number): Promise<boolean> {
  const text = JSON.stringify({ action: 'echo', at: Math.random() });
  client.send(text);
  return waitFor('the echo', () => client.messages.includes(text), timeoutMs).then(
    () => true,
    () => false,
  );
}

function post(connectionId: string, text: string): Promise<unknown> {
  const management = new ApiGatewayManagementApiClient({
    endpoint: `http://127.0.0.1:${portOf('callback')}/chat/dev`,
    region: 'us-east-1',
    credentials: { ...testKey },
    maxAttempts: 1,
  });
  return management.send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: text }));
}

async function connectKnown(): Promise<{ client: WebSocketClient; connectionId: string }> {
  const client = await connect();
  const connectionId = backEnd.of('CONNECT').at(-1)?.connectionId as string;
  return { client, connectionId };
}

/** What a connection lives through: connected, a frame answered, a post received, closed and reported once. */
async function story(): Promise<void> {
  const { client, connectionId } = await connectKnown();
  expect(await echoes(client, 10_000)).toBe(true);
  await post(connectionId, 'from the back end');
  await waitFor('the post', () => client.messages.includes('from the back end'));
  await client.close(4001, 'bye');
  await disconnectOf(connectionId);
}

async function disconnectOf(connectionId: string): Promise<void> {
  const own = () => backEnd.of('DISCONNECT').filter((request) => request.connectionId === connectionId);
  await waitFor('its $disconnect', () => own().length > 0, 20_000);
  expect(own().length).toBe(1);
}

describe('over a Redis Cluster of three primaries, 3 shards', () => {
  let redis: RedisCluster;

  beforeAll(async () => {
    redis = await startRedisCluster({ nodes: 3 });
    await startGateway({ mode: 'cluster', nodes: redis.addresses, shards: 3 });
  });
  afterAll(async () => {
    await stopGateway();
    await redis?.stop();
  });

  it('a connection lives as over one Redis', () => story());

  it('many connections at once do too: their frames, nodes and inboxes are on all servers', async () => {
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        const client = await connect();
        for (let i = 0; i < 10; i++) expect(await echoes(client, 10_000)).toBe(true);
        await client.close(1000);
      }),
    );
    await waitFor('every $disconnect', () => backEnd.of('DISCONNECT').length === 21, 20_000);
    for (const shard of ['0', '1', '2']) {
      const edge = processes.find((each) => each.role === 'edge') as GatewayProcess;
      expect(await edge.metric('sluice_stream_appends_total', `shard="${shard}"`, 'result="ok"')).toBeGreaterThan(0);
    }
  });
});

describe('over Sentinel: a primary, a replica, a sentinel', () => {
  let redis: RedisSentinel;

  beforeAll(async () => {
    redis = await startRedisSentinel();
    await startGateway({ mode: 'sentinel', nodes: [redis.address], sentinelName: redis.name });
  });
  afterAll(async () => {
    await stopGateway();
    await redis?.stop();
  });

  it('a connection lives as over one Redis', () => story());

  it('[PR-2] kill -9 of the primary: frames are refused out loud, service resumes within 30 s on the same sockets, nothing restarts', async () => {
    const { client, connectionId } = await connectKnown();
    expect(await echoes(client, 10_000)).toBe(true);
    const pids = processes.map(({ pid }) => pid);

    await redis.primary.kill();
    const killedAtMs = Date.now();
    const before = client.messages.length;
    client.send({ action: 'echo', refused: true });
    await waitFor('the error frame', () => client.messages.length > before, 5_000);
    expect(client.messages[before]).toMatch(/^\{"message": ".*", "connectionId":".*", "requestId":".*"\}$/);

    const whileAway = post(connectionId, 'during the fail-over').catch((error: Error) => error.name);
    await waitFor('service to resume', () => echoes(client, 1_000), 30_000);
    const framesMs = Date.now() - killedAtMs;
    const refusals: string[] = [];
    const posted = () =>
      post(connectionId, 'after the fail-over').then(
        () => true,
        (error: Error) => {
          refusals.push(error.name);
          return false;
        },
      );
    await waitFor('posts to resume', posted, Math.max(1, killedAtMs + 30_000 - Date.now()));
    await waitFor('the post', () => client.messages.includes('after the fail-over'));
    const postsMs = Date.now() - killedAtMs;
    expect(postsMs).toBeLessThan(31_000);
    refusals.push(String(await whileAway));
    expect(refusals, 'the connection lives').not.toContain('GoneException');
    expect(await redis.primaryPort()).toBe(redis.replica.port);
    console.log(`fail-over: frames after ${framesMs} ms, posts after ${postsMs} ms`);

    await client.close(4001, 'bye');
    await disconnectOf(connectionId);
    await story();
    expect(processes.map(({ pid }) => pid)).toEqual(pids);
    for (const each of processes) expect((await each.admin('/readyz')).status).toBe(200);
    const edge = processes.find((each) => each.role === 'edge') as GatewayProcess;
    expect(await edge.metric('sluice_fences_total')).toBe(0);
  }, 90_000);
});
