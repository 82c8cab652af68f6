import { type Cluster, connectClient, refusedHandshake, startCluster, type WebSocketClient } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const canned = {
  integrationType: 'MOCK',
  requestTemplates: { $default: '{"statusCode":200}' },
  integrationResponses: { $default: { responseTemplates: { $default: 'ok' } } },
};
const keyValue = 'gold-key-value-0123456789';
/** So slow that nothing comes back within the test. */
const slow = 0.01;
const burst = 40;
const quota = 30;

describe('rates and plans across two routers', () => {
  let cluster: Cluster;

  beforeAll(async () => {
    const routes = { $default: { integration: 'canned', routeResponse: true } };
    const keyed = { ...routes, $connect: { apiKeyRequired: true } };
    const selection = { routeSelectionExpression: '$request.body.action', integrations: { canned } };
    cluster = await startCluster({
      roles: ['edge', 'router', 'router'],
      config: {
        apis: {
          throttled: {
            ...selection,
            routes,
            stages: {
              dev: { routeSettings: { $default: { throttlingRateLimit: slow, throttlingBurstLimit: burst } } },
            },
          },
          connects: {
            ...selection,
            routes: { ...routes, $connect: {} },
            stages: { dev: { routeSettings: { $connect: { throttlingRateLimit: slow, throttlingBurstLimit: 2 } } } },
          },
          planned: { ...selection, routes: keyed, stages: { dev: {} } },
        },
        apiKeys: { gold: { value: keyValue }, off: { value: 'off-key-value-01234567890', enabled: false } },
        usagePlans: {
          p: {
            apiStages: [{ api: 'planned', stage: 'dev' }],
            apiKeys: ['gold', 'off'],
            quota: { limit: quota, period: 'MONTH' },
          },
        },
      },
    });
  });
  afterAll(() => cluster?.stop());

  const address = (api: string) => `ws://127.0.0.1:${cluster.the('edge').port}/${api}/dev`;

  /** Sends so many messages at once, and counts their answers. */
  async function flood(
    client: WebSocketClient,
    count: number,
  ): Promise<{ ok: number; refused: number; texts: Set<string> }> {
    const from = client.messages.length;
    for (let n = 0; n < count; n++) client.send({ action: 'x', n });
    await expect.poll(() => client.messages.length - from, { timeout: 20_000 }).toBe(count);
    const answers = client.messages.slice(from);
    const refused = answers.filter((answer) => answer !== 'ok');
    const texts = new Set(refused.map((answer) => String(JSON.parse(answer).message)));
    return { ok: count - refused.length, refused: refused.length, texts };
  }

  it('[SL-2] [QU-7] M15: the rate of a route holds for all routers together, and the socket stays open', async () => {
    const clients = await Promise.all(Array.from({ length: 4 }, () => connectClient(address('throttled'))));
    const results = await Promise.all(clients.map((client) => flood(client, 50)));
    const routers = cluster.processes.filter(({ role }) => role === 'router');
    const taken = () => Promise.all(routers.map((router) => router.metric('sluice_messages_total', 'api="throttled"')));
    // Until both routers have taken part, or the test would show nothing of a cluster.
    for (let n = 0; n < 100 && (await taken()).includes(0); n++) {
      results.push(...(await Promise.all(clients.map((client) => flood(client, 1)))));
    }
    expect(await taken()).not.toContain(0);
    const granted = results.reduce((sum, { ok }) => sum + ok, 0);
    expect(granted).toBeLessThanOrEqual(burst + 1);
    // What a router holds in reserve may be unused, never most of it.
    expect(granted).toBeGreaterThan(burst / 2);
    expect(new Set(results.flatMap(({ texts }) => [...texts]))).toEqual(new Set(['Too Many Requests']));
    for (const client of clients) {
      expect(client.socket.readyState).toBe(client.socket.OPEN);
      await client.close();
    }
  });

  it('[SL-2] [QU-7] H13: connects over the rate of $connect are 429', async () => {
    const statuses: number[] = [];
    for (let n = 0; n < 4; n++) {
      const outcome = await connectClient(address('connects')).then(
        (client) => client.close().then(() => 101),
        () => refusedHandshake(address('connects')).then(({ status }) => status),
      );
      statuses.push(outcome);
    }
    expect(statuses).toEqual([101, 101, 429, 429]);
  });

  it('[AU-7] O18: a handshake without a valid key is 403 Forbidden', async () => {
    for (const key of [undefined, 'nonsense', 'off-key-value-01234567890']) {
      const headers = key === undefined ? {} : { 'x-api-key': key };
      const refused = await refusedHandshake(address('planned'), { headers });
      expect([refused.status, refused.body]).toEqual([403, '{"message":"Forbidden"}']);
    }
  });

  it('[AU-7] O25: connects and messages of a key use up its quota, wherever they are routed, and never more', async () => {
    const headers = { 'x-api-key': keyValue };
    const clients = await Promise.all(Array.from({ length: 2 }, () => connectClient(address('planned'), { headers })));
    const results = await Promise.all(clients.map((client) => flood(client, 40)));
    const granted = results.reduce((sum, { ok }) => sum + ok, 0);
    expect(granted).toBeLessThanOrEqual(quota - clients.length);
    expect(granted).toBeGreaterThan((quota - clients.length) / 2);
    expect(new Set(results.flatMap(({ texts }) => [...texts]))).toEqual(new Set(['Limit Exceeded']));
    for (const client of clients) await client.close();
    const refused = await refusedHandshake(address('planned'), { headers });
    expect([refused.status, refused.body]).toEqual([429, '{"message":"Limit Exceeded"}']);
  });
});
