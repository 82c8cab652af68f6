import {
  type BackEnd,
  type Cluster,
  connectClient,
  refusedHandshake,
  startBackEnd,
  startCluster,
  type WebSocketClient,
  waitFor,
} from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chatConfig } from './chat-config.js';

describe('Redis goes away and comes back', () => {
  let backEnd: BackEnd;
  let cluster: Cluster;

  beforeAll(async () => {
    backEnd = await startBackEnd();
    cluster = await startCluster({
      config: chatConfig(backEnd.url),
      roles: ['edge', 'router', 'callback'],
      redis: { appendOnly: true },
    });
  });
  afterAll(async () => {
    await cluster?.stop();
    await backEnd?.stop();
  });

  const connect = () => connectClient(`ws://127.0.0.1:${cluster.the('edge').port}/chat/dev`);

  async function refusedFrame(client: WebSocketClient): Promise<string> {
    const before = client.messages.length;
    client.send({ action: 'echo' });
    await waitFor('the error frame', () => client.messages.length > before, 5_000);
    return client.messages[before] as string;
  }

  async function echoes(client: WebSocketClient): Promise<boolean> {
    const text = JSON.stringify({ action: 'echo', at: Math.random() });
    client.send(text);
    return waitFor('the echo', () => client.messages.includes(text), 2_000).then(
      () => true,
      () => false,
    );
  }

  it('[PR-2] killed: frames are refused by an error frame with their requestId, sockets stay open, service resumes by itself', async () => {
    const client = await connect();
    expect(await echoes(client)).toBe(true);
    await cluster.redis.kill();
    const frame = await refusedFrame(client);
    expect(frame).toMatch(
      /^\{"message": "(Internal server error|Too Many Requests)", "connectionId":"[\w-]{18}==", "requestId":"[\w-]{15}="\}$/,
    );
    const refused = await refusedHandshake(`ws://127.0.0.1:${cluster.the('edge').port}/chat/dev`);
    expect(refused.status).toBe(503);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(await cluster.the('edge').metric('sluice_throttled_total', 'reason="bus_unavailable"')).toBeGreaterThan(0);
    expect((await cluster.the('edge').admin('/livez')).status).toBe(200);

    await cluster.redis.restart();
    await waitFor('service to resume', () => echoes(client), 20_000);
    expect(client.socket.readyState).toBe(client.socket.OPEN);
    const another = await connect();
    expect(await echoes(another)).toBe(true);
    await another.close();
    await client.close();
  });

  it('[PR-2] frozen: appends time out and are refused, nothing wedges, service resumes when it thaws', async () => {
    const client = await connect();
    expect(await echoes(client)).toBe(true);
    cluster.redis.pause();
    expect(await refusedFrame(client)).toContain('"requestId":');
    await new Promise((resolve) => setTimeout(resolve, 9_000));
    cluster.redis.resume();
    await waitFor('service to resume', () => echoes(client), 20_000);
    await client.close();
  });

  it('[PR-10] [CN-53] comes back empty: streams and groups are made again, live connections get their messages and one $disconnect', async () => {
    const client = await connect();
    expect(await echoes(client)).toBe(true);
    const id = backEnd.of('CONNECT').at(-1)?.connectionId as string;
    await cluster.redis.flush();
    await waitFor('service to resume', () => echoes(client), 30_000);
    await client.close(4001, 'bye');
    await backEnd.seen(
      '$disconnect',
      (request) => request.eventType === 'DISCONNECT' && request.connectionId === id,
      15_000,
    );
  });
});

describe('Redis is absent at the start', () => {
  it('[ST-6] each process says so, keeps trying, and is ready once Redis answers; /startupz has the reason', async () => {
    const backEnd = await startBackEnd();
    const cluster = await startCluster({ config: chatConfig(backEnd.url), roles: [] });
    try {
      await cluster.redis.kill();
      const processes = await Promise.all(
        (['edge', 'router', 'callback'] as const).map((role) => cluster.add(role, { dontWait: true })),
      );
      for (const each of processes) {
        const startup = await waitFor(`${each.role} to answer`, () => each.admin('/startupz').catch(() => undefined));
        expect(startup.status).toBe(503);
        expect(startup.body).toMatch(/redis/i);
        expect((await each.admin('/livez')).status).toBe(200);
        await waitFor('a clear message', () => /Redis is away|Redis.*not/i.test(each.output()));
      }
      await cluster.redis.restart();
      for (const each of processes) {
        await waitFor(
          `${each.role} to be ready`,
          () => each.admin('/readyz').then(({ status }) => status === 200),
          15_000,
        );
        expect((await each.admin('/startupz')).status).toBe(200);
      }
      const client = await connectClient(`ws://127.0.0.1:${cluster.the('edge').port}/chat/dev`);
      client.send({ action: 'canned' });
      expect(await client.next()).toBe('{"canned":true}');
      await client.close();
    } finally {
      await cluster.stop();
      await backEnd.stop();
    }
  });
});
