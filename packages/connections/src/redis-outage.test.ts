import { waitFor } from '@sluice/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { byId, countingHandlers, record } from './conformance/connection-store.js';
import { RedisStoreFixture, sweepUntil, testTiming } from './conformance/redis-store-fixture.js';
import type { ConnectionRecord } from './index.js';

let fixture: RedisStoreFixture;

beforeAll(async () => {
  fixture = await RedisStoreFixture.start();
});
afterEach(() => fixture.endTest());
afterAll(() => fixture.stop());

describe('a Redis that fails', () => {
  it('FLUSHALL: the node is made again and asks for its connections; meanwhile nobody calls it gone', async () => {
    const other = await fixture.createReadyStore();
    const handlers = countingHandlers();
    const node = await fixture.createStore().join(handlers);
    const kept = record(node);
    await node.register(kept);
    await other.nodeState(node.nodeSlot);
    await fixture.client.flushall();
    await new Promise((resolve) => setTimeout(resolve, testTiming.nodeStateCacheMs + 5));
    expect(['unknown', 'live']).toContain(await other.nodeState(node.nodeSlot));
    await waitFor('the news', () => handlers.forgotten === 1);
    await node.register(kept);
    expect(handlers).toMatchObject({ fenced: 0, forgotten: 1 });
    await waitFor('the node', async () => (await other.nodeState(node.nodeSlot)) === 'live');
    await node.leave();
    const emitted: ConnectionRecord[] = [];
    await sweepUntil(other, emitted, 1);
    expect(emitted).toEqual([kept]);
  });

  it('FLUSHALL is noticed by a registration too, which then succeeds', async () => {
    const handlers = countingHandlers();
    const node = await fixture.createStore().join(handlers);
    await fixture.client.flushall();
    await node.register(record(node));
    expect(handlers).toMatchObject({ fenced: 0, forgotten: 1 });
  });

  it('lost writes: a fail-over to older data asks for the connections again', async () => {
    const handlers = countingHandlers();
    const node = await fixture.createStore().join(handlers);
    for (let i = 0; i < 3; i++) await node.register(record(node));
    await fixture.client.hincrby(`${fixture.tag(node.nodeSlot)}:node`, 'writes', -2);
    await node.register(record(node));
    expect(handlers.forgotten).toBe(1);
    await node.register(record(node));
    await node.renew();
    expect(handlers).toMatchObject({ fenced: 0, forgotten: 1 });
  });

  it('restart with its data after all leases ended: renewed, neither fenced nor reaped', async () => {
    // Clients come back within 2 s: like the real time, this one leaves room for that.
    const other = await fixture.createReadyStore({ reapSuspectMs: 3_000 });
    const handlers = countingHandlers();
    const node = await fixture.createStore().join(handlers);
    const [kept, closed, late] = [record(node), record(node), record(node)];
    await Promise.all([node.register(kept), node.register(closed)]);
    await fixture.redis.kill();
    node.unregister(closed.connectionId);
    await expect(node.register(late)).rejects.toThrow();
    await waitFor('the lease to be uncertain', () => !node.held());
    expect(await other.nodeState(node.nodeSlot)).toBe('unknown');
    await fixture.redis.restart();
    const emitted: ConnectionRecord[] = [];
    const sweepFor = async (ms: number) => {
      for (const end = Date.now() + ms; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 20))) {
        expect(await other.nodeState(node.nodeSlot)).not.toBe('gone');
        await other.reapDeadNodes(async (chunk) => void emitted.push(...chunk)).catch(() => {});
      }
    };
    await waitFor('a renewal', async () => {
      await sweepFor(20);
      return node.held();
    });
    await waitFor('the sweeping store to be back too', async () => (await other.nodeState(node.nodeSlot)) === 'live');
    await sweepFor(2 * testTiming.leaseMs);
    expect(emitted).toEqual([]);
    expect(handlers).toMatchObject({ fenced: 0, forgotten: 0 });
    await node.leave();
    await sweepUntil(other, emitted, 2);
    expect(byId(emitted)).toEqual(byId([kept, late]));
  });

  it('away at the start: join waits for it, and ends with close', async () => {
    await fixture.redis.kill();
    const [store, given] = [fixture.createStore(), fixture.createStore()];
    const joining = store.join(countingHandlers());
    const refused = expect(given.join(countingHandlers())).rejects.toThrow('closed');
    expect(await store.nodeState(1)).toBe('unknown');
    await expect(store.claimDisconnect('x', 'y')).rejects.toThrow();
    await expect(store.reapDeadNodes(async () => {})).rejects.toThrow();
    await given.close();
    await refused;
    await fixture.redis.restart();
    expect((await joining).held()).toBe(true);
  });

  it('hangs: the lease becomes uncertain by the local clock, and is taken up again', async () => {
    const handlers = countingHandlers();
    const store = fixture.createStore();
    const node = await store.join(handlers);
    fixture.redis.pause();
    try {
      await waitFor('the lease to be uncertain', () => !node.held());
      expect(await store.nodeState(node.nodeSlot)).toBe('unknown');
    } finally {
      fixture.redis.resume();
    }
    await waitFor('a renewal', () => node.held());
    expect(handlers).toMatchObject({ fenced: 0, forgotten: 0 });
  });
});
