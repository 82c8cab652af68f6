import { newConnectionId } from '@sluice/contracts';
import { afterEach, describe, expect, it } from 'vitest';
import type { ConnectionRecord, ConnectionStore, Membership, MembershipHandlers } from '../connection-store.js';

/** Handlers that count how often they were called. */
export function countingHandlers(): MembershipHandlers & { fenced: number; forgotten: number } {
  return {
    fenced: 0,
    forgotten: 0,
    onFenced() {
      this.fenced += 1;
    },
    onForgotten() {
      this.forgotten += 1;
    },
  };
}

export function record(membership: Membership, scope = 'chat/dev'): ConnectionRecord {
  const context = {
    connectedAtMs: 1_732_260_942_000,
    sourceIp: '127.0.0.1',
    userAgent: 'k6/1.8',
    domainName: 'localhost',
  };
  const connectionId = newConnectionId(membership.nodeSlot);
  return { connectionId, scope, connectionContext: JSON.stringify(context) };
}

export function byId(records: ConnectionRecord[]): ConnectionRecord[] {
  return [...records].sort((a, b) => (a.connectionId < b.connectionId ? -1 : 1));
}

/** What every connection store does, in one process or over Redis. `create` gives a store with nothing in it. */
export function registerConnectionStoreTests(name: string, create: () => ConnectionStore): void {
  describe(`${name} as a connection store`, () => {
    const open: ConnectionStore[] = [];
    afterEach(() => Promise.all(open.splice(0).map((store) => store.close())));
    const createStore = () => {
      const store = create();
      open.push(store);
      return store;
    };

    it('gives each node a slot of its own, alive until it leaves', async () => {
      const store = createStore();
      const first = await store.join(countingHandlers());
      const second = await store.join(countingHandlers());
      expect(first.nodeSlot).not.toBe(second.nodeSlot);
      expect(first.incarnation).not.toBe(second.incarnation);
      expect(first.held()).toBe(true);
      expect(await first.renew()).toBe(true);
      expect(await store.nodeState(first.nodeSlot)).toBe('live');
      await first.leave();
      expect(first.held()).toBe(false);
      expect(await first.renew()).toBe(false);
      expect(await store.nodeState(second.nodeSlot)).toBe('live');
    });

    it.each([-1, 65_536, 1.5, Number.NaN, 40_000])('slot %s, which nobody has, is gone', async (nodeSlot) => {
      const store = createStore();
      await store.join(countingHandlers());
      expect(await store.nodeState(nodeSlot)).toBe('gone');
    });

    it('takes over nothing from the living and from those that left empty', async () => {
      const store = createStore();
      const living = await store.join(countingHandlers());
      await living.register(record(living));
      const leaving = await store.join(countingHandlers());
      const closed = record(leaving);
      await leaving.register(closed);
      leaving.unregister(closed.connectionId);
      await leaving.markDraining();
      await leaving.leave();
      const emitted: ConnectionRecord[] = [];
      const result = await store.reapDeadNodes(async (records) => void emitted.push(...records));
      expect(result).toEqual({ nodes: 0, connections: 0 });
      expect(emitted).toEqual([]);
      expect(living.held()).toBe(true);
    });

    it('emits what a leaving node still held, once, in chunks', async () => {
      const store = createStore();
      const node = await store.join(countingHandlers());
      const records = Array.from({ length: 1_234 }, (_, i) => record(node, `api${i % 3}/dev`));
      await Promise.all(records.map((each) => node.register(each)));
      const closed = records.splice(0, 34);
      for (const { connectionId } of closed) node.unregister(connectionId);
      await node.leave();
      expect(await store.nodeState(node.nodeSlot)).toBe('gone');
      const emitted: ConnectionRecord[][] = [];
      const result = await store.reapDeadNodes(async (chunk) => void emitted.push(chunk));
      expect(result).toEqual({ nodes: 1, connections: 1_200 });
      expect(byId(emitted.flat())).toEqual(byId(records));
      expect(Math.max(...emitted.map((chunk) => chunk.length))).toBeLessThanOrEqual(200);
      expect(await store.reapDeadNodes(async () => expect.unreachable())).toEqual({ nodes: 0, connections: 0 });
    });

    it('keeps for the next sweep what could not be emitted', async () => {
      const store = createStore();
      const node = await store.join(countingHandlers());
      const records = Array.from({ length: 500 }, () => record(node));
      await Promise.all(records.map((each) => node.register(each)));
      await node.leave();
      const emitted: ConnectionRecord[] = [];
      const failing = store.reapDeadNodes(async (chunk) => {
        if (emitted.length > 0) throw new Error('the bus is away');
        emitted.push(...chunk);
      });
      await expect(failing).rejects.toThrow('the bus is away');
      const rest = 500 - emitted.length;
      expect(rest).toBeGreaterThanOrEqual(300);
      const result = await store.reapDeadNodes(async (chunk) => void emitted.push(...chunk));
      expect(result).toEqual({ nodes: 1, connections: rest });
      expect(byId(emitted)).toEqual(byId(records));
    });

    it('an unregistered connection stays forgotten, whatever came in the same tick', async () => {
      const store = createStore();
      const node = await store.join(countingHandlers());
      const [kept, dropped, again] = [record(node), record(node), record(node)];
      node.register(dropped).catch(() => {});
      node.unregister(dropped.connectionId);
      node.unregister(again.connectionId);
      await Promise.all(
        [node.register(again), node.register(kept), node.register({ ...kept, scope: 'chat/prod' })].slice(0, 1),
      );
      await node.leave();
      const emitted: ConnectionRecord[] = [];
      await store.reapDeadNodes(async (chunk) => void emitted.push(...chunk));
      expect(byId(emitted)).toEqual(byId([again, { ...kept, scope: 'chat/prod' }]));
    });

    it('lets one claimant run a $disconnect, and the same one again', async () => {
      const store = createStore();
      const node = await store.join(countingHandlers());
      const [one, other] = [record(node).connectionId, record(node).connectionId];
      expect(await store.claimDisconnect(one, 'entry-1')).toBe(true);
      expect(await store.claimDisconnect(one, 'entry-2')).toBe(false);
      expect(await store.claimDisconnect(one, 'entry-1')).toBe(true);
      expect(await store.claimDisconnect(other, 'entry-2')).toBe(true);
    });

    it('refuses registrations of a node that has left', async () => {
      const node = await createStore().join(countingHandlers());
      await node.leave();
      await expect(node.register(record(node))).rejects.toThrow('left');
    });
  });
}
