import { limits } from '@sluice/contracts';
import type { RedisLink } from '@sluice/redis';
import type { Telemetry } from '@sluice/telemetry';
import type { Refusal } from './bus.js';
import type { BusKeys, ShardKeys } from './keys.js';
import type { BusTiming } from './timing.js';

/** Errors with which a Redis that answers refuses writes: out of memory, a replica, loading, disk full, cluster or replicas away. */
const writeRefusals = /^(OOM|READONLY|LOADING|MISCONF|CLUSTERDOWN|MASTERDOWN|NOREPLICAS|TRYAGAIN)/;

/** While Redis is away frames are refused, so its return should not go unnoticed for long. */
const pollWhileAwayMs = 100;

/**
 * What producers know of Redis: which shards answer, whether it takes writes, and how full each shard is. While none answers,
 * frames are refused at once instead of each waiting for its own timeout; the poll finds out when one is back. On a cluster a
 * node that is away takes only its own shards with it.
 */
export class BusHealth {
  private readonly answering: boolean[];
  private readonly full: boolean[];
  private answeredOnce = false;
  private readonly bornMs = performance.now();
  private writesRefusedUntilMs = 0;
  private lastFailureMs = Number.NEGATIVE_INFINITY;
  private nextShard = 0;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(
    private readonly keys: BusKeys,
    private readonly link: RedisLink,
    private readonly telemetry: Telemetry,
    /** Whether shards live on several servers, so that one can be away without the others. */
    private readonly independent: boolean,
    private readonly timing: Pick<BusTiming, 'leaseRenewIntervalMs'>,
  ) {
    this.answering = keys.shards.map(() => false);
    this.full = keys.shards.map(() => false);
    // A Redis that restarts between two polls would go unnoticed otherwise, and it may have come back without the inboxes.
    link.onDisconnect(() => {
      this.lastFailureMs = performance.now();
    });
    void this.poll();
  }

  get available(): boolean {
    return this.reachable && performance.now() >= this.writesRefusedUntilMs;
  }

  get reachable(): boolean {
    return this.answering.includes(true);
  }

  /** Whether Redis failed so lately that the owner of an inbox may not have had the time to make it again. */
  get unsettled(): boolean {
    return performance.now() - this.lastFailureMs < 2 * this.timing.leaseRenewIntervalMs;
  }

  /** Whether an envelope may join a batch now. */
  get refusal(): Refusal | undefined {
    for (let i = 0; i < this.full.length; i++)
      if (this.answering[i] === true && this.full[i] === false) return undefined;
    return this.reachable ? 'backlog_full' : 'bus_unavailable';
  }

  /** The shard for the next batch, or why there is none. Whole batches go round, so that they stay large. */
  nextOpenShard(): ShardKeys | Refusal {
    const { shards } = this.keys;
    for (let i = 0; i < shards.length; i++) {
      const index = (this.nextShard + i) % shards.length;
      const shard = shards[index];
      if (shard === undefined || this.full[index] === true || this.answering[index] !== true) continue;
      this.nextShard = index + 1;
      return shard;
    }
    return this.reachable ? 'backlog_full' : 'bus_unavailable';
  }

  /** Redis took a write to this shard. */
  wrote(shard: ShardKeys): void {
    this.answers(shard);
    this.writesRefusedUntilMs = 0;
  }

  /** A command failed: one for this shard, or one for an inbox, which can be on any server. */
  failed(error: Error, shard: ShardKeys | undefined): void {
    // The first attempts come before the first connection stands, and say nothing about the owners of inboxes.
    const connecting = !this.answeredOnce && performance.now() - this.bornMs < 1_000;
    if (!connecting) this.lastFailureMs = performance.now();
    // The poll only reads, and would call a Redis fine that is out of memory: the next probe of writing is a second away.
    if (writeRefusals.test(error.message)) this.writesRefusedUntilMs = performance.now() + 1_000;
    else if (error.name === 'ReplyError') return;
    else if (!this.independent) this.answering.fill(false);
    else if (shard !== undefined) this.answering[shard.index] = false;
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  private async poll(): Promise<void> {
    await Promise.all(this.keys.shards.map((shard) => this.pollShard(shard)));
    if (this.closed) return;
    const delayMs = this.answering.includes(false) ? pollWhileAwayMs : limits.backlogPollIntervalMs;
    this.timer = setTimeout(() => void this.poll(), delayMs).unref();
  }

  private async pollShard(shard: ShardKeys): Promise<void> {
    try {
      const length = Number(await this.link.call('XLEN', [shard.stream]));
      this.answers(shard);
      const full = length >= limits.backlogEntriesMax;
      if (full && this.full[shard.index] !== true) {
        this.telemetry.log.warn(
          'bus.backlog_full',
          `shard ${shard.label} takes no more frames: ${length} batches wait`,
          {
            count: length,
          },
        );
      }
      this.full[shard.index] = full;
    } catch (error) {
      if (!this.closed) this.failed(error as Error, shard);
    }
  }

  private answers(shard: ShardKeys): void {
    this.answeredOnce = true;
    this.answering[shard.index] = true;
  }
}
