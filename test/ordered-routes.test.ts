import {
  type BackEnd,
  type BackEndRequest,
  type Cluster,
  connectClient,
  startBackEnd,
  startCluster,
  waitFor,
} from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chatConfig } from './chat-config.js';
import { type Gateway, gatewayKinds } from './gateway-kinds.js';

/** A back end that takes its time, another one for each request, and keeps what overlaps. */
class UnevenBackEnd {
  readonly overlaps: string[] = [];
  private readonly open = new Map<string, string>();

  constructor(private readonly longestMs: number) {}

  readonly answer = async (request: BackEndRequest) => {
    if (request.eventType !== 'MESSAGE') return {};
    const ordered = request.routeKey === 'place';
    const { connectionId, messageId } = request;
    const under = this.open.get(connectionId);
    if (ordered && under !== undefined && under !== messageId) this.overlaps.push(`${messageId} during ${under}`);
    if (ordered) this.open.set(connectionId, messageId);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * this.longestMs));
    if (ordered) this.open.delete(connectionId);
    return { body: request.body };
  };
}

const ordering = (backEnd: BackEnd) => {
  const { apis } = chatConfig(backEnd.url);
  const place = { integration: 'backend', routeResponse: true, order: 'connection' };
  return { apis: { chat: { ...apis.chat, routes: { ...apis.chat.routes, place } } } };
};

/** What each connection's ordered messages said, in the order in which each first reached the back end. */
function firstSeen(backEnd: BackEnd): Map<string, number[]> {
  const seen = new Set<string>();
  const orders = new Map<string, number[]>();
  for (const { connectionId, messageId, routeKey, body } of backEnd.of('MESSAGE')) {
    if (routeKey !== 'place' || seen.has(messageId)) continue;
    seen.add(messageId);
    orders.set(connectionId, [...(orders.get(connectionId) ?? []), (JSON.parse(body) as { n: number }).n]);
  }
  return orders;
}

const countUpTo = (count: number) => Array.from({ length: count }, (_, n) => n);

describe.each(gatewayKinds)('order: connection, %s', (_kind, start) => {
  const uneven = new UnevenBackEnd(20);
  let backEnd: BackEnd;
  let gateway: Gateway;

  beforeAll(async () => {
    backEnd = await startBackEnd(uneven.answer);
    gateway = await start(ordering(backEnd));
  });
  afterAll(async () => {
    await gateway?.stop();
    await backEnd?.stop();
  });
  const connect = () => connectClient(`${gateway.webSocketUrl}/chat/dev`);

  it('[PR-4] messages of a connection reach the back end one at a time and in order, and so do their replies', async () => {
    const clients = await Promise.all(countUpTo(5).map(connect));
    for (const n of countUpTo(60)) for (const client of clients) client.send({ action: 'place', n });
    for (const client of clients) {
      await waitFor('all replies', () => client.messages.length === 60, 20_000);
      expect(client.messages.map((message) => JSON.parse(message).n)).toEqual(countUpTo(60));
    }
    expect([...firstSeen(backEnd).values()]).toEqual(clients.map(() => countUpTo(60)));
    expect(uneven.overlaps).toEqual([]);
    for (const client of clients) await client.close();
  });

  it('[PR-4] [CN-54] messages of other routes do not wait for them', async () => {
    const client = await connect();
    let open: (() => void) | undefined;
    const held = new Promise<void>((resolve) => {
      open = resolve;
    });
    backEnd.answer(async (request) => {
      if (request.routeKey === 'place') await held;
      return { body: request.body };
    });
    client.send({ action: 'place', n: 0 });
    client.send({ action: 'place', n: 1 });
    for (const n of countUpTo(10)) client.send({ action: 'echo', n });
    await waitFor('ten replies', () => client.messages.length === 10);
    expect(client.messages.every((message) => JSON.parse(message).action === 'echo')).toBe(true);
    open?.();
    await waitFor('the ordered replies', () => client.messages.length === 12);
    expect(client.messages.slice(10).map((message) => JSON.parse(message).n)).toEqual([0, 1]);
    backEnd.answer(uneven.answer);
    await client.close();
  });

  it('[PR-4] a client that sends and closes is heard to the end, and its $disconnect comes last', async () => {
    const client = await connect();
    client.send({ action: 'place', n: 0 });
    await client.next();
    const connectionId = backEnd.of('MESSAGE').at(-1)?.connectionId;
    for (const n of countUpTo(20)) client.send({ action: 'place', n: n + 1 });
    await client.close(1000);
    const ends = (request: BackEndRequest) =>
      request.eventType === 'DISCONNECT' && request.connectionId === connectionId;
    await backEnd.seen('$disconnect', ends);
    const own = backEnd.requests.filter((request) => request.connectionId === connectionId);
    expect(own.map(({ eventType }) => eventType)).toEqual(['CONNECT', ...Array(21).fill('MESSAGE'), 'DISCONNECT']);
    expect(firstSeen(backEnd).get(connectionId ?? '')).toEqual(countUpTo(21));
  });
});

describe('order: connection, kill -9 of a router', () => {
  const uneven = new UnevenBackEnd(40);
  let backEnd: BackEnd;
  let cluster: Cluster;

  beforeAll(async () => {
    backEnd = await startBackEnd(uneven.answer);
    cluster = await startCluster({ config: ordering(backEnd), roles: ['edge', 'router', 'router'] });
  });
  afterAll(async () => {
    await cluster?.stop();
    await backEnd?.stop();
  });

  it('[PR-4] [PR-1] order holds and nothing is lost: what the dead router had is delivered again before the next', async () => {
    const url = `ws://127.0.0.1:${cluster.the('edge').port}/chat/dev`;
    const clients = await Promise.all(countUpTo(10).map(() => connectClient(url)));
    for (const n of countUpTo(80)) for (const client of clients) client.send({ action: 'place', n });
    await waitFor('some of them', () => backEnd.of('MESSAGE').length > 100);
    await cluster.the('router').kill();
    const orders = () => [...firstSeen(backEnd).values()];
    await waitFor('all of them', () => orders().every((seen) => seen.length === 80), 50_000).catch(() => {});
    expect(orders()).toEqual(clients.map(() => countUpTo(80)));
    for (const client of clients) client.terminate();
  });
});
