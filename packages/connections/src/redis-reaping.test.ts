import { limits } from '@sluice/contracts';
import { waitFor } from '@sluice/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { byId, countingHandlers } from './conformance/connection-store.js';
import { RedisStoreFixture, sweepUntil } from './conformance/redis-store-fixture.js';
import type { ConnectionRecord } from './index.js';

let fixture: RedisStoreFixture;

beforeAll(async () => {
  fixture = await RedisStoreFixture.start();
});
afterEach(() => fixture.endTest());
afterAll(() => fixture.stop());

describe('reaping', () => {
  it('emits every connection of a dead node once though two stores race, and not before the second look', async () => {
    const [one, two] = [await fixture.createReadyStore(), await fixture.createReadyStore()];
    const { node, records, kill } = await fixture.joinDoomed(3_000);
    await kill();
    await waitFor('the lease to end', async () => (await one.nodeState(node.nodeSlot)) === 'gone');
    const emitted: ConnectionRecord[] = [];
    const emit = async (chunk: ConnectionRecord[]) => void emitted.push(...chunk);
    await Promise.all([one.reapDeadNodes(emit), two.reapDeadNodes(emit)]);
    expect(emitted).toEqual([]);
    let nodes = 0;
    await waitFor('the take-over', async () => {
      const sweeps = await Promise.all([one.reapDeadNodes(emit), two.reapDeadNodes(emit)]);
      for (const sweep of sweeps) nodes += sweep.nodes;
      return emitted.length === records.length;
    });
    expect(byId(emitted)).toEqual(byId(records));
    expect(nodes).toBe(1);
    const tag = fixture.tag(node.nodeSlot);
    expect(await fixture.client.keys(`${tag}*`)).toEqual([`${tag}:node`]);
    const tombstone = `${tag}:node`;
    expect(await fixture.client.hmget(tombstone, 'state', 'incarnation')).toEqual(['reaped', node.incarnation]);
    const leftMs = await fixture.client.pttl(tombstone);
    expect(leftMs).toBeGreaterThan(limits.nodeTombstoneMs - 60_000);
    expect(leftMs).toBeLessThanOrEqual(limits.nodeTombstoneMs);
    expect(await fixture.client.smembers(`${fixture.settings.keyPrefix}:nodes`)).toEqual([]);
  });

  it('is taken on by the next when a reaper dies midway', async () => {
    const [dying, next] = [await fixture.createReadyStore(), await fixture.createReadyStore()];
    const { records, kill } = await fixture.joinDoomed(900);
    await kill();
    const emitted: ConnectionRecord[] = [];
    // Its emit never comes back: the process is dead from here on, and its mark on the node stays behind.
    const midway = waitFor('two chunks', async () => {
      void dying.reapDeadNodes(async (chunk) => {
        if (emitted.length >= 400) return new Promise(() => {});
        emitted.push(...chunk);
      });
      return emitted.length >= 400;
    });
    await midway;
    expect(emitted.length).toBeLessThan(900);
    await sweepUntil(next, emitted, 900);
    expect(byId(emitted)).toEqual(byId(records));
  });

  it('a node seen alive again is not suspected any more', async () => {
    const store = fixture.createStore();
    const node = await store.join(countingHandlers());
    const tag = fixture.tag(node.nodeSlot);
    await fixture.client.del(`${tag}:lease`);
    await store.reapDeadNodes(async () => expect.unreachable());
    expect(await fixture.client.hexists(`${tag}:node`, 'suspectSince')).toBe(1);
    expect(await node.renew()).toBe(true);
    expect(await fixture.client.hexists(`${tag}:node`, 'suspectSince')).toBe(0);
    expect(await fixture.client.exists(`${tag}:lease`)).toBe(1);
  });
});

describe('slots', () => {
  it('wrap after 65,536 and pass over those in use', async () => {
    const store = fixture.createStore();
    const first = await store.join(countingHandlers());
    await fixture.client.set(`${fixture.settings.keyPrefix}:node-slot-counter`, 65_534);
    const slots: number[] = [];
    for (let i = 0; i < 3; i++) slots.push((await store.join(countingHandlers())).nodeSlot);
    expect(slots).toEqual([65_535, 0, 1].map((slot) => (slot === first.nodeSlot ? slot + 1 : slot)));
    await fixture.client.set(`${fixture.settings.keyPrefix}:node-slot-counter`, 131_070);
    expect((await store.join(countingHandlers())).nodeSlot).toBe(first.nodeSlot === 2 ? 3 : 2);
  });

  it('a slot whose node died before it was listed is found again by the next that tries it', async () => {
    const store = fixture.createStore();
    const { node, records, kill } = await fixture.joinDoomed(3);
    await kill();
    await fixture.client.del(`${fixture.settings.keyPrefix}:nodes`);
    await fixture.client.set(`${fixture.settings.keyPrefix}:node-slot-counter`, node.nodeSlot - 1);
    await store.join(countingHandlers());
    const emitted: ConnectionRecord[] = [];
    await sweepUntil(store, emitted, 3);
    expect(byId(emitted)).toEqual(byId(records));
  });
});
