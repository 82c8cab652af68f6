import { setTimeout as sleep } from 'node:timers/promises';
import { limits } from '@sluice/contracts';
import { type ClaimedEntry, type ClaimReply, readClaim } from './claimed-entry.js';
import { type GroupMember, groupMembers } from './group-members.js';
import { routerGroup, type ShardKeys } from './keys.js';
import { claimPending } from './lua/claim-pending-3.js';
import { dropConsumer } from './lua/drop-consumer-2.js';
import { recoverOwn } from './lua/recover-own-2.js';
import { parkedVersion } from './newer-entries.js';
import type { OpenEntry } from './open-entry.js';
import { type ConsumerParts, ensureGroup } from './router-group.js';
import { observeShard, zeroShardCounters } from './shard-gauges.js';

/** What the reclaimer asks of its consumer. */
export interface ReclaimHost {
  /** Entries that may be taken now. */
  room(): number;
  isOpen(shard: ShardKeys, id: string): boolean;
  /** Whether a handler has seen any of it. */
  isStarted(shard: ShardKeys, id: string): boolean;
  open(): Iterable<OpenEntry>;
  take(shard: ShardKeys, entries: ClaimedEntry[]): void;
  /** Buries what has waited too long for a router that can read it. */
  buryOverdue(shard: ShardKeys, parked: GroupMember): Promise<void>;
}

/** As metric label. `newer`: they have waited for a router of this release. */
type ClaimReason = 'dead' | 'idle' | 'newer';

/** Entries still in work are claimed anew this long before a peer would take them for stuck. */
const renewWorkAfterMs = limits.reclaimIdleMs / 3;

/** Keeps this worker's leases, and brings in what others left: entries of dead peers, of stuck ones, and answers lost on the way. */
export class Reclaimer {
  private stopped = false;
  private leaseTimer: NodeJS.Timeout | undefined;
  private roundTimer: NodeJS.Timeout | undefined;
  private round: Promise<void> = Promise.resolve();
  /** From when a missing lease, or an entry that has not moved, speaks of its router and not of Redis. */
  private peersJudgedFromMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly parts: ConsumerParts,
    private readonly host: ReclaimHost,
  ) {
    for (const shard of parts.shards) zeroShardCounters(shard, parts.telemetry.metrics);
    const doubt = () => this.doubtPeers();
    parts.commands.onConnect(doubt);
    parts.commands.onDisconnect(doubt);
  }

  /** Groups and leases of all shards. Before the first read, and whenever Redis may have come back empty. */
  async prepare(): Promise<void> {
    await Promise.all(this.parts.shards.map((shard) => ensureGroup(this.parts.commands, shard)));
    await this.renewLeases();
  }

  start(): void {
    this.scheduleLeases();
    this.scheduleRound(Math.random() * this.parts.timing.reclaimIntervalMs);
  }

  /** Gives untouched entries back as if never delivered, ends the leases, and leaves the group where nothing is pending. */
  async stop(timeoutMs: number): Promise<void> {
    this.stopped = true;
    clearTimeout(this.leaseTimer);
    clearTimeout(this.roundTimer);
    const leaving = Promise.all(this.parts.shards.map((shard) => this.leave(shard))).catch(() => {});
    await Promise.race([leaving, sleep(timeoutMs, undefined, { ref: false })]);
  }

  private async leave(shard: ShardKeys): Promise<void> {
    const { commands, name } = this.parts;
    const range = [shard.stream, routerGroup, '-', '+', limits.readEntriesMax * 10, name];
    const pending = (await commands.call('XPENDING', range)) as [string, string, number, number][];
    const untouched = pending.filter(([id, , , count]) => count === 1 && !this.host.isStarted(shard, id));
    if (untouched.length > 0) {
      const ids = untouched.map(([id]) => id);
      await commands.call('XCLAIM', [shard.stream, routerGroup, name, 0, ...ids, 'RETRYCOUNT', 0, 'JUSTID']);
    }
    await commands.call('DEL', [shard.leasePrefix + name]);
    await commands.script(dropConsumer, [shard.stream, shard.leasePrefix + name], [routerGroup, name]);
  }

  private scheduleLeases(): void {
    this.leaseTimer = setTimeout(async () => {
      // Redis away: the lease may run out and peers take over; what we still finish is acknowledged all the same.
      await this.renewLeases().catch(() => {});
      if (!this.stopped) this.scheduleLeases();
    }, this.parts.timing.leaseRenewIntervalMs).unref();
  }

  private async renewLeases(): Promise<void> {
    const { shards, name, commands, timing } = this.parts;
    await Promise.all(
      shards.map((shard) => commands.call('SET', [shard.leasePrefix + name, '1', 'PX', timing.leaseMs])),
    );
  }

  private scheduleRound(afterMs: number): void {
    this.roundTimer = setTimeout(() => {
      this.round = this.runRound();
      void this.round.then(() => {
        // Jitter keeps a fleet of routers from asking in step.
        if (!this.stopped) this.scheduleRound(this.parts.timing.reclaimIntervalMs * (0.8 + Math.random() * 0.4));
      });
    }, afterMs).unref();
  }

  private async runRound(): Promise<void> {
    for (const shard of this.parts.shards) {
      if (this.stopped) return;
      try {
        await observeShard(this.parts.commands, shard, this.parts.telemetry);
        await this.renewWork(shard);
        const consumers = await groupMembers(this.parts.commands, shard);
        await this.recoverOwn(shard, consumers);
        await this.claimFromOthers(shard, consumers);
      } catch (error) {
        this.doubtPeers();
        if ((error as Error).message.startsWith('NOGROUP')) await this.prepare().catch(() => {});
      }
    }
  }

  /** Long work shows that it lives: JUSTID resets the idle time and leaves the delivery count alone. */
  private async renewWork(shard: ShardKeys): Promise<void> {
    const now = performance.now();
    const ids: string[] = [];
    for (const entry of this.host.open()) {
      if (entry.shard !== shard || now - entry.renewedAtMs < renewWorkAfterMs) continue;
      entry.renewedAtMs = now;
      ids.push(entry.id);
    }
    const { commands, name } = this.parts;
    // The idle time in the claim keeps a thawed process from taking back what a peer has just taken over.
    const idleMs = renewWorkAfterMs / 2;
    if (ids.length > 0) await commands.call('XCLAIM', [shard.stream, routerGroup, name, idleMs, ...ids, 'JUSTID']);
  }

  /** While Redis was away no lease was renewed: living peers get the time to do so before their work is taken for left behind. */
  private doubtPeers(): void {
    this.peersJudgedFromMs = performance.now() + 2 * this.parts.timing.leaseRenewIntervalMs;
  }

  private async recoverOwn(shard: ShardKeys, consumers: GroupMember[]): Promise<void> {
    const own = consumers.find((consumer) => consumer.name === this.parts.name);
    if (own !== undefined && own.pending > this.openCount(shard)) await this.recoverUnseen(shard);
  }

  /** What waits for a router that can read it, all that dead peers left, and what living ones are stuck with. */
  private async claimFromOthers(shard: ShardKeys, consumers: GroupMember[]): Promise<void> {
    const { commands, name, codec } = this.parts;
    for (const other of consumers) {
      if (this.stopped) return;
      const version = parkedVersion(other.name);
      if (version === undefined) {
        if (other.name === name || performance.now() < this.peersJudgedFromMs) continue;
        const lives = Number(await commands.call('EXISTS', [shard.leasePrefix + other.name])) === 1;
        if (other.pending > 0) await this.claim(shard, other.name, lives ? 'idle' : 'dead');
        if (lives) continue;
      } else if (version > codec.version) {
        await this.host.buryOverdue(shard, other);
        continue;
      } else await this.claim(shard, other.name, 'newer');
      await commands.script(dropConsumer, [shard.stream, shard.leasePrefix + other.name], [routerGroup, other.name]);
    }
  }

  private async claim(shard: ShardKeys, from: string, reason: ClaimReason): Promise<void> {
    const { commands, name } = this.parts;
    for (let room = this.host.room(); room > 0 && !this.stopped; room = this.host.room()) {
      const keys = [shard.stream, shard.progress, shard.leasePrefix + from];
      const args = [routerGroup, name, from, limits.reclaimIdleMs, room];
      const claimed = readClaim((await commands.script(claimPending, keys, args)) as ClaimReply);
      if (claimed.length === 0) return;
      this.bringIn(shard, claimed, reason);
    }
  }

  /** Entries pending under this name that it has never seen: the connection broke under the answer. */
  private async recoverUnseen(shard: ShardKeys): Promise<void> {
    const { commands, name } = this.parts;
    // The idle time spares answers that are on their way right now.
    const range = [
      shard.stream,
      routerGroup,
      'IDLE',
      this.parts.timing.blockingReadMs,
      '-',
      '+',
      limits.readEntriesMax * 10,
      name,
    ];
    const pending = (await commands.call('XPENDING', range)) as [id: string, ...rest: unknown[]][];
    const unseen = pending.map((row) => row[0]).filter((id) => !this.host.isOpen(shard, id));
    const ids = unseen.slice(0, limits.readEntriesMax);
    if (ids.length === 0) return;
    const reply = await commands.script(recoverOwn, [shard.stream, shard.progress], [routerGroup, name, ...ids]);
    this.bringIn(shard, readClaim(reply as ClaimReply), 'unseen');
  }

  private bringIn(shard: ShardKeys, claimed: ClaimedEntry[], reason: ClaimReason | 'unseen'): void {
    const { metrics, log } = this.parts.telemetry;
    const whole = claimed.filter((entry) => entry.body.length > 0);
    const lost = claimed.length - whole.length;
    if (lost > 0) {
      metrics.streamLostTotal.labels(shard.label, 'body_missing').inc(lost);
      log.error('bus.lost_entry', `${lost} pending entries have no body any more: accepted frames are lost`, {
        count: lost,
      });
    }
    if (whole.length === 0) return;
    metrics.streamReclaimedTotal.labels(shard.label, reason).inc(whole.length);
    log.info('bus.reclaimed', `${whole.length} entries taken over`, { reason, count: whole.length });
    this.host.take(shard, whole);
  }

  private openCount(shard: ShardKeys): number {
    let count = 0;
    for (const entry of this.host.open()) if (entry.shard === shard) count++;
    return count;
  }
}
