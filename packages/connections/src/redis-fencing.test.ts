import { waitFor } from '@sluice/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { countingHandlers, record } from './conformance/connection-store.js';
import { RedisStoreFixture } from './conformance/redis-store-fixture.js';
import type { ConnectionRecord } from './index.js';
import { connectionKeys } from './keys.js';

let fixture: RedisStoreFixture;

beforeAll(async () => {
  fixture = await RedisStoreFixture.start();
});
afterEach(() => fixture.endTest());
afterAll(() => fixture.stop());

/** Takes a node over that knows nothing of it. */
async function reap(nodeSlot: number): Promise<void> {
  await fixture.endLease(nodeSlot);
  const { nodes } = await (await fixture.createReadyStore()).reapDeadNodes(async () => {});
  expect(nodes).toBe(1);
}

describe('a node that was taken over', () => {
  it('fences a node that thaws after it was taken over, and refuses its writes', async () => {
    const store = fixture.createStore();
    const handlers = countingHandlers();
    const frozen = await store.join(handlers);
    const kept = record(frozen);
    await frozen.register(kept);
    // As after SIGSTOP: the lease ends under a process that knows nothing of it, between two of its renewals.
    const tag = fixture.tag(frozen.nodeSlot);
    await fixture.endLease(frozen.nodeSlot);
    const emitted: ConnectionRecord[] = [];
    await (await fixture.createReadyStore()).reapDeadNodes(async (chunk) => {
      emitted.push(...chunk);
      await expect(frozen.register(record(frozen))).rejects.toThrow('taken over');
    });
    expect(emitted).toEqual([kept]);
    expect(await frozen.renew()).toBe(false);
    expect(frozen.held()).toBe(false);
    expect(handlers).toMatchObject({ fenced: 1, forgotten: 0 });
    expect(await fixture.client.keys(`${tag}*`)).toEqual([`${tag}:node`]);
  });

  it.each(['renewal', 'registration'])('fences a node whose first word after its reaping is a %s', async (word) => {
    const handlers = countingHandlers();
    const frozen = await fixture.createStore({ leaseRenewIntervalMs: 60_000 }).join(handlers);
    await frozen.register(record(frozen));
    await reap(frozen.nodeSlot);
    if (word === 'renewal') expect(await frozen.renew()).toBe(false);
    else await expect(frozen.register(record(frozen))).rejects.toThrow('taken over');
    expect(handlers).toMatchObject({ fenced: 1, forgotten: 0 });
    expect(await (await fixture.createReadyStore()).nodeState(frozen.nodeSlot)).toBe('gone');
  });

  it('gives the slot of a reaped node to nobody until its tombstone has ended, and sweeps past it', async () => {
    const store = await fixture.createReadyStore();
    const frozen = await fixture.createStore({ leaseRenewIntervalMs: 60_000 }).join(countingHandlers());
    await frozen.register(record(frozen));
    await reap(frozen.nodeSlot);
    const { nodes, slotCounter } = connectionKeys(fixture.settings.keyPrefix);
    await fixture.client.set(slotCounter, frozen.nodeSlot - 1);
    expect((await store.join(countingHandlers())).nodeSlot).toBe(frozen.nodeSlot + 1);
    // The try put the slot into the set again; a sweep takes it out and leaves the tombstone.
    expect(await fixture.client.sismember(nodes, frozen.nodeSlot)).toBe(1);
    expect(await store.reapDeadNodes(async () => expect.unreachable())).toEqual({ nodes: 0, connections: 0 });
    expect(await fixture.client.sismember(nodes, frozen.nodeSlot)).toBe(0);
    await fixture.client.pexpire(`${fixture.tag(frozen.nodeSlot)}:node`, 1);
    await new Promise((resolve) => setTimeout(resolve, 10));
    await fixture.client.set(slotCounter, frozen.nodeSlot - 1);
    expect((await store.join(countingHandlers())).nodeSlot).toBe(frozen.nodeSlot);
  });

  it('leaves no tombstone of a node that left with connections', async () => {
    const store = await fixture.createReadyStore();
    const node = await store.join(countingHandlers());
    await node.register(record(node));
    await node.leave();
    expect(await store.reapDeadNodes(async () => {})).toEqual({ nodes: 1, connections: 1 });
    expect(await fixture.client.keys(`${fixture.tag(node.nodeSlot)}*`)).toEqual([]);
  });

  it('fences a node that renews while a survivor is at work on it', async () => {
    const handlers = countingHandlers();
    const frozen = await fixture.createStore({ leaseRenewIntervalMs: 60_000 }).join(handlers);
    await frozen.register(record(frozen));
    await fixture.endLease(frozen.nodeSlot);
    await (await fixture.createReadyStore()).reapDeadNodes(async () => {
      expect(await frozen.renew()).toBe(false);
    });
    expect(handlers).toMatchObject({ fenced: 1, forgotten: 0 });
  });

  it('fences a node whose slot another has by now', async () => {
    const handlers = countingHandlers();
    const node = await fixture.createStore().join(handlers);
    await fixture.client.hset(`${fixture.tag(node.nodeSlot)}:node`, 'incarnation', 'another');
    await waitFor('the fence', () => handlers.fenced === 1);
    expect(node.held()).toBe(false);
    await expect(node.register(record(node))).rejects.toThrow('taken over');
  });
});
