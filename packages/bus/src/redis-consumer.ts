import { setTimeout as sleep } from 'node:timers/promises';
import { type Envelope, limits, NewerVersionError } from '@sluice/contracts';
import type { Delivery, FrameConsumer } from './bus.js';
import type { ClaimedEntry } from './claimed-entry.js';
import { EntrySettler } from './entry-settler.js';
import type { ShardKeys } from './keys.js';
import { NewerEntries } from './newer-entries.js';
import { EntryDelivery, type EntryOwner, OpenEntry } from './open-entry.js';
import { Reclaimer } from './reclaimer.js';
import type { ConsumerParts } from './router-group.js';
import { ShardReader } from './shard-reader.js';

const startRetryMs = 200;

/**
 * A member of the router group: takes entries, hands out their envelopes within the bound, and settles them. An entry stays
 * in `open` from its reading until Redis has confirmed its acknowledgement.
 */
export class RedisConsumer implements FrameConsumer, EntryOwner {
  private readonly open = new Map<string, OpenEntry>();
  private readonly ready: OpenEntry[] = [];
  private readonly settler: EntrySettler;
  private readonly newer: NewerEntries;
  private readonly reclaimer: Reclaimer;
  private readonly readers: ShardReader[];
  private readonly progressTimer: NodeJS.Timeout;
  private stopping: Promise<void> | undefined;
  private dispatching = false;
  private idleWaiters: (() => void)[] = [];
  /** Running mean of envelopes per entry, so that a read asks for about as many entries as there is room for. */
  private entrySize = 1;
  inflight = 0;

  constructor(
    private readonly parts: ConsumerParts,
    private readonly handler: (delivery: Delivery) => void,
    private readonly inflightMax: number,
  ) {
    const { commands, sender, telemetry } = parts;
    this.settler = new EntrySettler(commands, sender, telemetry, (entry) =>
      this.open.delete(keyOf(entry.shard, entry.id)),
    );
    this.newer = new NewerEntries(parts, this.settler);
    this.reclaimer = new Reclaimer(parts, {
      room: () => (this.stopping === undefined ? this.room() : 0),
      isOpen: (shard, id) => this.open.has(keyOf(shard, id)),
      isStarted: (shard, id) => this.open.get(keyOf(shard, id))?.started === true,
      open: () => this.open.values(),
      take: (shard, entries) => this.takeClaimed(shard, entries),
      buryOverdue: (shard, parked) => this.newer.buryOverdue(shard, parked),
    });
    this.readers = parts.readers.map(
      ({ link, shards }) =>
        new ShardReader(parts, link, shards, {
          room: () => this.room(),
          take: (shard, id, body) => this.take(shard, id, body, 1, undefined),
          prepare: () => this.reclaimer.prepare(),
        }),
    );
    this.progressTimer = setInterval(() => this.recordSlow(), limits.progressAfterMs);
    this.progressTimer.unref();
  }

  /** Makes the groups and this worker's leases, tries for as long as Redis is away, then starts reading. */
  async start(): Promise<void> {
    while (this.stopping === undefined) {
      try {
        await this.reclaimer.prepare();
        break;
      } catch {
        await sleep(startRetryMs, undefined, { ref: false });
      }
    }
    if (this.stopping !== undefined) return;
    this.reclaimer.start();
    for (const reader of this.readers) reader.start();
  }

  stop(timeoutMs: number): Promise<void> {
    this.stopping ??= this.stopOnce(timeoutMs);
    return this.stopping;
  }

  done(entry: OpenEntry, index: number): void {
    this.inflight--;
    this.settled(entry, index);
  }

  dead(entry: OpenEntry, index: number, reason: string): void {
    void this.settler.bury(entry, index, reason, 'handler').then(() => this.done(entry, index));
  }

  private settled(entry: OpenEntry, index: number): void {
    if (!entry.settle(index)) return;
    if (entry.remaining === 0) this.settler.acknowledge(entry);
    else if (entry.oneAtATime) void this.settler.record([entry]).then(() => this.enqueue(entry));
    if (this.ready.length > 0) this.dispatch();
    if (this.ready.length === 0 && this.inflight < this.inflightMax) for (const reader of this.readers) reader.wake();
    if (this.inflight === 0) for (const resolve of this.idleWaiters.splice(0)) resolve();
  }

  /** How many entries may be read now; 0 pauses the reading. */
  private room(): number {
    if (this.ready.length > 0 || this.inflight >= this.inflightMax) return 0;
    const entries = Math.ceil((this.inflightMax - this.inflight) / this.entrySize);
    return Math.max(1, Math.min(limits.readEntriesMax, entries));
  }

  private takeClaimed(shard: ShardKeys, entries: ClaimedEntry[]): void {
    for (const { id, deliveryCount, body, progress } of entries) this.take(shard, id, body, deliveryCount, progress);
  }

  private take(
    shard: ShardKeys,
    id: string,
    body: Buffer,
    deliveryCount: number,
    progress: Buffer | undefined,
  ): readonly Envelope[] {
    const key = keyOf(shard, id);
    if (this.open.has(key)) return [];
    let entry: OpenEntry;
    try {
      const { from, envelopes } = this.parts.codec.read(body);
      entry = new OpenEntry(shard, id, from, envelopes, deliveryCount, progress);
    } catch (error) {
      if (error instanceof NewerVersionError) {
        this.newer.park(shard, id, error.version).catch(() => {});
        return [];
      }
      void this.settler.buryEntry(shard, id, body, (error as Error).message, deliveryCount);
      return [];
    }
    this.open.set(key, entry);
    this.entrySize += (entry.envelopes.length - this.entrySize) / 8;
    if (this.entrySize < 1) this.entrySize = 1;
    if (entry.remaining === 0) this.settler.acknowledge(entry);
    else if (deliveryCount > limits.deliveriesMax) void this.buryFirst(entry);
    else this.enqueue(entry);
    return entry.envelopes;
  }

  /** What is first among the unfinished has been tried often enough; the rest goes on. */
  private async buryFirst(entry: OpenEntry): Promise<void> {
    const index = entry.firstUnfinished();
    await this.settler.bury(entry, index, `not finished after ${limits.deliveriesMax} deliveries`, 'deliveries');
    entry.settle(index);
    entry.recorded = entry.settledCount;
    if (entry.remaining === 0) this.settler.acknowledge(entry);
    else this.enqueue(entry);
  }

  private enqueue(entry: OpenEntry): void {
    this.ready.push(entry);
    this.dispatch();
  }

  private dispatch(): void {
    // A handler may settle at once and so come back here: the outer loop goes on with what that made ready.
    if (this.dispatching) return;
    this.dispatching = true;
    while (this.inflight < this.inflightMax && this.stopping === undefined) {
      const entry = this.ready.shift();
      if (entry === undefined) break;
      entry.started = true;
      if (entry.oneAtATime) this.hand(entry, entry.firstUnfinished());
      else for (let i = 0; i < entry.envelopes.length; i++) if (!entry.isSettled(i)) this.hand(entry, i);
    }
    this.dispatching = false;
  }

  private hand(entry: OpenEntry, index: number): void {
    const envelope = entry.envelopes[index];
    if (envelope === undefined) return;
    this.inflight++;
    this.handler(new EntryDelivery(this, entry, index, envelope));
  }

  private recordSlow(): void {
    const before = performance.now() - limits.progressAfterMs;
    const slow: OpenEntry[] = [];
    for (const entry of this.open.values()) {
      // Insertion order is about the order of age: the first young one ends the search.
      if (entry.readAtMs > before) break;
      if (entry.remaining > 0 && entry.settledCount > entry.recorded && !entry.oneAtATime) slow.push(entry);
    }
    if (slow.length > 0) void this.settler.record(slow);
  }

  private async stopOnce(timeoutMs: number): Promise<void> {
    const deadlineMs = performance.now() + timeoutMs;
    const left = () => Math.max(0, deadlineMs - performance.now());
    clearInterval(this.progressTimer);
    const readersStopped = Promise.all(this.readers.map((reader) => reader.stop()));
    const idle = this.inflight === 0 ? undefined : new Promise<void>((resolve) => this.idleWaiters.push(resolve));
    await Promise.race([Promise.all([readersStopped, idle]), sleep(timeoutMs, undefined, { ref: false })]);
    // Acknowledging is worth a moment even when the handlers have used up the time: it spares the peers repeats.
    await this.settler.close(Math.max(left(), limits.redisCommandTimeoutMs));
    await this.reclaimer.stop(limits.redisCommandTimeoutMs);
  }
}

function keyOf(shard: ShardKeys, id: string): string {
  return `${shard.label}:${id}`;
}
