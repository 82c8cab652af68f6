import type { RedisSettings } from '@sluice/contracts';
import { openRedis, type RedisClient } from '@sluice/redis';
import { createMetrics, noTracing, type Telemetry } from '@sluice/telemetry';
import { type RedisServer, startRedis, waitFor } from '@sluice/testkit';
import type { ConnectionRecord, ConnectionStore, Membership } from '../connection-store.js';
import { connectionKeys } from '../keys.js';
import { createRedisConnectionStore } from '../redis-connection-store.js';
import type { ConnectionTiming } from '../timing.js';
import { countingHandlers, record } from './connection-store.js';

const telemetry: Telemetry = {
  metrics: createMetrics(),
  log: { debug() {}, info() {}, warn() {}, error() {} },
  tracing: noTracing,
};

/** Short enough to see leases end within a second. */
export const testTiming = {
  leaseMs: 600,
  leaseRenewIntervalMs: 200,
  leaseRetryDelayMs: 50,
  reapSuspectMs: 250,
  nodeStateCacheMs: 20,
  silentMsMax: 2_000,
};

/** A Redis that keeps its data over a restart, a client to look behind the scenes, and stores that `endTest` closes. */
export class RedisStoreFixture {
  private readonly stores: ConnectionStore[] = [];
  private prefixCount = 1;

  private constructor(
    readonly redis: RedisServer,
    readonly client: RedisClient,
  ) {}

  static async start(): Promise<RedisStoreFixture> {
    const redis = await startRedis({ appendOnly: true, args: ['--appendfsync', 'always'] });
    return new RedisStoreFixture(redis, openRedis(settingsOf(redis.url, 'test'), 'test', 'consumer', telemetry));
  }

  /** Every test has keys of its own. */
  get settings(): RedisSettings {
    return settingsOf(this.redis.url, `test${this.prefixCount}`);
  }

  async endTest(): Promise<void> {
    await Promise.all(this.stores.splice(0).map((store) => store.close()));
    this.nextPrefix();
  }

  nextPrefix(): void {
    this.prefixCount += 1;
  }

  async stop(): Promise<void> {
    this.client.disconnect();
    await this.redis.stop();
  }

  createStore(more: Partial<ConnectionTiming> = {}): ConnectionStore {
    const timing = { ...testTiming, ...more };
    const store = createRedisConnectionStore({ settings: this.settings, role: 'test', telemetry, timing });
    this.stores.push(store);
    return store;
  }

  async createReadyStore(more: Partial<ConnectionTiming> = {}): Promise<ConnectionStore> {
    const store = this.createStore(more);
    await waitFor('Redis', async () => (await store.nodeState(0)) !== 'unknown');
    return store;
  }

  /** A node whose store can be killed: it stops renewing, as when its process dies. */
  async joinDoomed(
    connectionCount: number,
  ): Promise<{ node: Membership; records: ConnectionRecord[]; kill: () => Promise<void> }> {
    const store = this.createStore();
    const node = await store.join(countingHandlers());
    const records = Array.from({ length: connectionCount }, () => record(node));
    await Promise.all(records.map((each) => node.register(each)));
    return { node, records, kill: () => store.close() };
  }

  /** Ends the lease of a node that knows nothing of it and was already seen dead: as after SIGSTOP. */
  async endLease(nodeSlot: number): Promise<void> {
    const { lease, node } = connectionKeys(this.settings.keyPrefix).node(nodeSlot);
    await this.client.multi().del(lease).hset(node, 'suspectSince', 1).exec();
  }

  /** First part of the keys of a node. */
  tag(nodeSlot: number): string {
    return `{${this.settings.keyPrefix}:n${nodeSlot}}`;
  }
}

/** Sweeps until so many connections have been emitted. */
export async function sweepUntil(store: ConnectionStore, emitted: ConnectionRecord[], count: number): Promise<void> {
  await waitFor(`${count} emitted connections`, async () => {
    await store.reapDeadNodes(async (chunk) => void emitted.push(...chunk));
    return emitted.length >= count;
  });
}

function settingsOf(url: string, keyPrefix: string): RedisSettings {
  return { mode: 'standalone', url, nodes: [], sentinelName: '', keyPrefix, shards: 1 };
}
