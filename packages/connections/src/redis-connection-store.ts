import { randomBytes, randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ConnectionId, limits, nodeSlotMax, type RedisSettings } from '@sluice/contracts';
import { openRedis, type RedisClient, reconnectWhenSilent } from '@sluice/redis';
import { OutageLog, type Telemetry } from '@sluice/telemetry';
import type { ConnectionStore, Membership, MembershipHandlers, NodeState } from './connection-store.js';
import { type ConnectionKeys, connectionKeys } from './keys.js';
import { type Emit, Sweep } from './reap.js';
import { RedisMembership } from './redis-membership.js';
import { claimScript } from './scripts.js';
import { type ConnectionTiming, defaultTiming, monotonicMs } from './timing.js';

export interface RedisConnectionStoreOptions {
  settings: RedisSettings;
  /** First part of the name under which the client reports its health, for example `edge`. */
  role: string;
  telemetry: Telemetry;
  openRedis?: typeof openRedis;
  /** For tests; unset members are the limits. */
  timing?: Partial<ConnectionTiming>;
}

/**
 * The connection store of a cluster. It opens a client of its own and connects in the background: `join` waits for Redis
 * (until `close`), `nodeState` is `unknown` without it, everything else rejects.
 */
export function createRedisConnectionStore(options: RedisConnectionStoreOptions): ConnectionStore {
  return new RedisConnectionStore(options);
}

class RedisConnectionStore implements ConnectionStore {
  private readonly client: RedisClient;
  private readonly keys: ConnectionKeys;
  private readonly timing: ConnectionTiming;
  private readonly telemetry: Telemetry;
  private readonly outage: OutageLog;
  private readonly role: string;
  private readonly memberships = new Set<RedisMembership>();
  /** Until when a slot counts as alive without asking. */
  private readonly liveUntilMs = new Map<number, number>();
  private birth: string | undefined;
  /** Until when missing leases and records may only mean that Redis was away or empty. */
  private unsettledUntilMs = 0;
  private connectedBefore = false;
  private closed = false;
  /** Resolves when Redis was first reached, or the store is closed. */
  private readonly ready: Promise<void>;

  constructor({ settings, role, telemetry, openRedis: open = openRedis, timing }: RedisConnectionStoreOptions) {
    this.client = open(settings, `${role}-connections`, 'producer', telemetry);
    this.keys = connectionKeys(settings.keyPrefix);
    this.timing = { ...defaultTiming, ...timing };
    this.telemetry = telemetry;
    this.outage = new OutageLog(telemetry.log, 'connections.store_failed');
    this.role = role;
    this.ready = new Promise((resolve) => {
      this.client.once('ready', resolve);
      this.client.once('end', resolve);
    });
    this.client.on('ready', () => void this.onReady());
    reconnectWhenSilent(this.client, this.timing.silentMsMax, () => {
      telemetry.metrics.redisWatchdogTotal.labels(`${role}-connections`, 'producer').inc();
      telemetry.log.warn('bus.redis_watchdog', `Redis is silent (${role}-connections): its socket is destroyed`);
    });
  }

  async join(handlers: MembershipHandlers): Promise<Membership> {
    for (;;) {
      await this.ready;
      if (this.closed) throw new Error('the connection store is closed');
      try {
        return await this.claimSlot(handlers);
      } catch (error) {
        if (error instanceof RangeError) throw error;
        this.onFailure(error);
        await sleep(limits.registryRetryDelayMs * (1 + Math.random()));
      }
    }
  }

  async nodeState(nodeSlot: number): Promise<NodeState> {
    if (!Number.isInteger(nodeSlot) || nodeSlot < 0 || nodeSlot > nodeSlotMax) return 'gone';
    if ((this.liveUntilMs.get(nodeSlot) ?? 0) > monotonicMs()) return 'live';
    try {
      const { lease, node } = this.keys.node(nodeSlot);
      if ((await this.client.exists(lease)) === 1) {
        this.liveUntilMs.set(nodeSlot, monotonicMs() + this.timing.nodeStateCacheMs);
        return 'live';
      }
      this.liveUntilMs.delete(nodeSlot);
      const [incarnation, takenBy] = await this.client.hmget(node, 'incarnation', 'takenBy');
      if (typeof takenBy === 'string') return 'gone';
      if (typeof incarnation !== 'string') await this.noticeLoss();
      return monotonicMs() < this.unsettledUntilMs ? 'unknown' : 'gone';
    } catch (error) {
      this.onFailure(error);
      return 'unknown';
    }
  }

  async reapDeadNodes(emit: Emit): Promise<{ nodes: number; connections: number }> {
    const sweep = new Sweep(this.client, this.keys, this.timing, emit);
    try {
      await sweep.run();
    } finally {
      if (sweep.nodes > 0) {
        const { metrics, log } = this.telemetry;
        metrics.reapedConnectionsTotal.inc(sweep.connections);
        const counts = `${sweep.nodes} dead nodes, ${sweep.connections} connections`;
        log.warn('connections.reaped', `Took over ${counts}`, { count: sweep.connections });
      }
    }
    return { nodes: sweep.nodes, connections: sweep.connections };
  }

  async claimDisconnect(connectionId: ConnectionId, claimant: string): Promise<boolean> {
    const key = this.keys.disconnect(connectionId);
    const before = await this.client.set(key, claimant, 'PX', limits.disconnectMarkerMs, 'NX', 'GET');
    return before === null || before === claimant;
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const membership of this.memberships) membership.abandon();
    this.client.disconnect();
  }

  private async claimSlot(handlers: MembershipHandlers): Promise<Membership> {
    const { client, keys, timing, telemetry } = this;
    // A counter that starts at random: after Redis came back empty, a new node must not be given the slot of a living one.
    await client.set(keys.slotCounter, randomInt(nodeSlotMax + 1), 'NX');
    const incarnation = randomBytes(12).toString('base64url');
    for (let tries = 0; tries < limits.nodeSlotTriesMax; tries++) {
      const nodeSlot = (await client.incr(keys.slotCounter)) % (nodeSlotMax + 1);
      // Before the claim, so that no crash leaves a record that no sweep finds; after it, because a sweep between the two
      // drops a slot that has no record.
      await client.sadd(keys.nodes, nodeSlot);
      const sentAtMs = monotonicMs();
      const { lease, node } = keys.node(nodeSlot);
      if ((await claimScript.run(client, [lease, node], [incarnation, timing.leaseMs, 'up'])) !== 1) continue;
      await client.sadd(keys.nodes, nodeSlot);
      const onFailure = (error: unknown) => this.onFailure(error);
      const onEnd = () => void this.memberships.delete(membership);
      const parts = { client, keys, timing, telemetry, handlers, onFailure, onEnd };
      const membership: RedisMembership = new RedisMembership(parts, nodeSlot, incarnation, sentAtMs);
      this.memberships.add(membership);
      telemetry.log.info('connections.joined', `Joined as node ${nodeSlot}`, { slot: nodeSlot, incarnation });
      return membership;
    }
    throw new RangeError(`no free node slot among ${limits.nodeSlotTriesMax}`);
  }

  private async onReady(): Promise<void> {
    if (this.connectedBefore) this.unsettle(this.timing.reapSuspectMs);
    this.connectedBefore = true;
    // Not at the next turn: leases may have ended while Redis was away, and reapers are back as well.
    for (const membership of this.memberships) membership.renewNow();
    try {
      await this.noticeLoss();
    } catch (error) {
      this.onFailure(error);
    }
  }

  /** Recognises a Redis that came back empty; living nodes then make their records again with their next renewal. */
  private async noticeLoss(): Promise<void> {
    const mine = randomBytes(12).toString('base64url');
    const found = (await this.client.set(this.keys.birth, mine, 'NX', 'GET')) ?? mine;
    if (this.birth !== undefined && found !== this.birth) {
      this.unsettle(this.timing.leaseRenewIntervalMs + this.timing.reapSuspectMs);
    }
    this.birth = found;
  }

  private unsettle(forMs: number): void {
    this.unsettledUntilMs = Math.max(this.unsettledUntilMs, monotonicMs() + forMs);
  }

  private onFailure(error: unknown): void {
    if (this.closed) return;
    if (this.connectedBefore) this.unsettle(this.timing.reapSuspectMs);
    this.telemetry.metrics.redisErrorsTotal.labels(`${this.role}-connections`, 'producer').inc();
    this.outage.warn('The connection store does not take commands; trying again', error);
  }
}
