import type { Refusal } from '@sluice/bus';
import { type Close, closes, limits, type MessageEnvelope, newRequestId } from '@sluice/contracts';
import { createTelemetry } from '@sluice/telemetry';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { monotonicMs } from './clock.js';
import type { Connection } from './connection.js';
import {
  apiDefinition,
  atEnd,
  endAfterEach,
  type Gateway,
  openClient,
  sleep,
  startGateway,
  until,
} from './edge.fixture.js';
import type { MessageAppender } from './message-appender.js';
import type { OrderedLane } from './ordered-lane.js';
import { OrderedMessages } from './ordered-messages.js';
import { TimingWheel } from './timing-wheel.js';

endAfterEach();

const text = (body: Uint8Array) => Buffer.from(body).toString();
const place = (n: number | string) => JSON.stringify({ action: 'place', n });

async function ordering(options: { disconnect?: boolean } = {}) {
  const gateway = await startGateway({ connect: false, routes: ['place', 'chat'], ordered: ['place'], ...options });
  atEnd(() => settleAll(gateway));
  const client = await openClient(gateway.url);
  const connectionId = await until('the id', () => [...gateway.store.registered][0]);
  return { gateway, client, connectionId };
}

const sent = (gateway: Gateway) => gateway.messages().map(({ body }) => text(body));

/** As a router does once it has settled an ordered message. */
function settle(gateway: Gateway, message: MessageEnvelope | undefined): void {
  const { connectionId, messageId } = message as MessageEnvelope;
  gateway.tell({ kind: 'DONE', connectionId, messageId });
}

/** Whatever waits is let go, so that the edge has nothing to wait for when it is closed. */
function settleAll(gateway: Gateway): void {
  gateway.rule.settlesOrdered = true;
  for (const message of gateway.messages()) settle(gateway, message);
}

describe('messages of an ordered route', () => {
  it('[PR-4] go one at a time and in order; each waits for the DONE of the one before it', async () => {
    const { gateway, client } = await ordering();
    for (let n = 0; n < 20; n++) client.socket.send(place(n));
    for (let n = 0; n < 20; n++) {
      const message = await until(`message ${n}`, () => gateway.messages()[n]);
      if (n < 3) await sleep(30);
      expect(gateway.messages().length).toBe(n + 1);
      expect([text(message.body), message.ordered]).toEqual([place(n), true]);
      expect(await gateway.metric('sluice_ordered_waiting')).toBe(n === 0 ? 19 : 19 - n);
      settle(gateway, message);
    }
    await until(
      'the end',
      async () => (await gateway.metric('sluice_ordered_messages_total', { result: 'done' })) === 20,
    );
    expect(await gateway.metric('sluice_ordered_messages_total', { result: 'sent' })).toBe(20);
    client.socket.send(place('anew'));
    await until('a message of a later day', () => gateway.messages().length === 21);
  });

  it('[CN-54] [PR-4] hold up neither those of other routes nor those of other connections', async () => {
    const { gateway, client } = await ordering();
    const other = await openClient(gateway.url);
    client.socket.send(place(1));
    client.socket.send(place(2));
    client.socket.send('{"action":"chat"}');
    client.socket.send('no JSON');
    other.socket.send(place('other'));
    await until('all but one', () => gateway.messages().length === 4);
    await sleep(30);
    expect(sent(gateway).sort()).toEqual(['no JSON', place(1), place('other'), '{"action":"chat"}'].sort());
    const ordered = gateway.messages().filter((message) => message.ordered === true);
    expect(ordered.map(({ body }) => text(body)).sort()).toEqual([place(1), place('other')].sort());
  });

  it('[PR-4] only the DONE of the message on its way counts, once', async () => {
    const { gateway, client, connectionId } = await ordering();
    for (const n of [1, 2, 3]) client.socket.send(place(n));
    const first = await until('the first', () => gateway.messages()[0]);
    gateway.tell({ kind: 'DONE', connectionId, messageId: newRequestId() });
    await sleep(30);
    expect(sent(gateway)).toEqual([place(1)]);
    settle(gateway, first);
    settle(gateway, first);
    settle(gateway, first);
    await until('the second', () => gateway.messages().length === 2);
    await sleep(30);
    expect(sent(gateway)).toEqual([place(1), place(2)]);
  });

  it('[PR-4] [PR-2] what the bus refuses is answered with its error frame, and the next one goes', async () => {
    const { gateway, client } = await ordering();
    client.socket.send(place(1));
    client.socket.send(place(2));
    client.socket.send(place(3));
    const first = await until('the first', () => gateway.messages()[0]);
    gateway.busState.refusal = 'bus_unavailable';
    settle(gateway, first);
    await until('two error frames', () => client.messages.length === 2);
    for (const each of client.messages) expect(each).toContain('{"message": "Internal server error", "connectionId":"');
    gateway.busState.refusal = undefined;
    client.socket.send(place(4));
    await until('the fourth', () => gateway.messages().length === 2);
    expect(sent(gateway)).toEqual([place(1), place(4)]);
  });

  it('[PR-4] over its bound of messages one is refused out loud, and order is kept among the others', async () => {
    const { gateway, client } = await ordering();
    const count = limits.orderedWaitingMessagesMax + 3;
    for (let n = 0; n < count; n++) client.socket.send(place(n));
    await until('two error frames', () => client.messages.length === 2);
    for (const each of client.messages) expect(each).toContain('{"message": "Too Many Requests", "connectionId":"');
    expect(await gateway.metric('sluice_throttled_total', { reason: 'ordered_waiting' })).toBe(2);
    for (let n = 0; n < count - 2; n++) settle(gateway, await until(`message ${n}`, () => gateway.messages()[n]));
    expect(sent(gateway)).toEqual(Array.from({ length: count - 2 }, (_, n) => place(n)));
  });

  it('[PR-4] over its bound of bytes too', async () => {
    const { gateway, client } = await ordering();
    const large = place('x'.repeat(100_000));
    for (let n = 0; n < 13; n++) client.socket.send(large);
    await until('two error frames', () => client.messages.length === 2);
    expect(await gateway.metric('sluice_ordered_waiting')).toBe(10);
  });

  it('[PR-4] a message that waits has the context that one before it has renewed', async () => {
    const { gateway, client, connectionId } = await ordering();
    client.socket.send(place(1));
    client.socket.send(place(2));
    const first = await until('the first', () => gateway.messages()[0]);
    const connectionContext = '{"connectedAtMs":1,"sourceIp":"::1","authorizer":{"principalId":"ada"}}';
    gateway.tell({ kind: 'RENEW', connectionId, connectionContext });
    settle(gateway, first);
    expect((await until('the second', () => gateway.messages()[1])).connectionContext).toBe(connectionContext);
  });

  it('[PR-4] follow the definition: a route that is ordered from now on, and no longer', async () => {
    const gateway = await startGateway({ connect: false, routes: ['place'] });
    atEnd(() => settleAll(gateway));
    const client = await openClient(gateway.url);
    const define = (ordered: string[]) =>
      gateway.definitions.replace([apiDefinition({ connect: false, routes: ['place'], ordered })]);
    client.socket.send(place(1));
    client.socket.send(place(2));
    await until('both', () => gateway.messages().length === 2);
    define(['place']);
    client.socket.send(place(3));
    client.socket.send(place(4));
    const third = await until('the third', () => gateway.messages()[2]);
    define([]);
    client.socket.send(place(5));
    await until('the fifth, which waits for nobody', () => gateway.messages().length === 4);
    expect(sent(gateway)).toEqual([1, 2, 3, 5].map(place));
    settle(gateway, third);
    await until('the fourth', () => gateway.messages().length === 5);
  });
});

describe('a client that closes with ordered messages under way', () => {
  it('[PR-4] is heard to the end, and only then its $disconnect is announced', async () => {
    const { gateway, client, connectionId } = await ordering();
    for (const n of [1, 2, 3]) client.socket.send(place(n));
    client.socket.close(4001, 'bye');
    await until('the close', () => gateway.edge.socketCount === 0);
    expect((await gateway.ask({ kind: 'GET', connectionId })).result).toBe('gone');
    for (let n = 0; n < 3; n++) {
      const message = await until(`message ${n}`, () => gateway.messages()[n]);
      await sleep(20);
      expect([gateway.messages().length, gateway.disconnects().length]).toEqual([n + 1, 0]);
      // Should this process die now, a survivor announces the end.
      expect(gateway.store.registered.has(connectionId)).toBe(true);
      settle(gateway, message);
    }
    const disconnect = await until('$disconnect', () => gateway.disconnects()[0]);
    expect([disconnect.disconnectStatusCode, disconnect.disconnectReason]).toEqual([4001, 'bye']);
    expect(sent(gateway)).toEqual([1, 2, 3].map(place));
    await until('the record to go', () => gateway.store.registered.size === 0);
  });

  it('[PR-4] without a $disconnect route its record stays as long', async () => {
    const { gateway, client } = await ordering({ disconnect: false });
    client.socket.send(place(1));
    client.socket.close();
    const first = await until('the message', () => gateway.messages()[0]);
    await until('the close', () => gateway.edge.socketCount === 0);
    await sleep(30);
    expect(gateway.store.registered.size).toBe(1);
    settle(gateway, first);
    await until('the record to go', () => gateway.store.registered.size === 0);
    expect(gateway.disconnects()).toEqual([]);
  });

  it('[PR-4] a drain waits for them as well', async () => {
    const { gateway, client } = await ordering();
    client.socket.send(place(1));
    client.socket.send(place(2));
    const first = await until('the first', () => gateway.messages()[0]);
    const drained = gateway.edge.drain({ holdMs: 0, windowMs: 0, settleMs: 5_000 });
    expect((await client.closed).code).toBe(1001);
    settle(gateway, first);
    settle(gateway, await until('the second', () => gateway.messages()[1]));
    await drained;
    expect(gateway.disconnects().map((each) => each.disconnectStatusCode)).toEqual([1001]);
    expect(gateway.store.left).toBe(1);
  });

  it('[PR-4] what a drain has no time for is left to the survivor, its $disconnect too', async () => {
    const { gateway, client } = await ordering();
    client.socket.send(place(1));
    client.socket.send(place(2));
    await until('the first', () => gateway.messages().length === 1);
    await gateway.edge.drain({ holdMs: 0, windowMs: 0, settleMs: 100 });
    expect([gateway.store.left, gateway.disconnects().length, gateway.store.registered.size]).toEqual([0, 0, 1]);
    expect(sent(gateway)).toEqual([place(1)]);
    expect(await gateway.metric('sluice_ordered_messages_total', { result: 'dropped' })).toBe(1);
    expect(await gateway.metric('sluice_ordered_waiting')).toBe(0);
  });

  it('[PR-4] [PR-6] a fence ends them: the survivor announces this connection', async () => {
    const { gateway, client } = await ordering();
    const leaver = await openClient(gateway.url);
    for (const each of [client, leaver]) for (const n of [1, 2]) each.socket.send(place(n));
    await until('both firsts', () => gateway.messages().length === 2);
    leaver.socket.close();
    await until('the close', () => gateway.edge.socketCount === 1);
    gateway.store.handlers?.onFenced();
    expect((await client.closed).code).toBe(1001);
    await until('to be back', () => gateway.edge.ready().ok);
    for (const message of gateway.messages()) settle(gateway, message);
    await sleep(50);
    expect([gateway.messages().length, gateway.disconnects().length]).toEqual([2, 0]);
  });
});

/** Lanes by themselves, on a clock of their own. */
function lanes() {
  const telemetry = createTelemetry({ role: 'edge', logLevel: 'silent' });
  const appended: { envelope: MessageEnvelope; settled: (refusal?: Refusal) => void }[] = [];
  const refused: string[] = [];
  const announced: [string, Close][] = [];
  const appender: Pick<MessageAppender, 'append' | 'refuse'> = {
    append: (envelope, _connection, settled) =>
      void appended.push({ envelope, settled: (refusal) => settled?.(envelope, refusal) }),
    refuse: (envelope, _code, reason) => void refused.push(`${text(envelope.body)} ${reason ?? ''}`.trim()),
  };
  const wheel: TimingWheel<OrderedLane> = new TimingWheel(limits.deadlineTickMs, monotonicMs(), (lane, nowMs) =>
    ordered.overdue(lane, nowMs),
  );
  const lifetime = {
    watchLane: (lane: OrderedLane, dueMs: number) => wheel.set(lane, dueMs),
    forget: (lane: OrderedLane) => wheel.remove(lane),
  };
  const ordered: OrderedMessages = new OrderedMessages(
    appender as MessageAppender,
    lifetime as ConstructorParameters<typeof OrderedMessages>[1],
    telemetry,
    (connection, close) => void announced.push([connection.id, close]),
  );
  const connectionOf = (id: string) =>
    ({ id, context: '{}', stage: { apiId: 'chat', stageName: 'dev' } }) as unknown as Connection;
  const take = (connection: Connection, body: string) =>
    ordered.take(
      { connectionId: connection.id, messageId: newRequestId(), body: Buffer.from(body) } as unknown as MessageEnvelope,
      connection,
    );
  const done = (index: number) => {
    const { connectionId, messageId } = (appended[index] as (typeof appended)[number]).envelope;
    ordered.done({ kind: 'DONE', connectionId, messageId });
  };
  const bodies = () => appended.map(({ envelope }) => text(envelope.body));
  const counted = async (result: string) => {
    const metric = await telemetry.metrics.orderedMessagesTotal.get();
    return metric.values.find(({ labels }) => labels['result'] === result)?.value ?? 0;
  };
  return { ordered, wheel, connectionOf, take, done, bodies, appended, refused, announced, counted };
}

describe('a message of whose end nobody hears', () => {
  it('[PR-4] lets the next one go after orderedDoneTimeoutMs, counted; its own DONE, late, changes nothing', async () => {
    const { wheel, connectionOf, take, done, bodies, counted } = lanes();
    const connection = connectionOf('a');
    for (const body of ['1', '2', '3']) take(connection, body);
    const startedAtMs = monotonicMs();
    wheel.advance(startedAtMs + limits.orderedDoneTimeoutMs - 200);
    expect(bodies()).toEqual(['1']);
    wheel.advance(startedAtMs + limits.orderedDoneTimeoutMs + 200);
    expect(bodies()).toEqual(['1', '2']);
    expect(await counted('overdue')).toBe(1);
    done(0);
    expect(bodies()).toEqual(['1', '2']);
    done(1);
    expect(bodies()).toEqual(['1', '2', '3']);
  });

  it('outlasts the redelivery of a message whose router hangs, and one more call', () => {
    const { reclaimIdleMs, reclaimIntervalMs, integrationTimeoutMs, leaseMs } = limits;
    expect(limits.orderedDoneTimeoutMs).toBeGreaterThan(reclaimIdleMs + reclaimIntervalMs + integrationTimeoutMs);
    expect(limits.orderedDoneTimeoutMs).toBeGreaterThan(2 * (leaseMs + 2 * reclaimIntervalMs + integrationTimeoutMs));
  });

  it('[PR-4] holds up a $disconnect for orderedAfterCloseMs at most; what waits then is dropped, a prefix has been sent', async () => {
    const { ordered, wheel, connectionOf, take, done, bodies, announced, counted } = lanes();
    const connection = connectionOf('a');
    for (const body of ['1', '2', '3', '4']) take(connection, body);
    expect(ordered.putsOff(connection, closes.noStatus)).toBe(true);
    expect(ordered.endedCount).toBe(1);
    const closedAtMs = monotonicMs();
    done(0);
    wheel.advance(closedAtMs + limits.orderedAfterCloseMs - 200);
    expect([bodies(), announced]).toEqual([['1', '2'], []]);
    wheel.advance(closedAtMs + limits.orderedAfterCloseMs + 200);
    expect([bodies(), announced]).toEqual([['1', '2'], [['a', closes.noStatus]]]);
    expect(await counted('dropped')).toBe(2);
    done(1);
    expect(bodies()).toEqual(['1', '2']);
    expect([ordered.endedCount, ordered.has('a')]).toEqual([0, false]);
  });

  it('[PR-4] the bytes of all connections of a node together are bounded', () => {
    const { connectionOf, take, refused, bodies } = lanes();
    const body = 'x'.repeat(limits.orderedWaitingBytesMax);
    const count = limits.orderedWaitingNodeBytesMax / limits.orderedWaitingBytesMax;
    for (let n = 0; n <= count; n++) {
      const connection = connectionOf(`c${n}`);
      take(connection, 'first');
      take(connection, n < count ? body : 'y');
    }
    expect(bodies().length).toBe(count + 1);
    expect(refused).toEqual(['y ordered_waiting']);
  });
});

describe('against a model', () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('take' as const), id: fc.nat(2) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('done' as const), at: fc.nat(30) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('refuse' as const), at: fc.nat(30) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('close' as const), id: fc.nat(2) }) },
  );

  it('[PR-4] whatever happens, each connection has one message under way at most, in order, and ends once after its last', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const { ordered, connectionOf, take, done, appended, announced } = lanes();
        const connections = ['a', 'b', 'c'].map(connectionOf);
        const taken = new Map<string, number>();
        const closed = new Set<string>();
        const settledAt = new Set<number>();
        const underWay = (id: string) =>
          appended.filter(({ envelope }, index) => envelope.connectionId === id && !settledAt.has(index)).length;
        for (const each of steps) {
          if (each.kind === 'take' || each.kind === 'close') {
            const connection = connections[each.id] as Connection;
            if (closed.has(connection.id)) continue;
            if (each.kind === 'take') {
              const n = taken.get(connection.id) ?? 0;
              taken.set(connection.id, n + 1);
              take(connection, `${n}`);
            } else {
              closed.add(connection.id);
              if (!ordered.putsOff(connection, closes.noStatus)) announced.push([connection.id, closes.noStatus]);
            }
          } else if (each.at < appended.length && !settledAt.has(each.at)) {
            settledAt.add(each.at);
            if (each.kind === 'done') done(each.at);
            else appended[each.at]?.settled('bus_unavailable');
          }
          for (const { id } of connections) {
            const bodies = appended
              .filter(({ envelope }) => envelope.connectionId === id)
              .map((a) => text(a.envelope.body));
            expect(underWay(id)).toBeLessThanOrEqual(1);
            expect(bodies).toEqual(bodies.map((_, n) => `${n}`));
            const over = closed.has(id) && bodies.length === (taken.get(id) ?? 0) && underWay(id) === 0;
            expect(announced.filter(([ended]) => ended === id).length).toBe(over ? 1 : 0);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
