import { limits, type RedisSettings } from '@sluice/contracts';
import { openRedis, type RedisClient } from '@sluice/redis';
import { createMetrics, type Telemetry } from '@sluice/telemetry';
import { type RedisServer, startRedis, waitFor } from '@sluice/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { byId, countingHandlers, record, registerConnectionStoreTests } from './conformance/connection-store.js';
import {
  type ConnectionRecord,
  type ConnectionStore,
  type ConnectionTiming,
  createRedisConnectionStore,
} from './index.js';
import { connectionKeys } from './keys.js';

const telemetry: Telemetry = {
  metrics: createMetrics(),
  log: { debug() {}, info() {}, warn() {}, error() {} },
  tracing: { enabled: false, startSpan: () => ({ traceparent: undefined, setAttribute() {}, end() {} }) },
};
const timing = {
  leaseMs: 600,
  leaseRenewIntervalMs: 200,
  leaseRetryDelayMs: 50,
  reapSuspectMs: 250,
  nodeStateCacheMs: 20,
};

let redis: RedisServer;
let client: RedisClient;
let prefixCount = 0;
let settings: RedisSettings;
const open: ConnectionStore[] = [];

function createStore(more: Partial<ConnectionTiming> = {}): ConnectionStore {
  const store = createRedisConnectionStore({ settings, role: 'test', telemetry, timing: { ...timing, ...more } });
  open.push(store);
  return store;
}

async function createReadyStore(more: Partial<ConnectionTiming> = {}): Promise<ConnectionStore> {
  const store = createStore(more);
  await waitFor('Redis', async () => (await store.nodeState(0)) !== 'unknown');
  return store;
}

function freshPrefix(): void {
  prefixCount += 1;
  const base = { mode: 'standalone' as const, url: redis.url, nodes: [], sentinelName: '', shards: 1 };
  settings = { ...base, keyPrefix: `test${prefixCount}` };
}

/** A store that can be killed: its node stops renewing, as when its process dies. */
async function joinDoomed(connectionCount: number) {
  const store = createStore();
  const node = await store.join(countingHandlers());
  const records = Array.from({ length: connectionCount }, () => record(node));
  await Promise.all(records.map((each) => node.register(each)));
  return { node, records, kill: () => store.close() };
}

/** Takes a node over as after SIGSTOP: its lease ends under a process that knows nothing of it. */
async function reap(nodeSlot: number): Promise<void> {
  const { lease, node } = connectionKeys(settings.keyPrefix).node(nodeSlot);
  await client.multi().del(lease).hset(node, 'suspectSince', 1).exec();
  const { nodes } = await (await createReadyStore()).reapDeadNodes(async () => {});
  expect(nodes).toBe(1);
}

async function sweepUntil(store: ConnectionStore, emitted: ConnectionRecord[], count: number): Promise<void> {
  await waitFor(`${count} emitted connections`, async () => {
    await store.reapDeadNodes(async (chunk) => void emitted.push(...chunk));
    return emitted.length >= count;
  });
}

beforeAll(async () => {
  redis = await startRedis({ appendOnly: true, args: ['--appendfsync', 'always'] });
  freshPrefix();
  client = openRedis(settings, 'test', 'consumer', telemetry);
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((store) => store.close()));
  freshPrefix();
});
afterAll(async () => {
  client.disconnect();
  await redis.stop();
});

registerConnectionStoreTests('the Redis store', () => {
  freshPrefix();
  return createRedisConnectionStore({ settings, role: 'test', telemetry, timing });
});

describe('reaping', () => {
  it('emits every connection of a dead node once though two stores race, and not before the second look', async () => {
    const [one, two] = [await createReadyStore(), await createReadyStore()];
    const { node, records, kill } = await joinDoomed(3_000);
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
    const tag = `{${settings.keyPrefix}:n${node.nodeSlot}}`;
    expect(await client.keys(`${tag}*`)).toEqual([`${tag}:node`]);
    const tombstone = `${tag}:node`;
    expect(await client.hmget(tombstone, 'state', 'incarnation')).toEqual(['reaped', node.incarnation]);
    const leftMs = await client.pttl(tombstone);
    expect(leftMs).toBeGreaterThan(limits.nodeTombstoneMs - 60_000);
    expect(leftMs).toBeLessThanOrEqual(limits.nodeTombstoneMs);
    expect(await client.smembers(`${settings.keyPrefix}:nodes`)).toEqual([]);
  });

  it('is taken on by the next when a reaper dies midway', async () => {
    const [dying, next] = [await createReadyStore(), await createReadyStore()];
    const { records, kill } = await joinDoomed(900);
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

  it('fences a node that thaws after it was taken over, and refuses its writes', async () => {
    const store = createStore();
    const handlers = countingHandlers();
    const frozen = await store.join(handlers);
    const kept = record(frozen);
    await frozen.register(kept);
    // As after SIGSTOP: the lease ends under a process that knows nothing of it, between two of its renewals.
    const tag = `{${settings.keyPrefix}:n${frozen.nodeSlot}}`;
    await client.multi().del(`${tag}:lease`).hset(`${tag}:node`, 'suspectSince', 1).exec();
    const emitted: ConnectionRecord[] = [];
    await (await createReadyStore()).reapDeadNodes(async (chunk) => {
      emitted.push(...chunk);
      await expect(frozen.register(record(frozen))).rejects.toThrow('taken over');
    });
    expect(emitted).toEqual([kept]);
    expect(await frozen.renew()).toBe(false);
    expect(frozen.held()).toBe(false);
    expect(handlers).toMatchObject({ fenced: 1, forgotten: 0 });
    expect(await client.keys(`${tag}*`)).toEqual([`${tag}:node`]);
  });

  it.each(['renewal', 'registration'])('fences a node whose first word after its reaping is a %s', async (word) => {
    const handlers = countingHandlers();
    const frozen = await createStore({ leaseRenewIntervalMs: 60_000 }).join(handlers);
    await frozen.register(record(frozen));
    await reap(frozen.nodeSlot);
    if (word === 'renewal') expect(await frozen.renew()).toBe(false);
    else await expect(frozen.register(record(frozen))).rejects.toThrow('taken over');
    expect(handlers).toMatchObject({ fenced: 1, forgotten: 0 });
    expect(await (await createReadyStore()).nodeState(frozen.nodeSlot)).toBe('gone');
  });

  it('gives the slot of a reaped node to nobody until its tombstone has ended, and sweeps past it', async () => {
    const store = await createReadyStore();
    const frozen = await createStore({ leaseRenewIntervalMs: 60_000 }).join(countingHandlers());
    await frozen.register(record(frozen));
    await reap(frozen.nodeSlot);
    const { nodes, slotCounter } = connectionKeys(settings.keyPrefix);
    await client.set(slotCounter, frozen.nodeSlot - 1);
    expect((await store.join(countingHandlers())).nodeSlot).toBe(frozen.nodeSlot + 1);
    // The try put the slot into the set again; a sweep takes it out and leaves the tombstone.
    expect(await client.sismember(nodes, frozen.nodeSlot)).toBe(1);
    expect(await store.reapDeadNodes(async () => expect.unreachable())).toEqual({ nodes: 0, connections: 0 });
    expect(await client.sismember(nodes, frozen.nodeSlot)).toBe(0);
    await client.pexpire(`{${settings.keyPrefix}:n${frozen.nodeSlot}}:node`, 1);
    await new Promise((resolve) => setTimeout(resolve, 10));
    await client.set(slotCounter, frozen.nodeSlot - 1);
    expect((await store.join(countingHandlers())).nodeSlot).toBe(frozen.nodeSlot);
  });

  it('leaves no tombstone of a node that left with connections', async () => {
    const store = await createReadyStore();
    const node = await store.join(countingHandlers());
    await node.register(record(node));
    await node.leave();
    expect(await store.reapDeadNodes(async () => {})).toEqual({ nodes: 1, connections: 1 });
    expect(await client.keys(`{${settings.keyPrefix}:n${node.nodeSlot}}*`)).toEqual([]);
  });

  it('fences a node that renews while a survivor is at work on it', async () => {
    const handlers = countingHandlers();
    const frozen = await createStore({ leaseRenewIntervalMs: 60_000 }).join(handlers);
    await frozen.register(record(frozen));
    const tag = `{${settings.keyPrefix}:n${frozen.nodeSlot}}`;
    await client.multi().del(`${tag}:lease`).hset(`${tag}:node`, 'suspectSince', 1).exec();
    await (await createReadyStore()).reapDeadNodes(async () => {
      expect(await frozen.renew()).toBe(false);
    });
    expect(handlers).toMatchObject({ fenced: 1, forgotten: 0 });
  });

  it('fences a node whose slot another has by now', async () => {
    const handlers = countingHandlers();
    const node = await createStore().join(handlers);
    await client.hset(`{${settings.keyPrefix}:n${node.nodeSlot}}:node`, 'incarnation', 'another');
    await waitFor('the fence', () => handlers.fenced === 1);
    expect(node.held()).toBe(false);
    await expect(node.register(record(node))).rejects.toThrow('taken over');
  });

  it('a node seen alive again is not suspected any more', async () => {
    const store = createStore();
    const node = await store.join(countingHandlers());
    const tag = `{${settings.keyPrefix}:n${node.nodeSlot}}`;
    await client.del(`${tag}:lease`);
    await store.reapDeadNodes(async () => expect.unreachable());
    expect(await client.hexists(`${tag}:node`, 'suspectSince')).toBe(1);
    expect(await node.renew()).toBe(true);
    expect(await client.hexists(`${tag}:node`, 'suspectSince')).toBe(0);
    expect(await client.exists(`${tag}:lease`)).toBe(1);
  });
});

describe('slots', () => {
  it('wrap after 65,536 and pass over those in use', async () => {
    const store = createStore();
    const first = await store.join(countingHandlers());
    await client.set(`${settings.keyPrefix}:node-slot-counter`, 65_534);
    const slots: number[] = [];
    for (let i = 0; i < 3; i++) slots.push((await store.join(countingHandlers())).nodeSlot);
    expect(slots).toEqual([65_535, 0, 1].map((slot) => (slot === first.nodeSlot ? slot + 1 : slot)));
    await client.set(`${settings.keyPrefix}:node-slot-counter`, 131_070);
    expect((await store.join(countingHandlers())).nodeSlot).toBe(first.nodeSlot === 2 ? 3 : 2);
  });

  it('a slot whose node died before it was listed is found again by the next that tries it', async () => {
    const store = createStore();
    const { node, records, kill } = await joinDoomed(3);
    await kill();
    await client.del(`${settings.keyPrefix}:nodes`);
    await client.set(`${settings.keyPrefix}:node-slot-counter`, node.nodeSlot - 1);
    await store.join(countingHandlers());
    const emitted: ConnectionRecord[] = [];
    await sweepUntil(store, emitted, 3);
    expect(byId(emitted)).toEqual(byId(records));
  });
});

describe('a Redis that fails', () => {
  it('FLUSHALL: the node is made again and asks for its connections; meanwhile nobody calls it gone', async () => {
    const other = await createReadyStore();
    const handlers = countingHandlers();
    const node = await createStore().join(handlers);
    const kept = record(node);
    await node.register(kept);
    await other.nodeState(node.nodeSlot);
    await client.flushall();
    await new Promise((resolve) => setTimeout(resolve, timing.nodeStateCacheMs + 5));
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
    const node = await createStore().join(handlers);
    await client.flushall();
    await node.register(record(node));
    expect(handlers).toMatchObject({ fenced: 0, forgotten: 1 });
  });

  it('lost writes: a fail-over to older data asks for the connections again', async () => {
    const handlers = countingHandlers();
    const node = await createStore().join(handlers);
    for (let i = 0; i < 3; i++) await node.register(record(node));
    await client.hincrby(`{${settings.keyPrefix}:n${node.nodeSlot}}:node`, 'writes', -2);
    await node.register(record(node));
    expect(handlers.forgotten).toBe(1);
    await node.register(record(node));
    await node.renew();
    expect(handlers).toMatchObject({ fenced: 0, forgotten: 1 });
  });

  it('restart with its data after all leases ended: renewed, neither fenced nor reaped', async () => {
    // Clients come back within 2 s: like the real time, this one leaves room for that.
    const other = await createReadyStore({ reapSuspectMs: 3_000 });
    const handlers = countingHandlers();
    const node = await createStore().join(handlers);
    const [kept, closed, late] = [record(node), record(node), record(node)];
    await Promise.all([node.register(kept), node.register(closed)]);
    await redis.kill();
    node.unregister(closed.connectionId);
    await expect(node.register(late)).rejects.toThrow();
    await waitFor('the lease to be uncertain', () => !node.held());
    expect(await other.nodeState(node.nodeSlot)).toBe('unknown');
    await redis.restart();
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
    await sweepFor(2 * timing.leaseMs);
    expect(emitted).toEqual([]);
    expect(handlers).toMatchObject({ fenced: 0, forgotten: 0 });
    await node.leave();
    await sweepUntil(other, emitted, 2);
    expect(byId(emitted)).toEqual(byId([kept, late]));
  });

  it('away at the start: join waits for it, and ends with close', async () => {
    await redis.kill();
    const [store, given] = [createStore(), createStore()];
    const joining = store.join(countingHandlers());
    const refused = expect(given.join(countingHandlers())).rejects.toThrow('closed');
    expect(await store.nodeState(1)).toBe('unknown');
    await expect(store.claimDisconnect('x', 'y')).rejects.toThrow();
    await expect(store.reapDeadNodes(async () => {})).rejects.toThrow();
    await given.close();
    await refused;
    await redis.restart();
    expect((await joining).held()).toBe(true);
  });

  it('hangs: the lease becomes uncertain by the local clock, and is taken up again', async () => {
    const handlers = countingHandlers();
    const store = createStore();
    const node = await store.join(handlers);
    redis.pause();
    try {
      await waitFor('the lease to be uncertain', () => !node.held());
      expect(await store.nodeState(node.nodeSlot)).toBe('unknown');
    } finally {
      redis.resume();
    }
    await waitFor('a renewal', () => node.held());
    expect(handlers).toMatchObject({ fenced: 0, forgotten: 0 });
  });
});
