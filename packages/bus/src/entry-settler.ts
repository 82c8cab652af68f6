import { setTimeout as sleep } from 'node:timers/promises';
import { limits } from '@sluice/contracts';
import type { RedisLink } from '@sluice/redis';
import type { Telemetry } from '@sluice/telemetry';
import { type DeadLetterCause, deadLetterFields, encodeSingle } from './dead-letter-entry.js';
import type { InboxSender } from './inbox-sender.js';
import { routerGroup, type ShardKeys } from './keys.js';
import { buryEnvelope } from './lua/bury-envelope-3.js';
import { settleEntries } from './lua/settle-entries-2.js';
import type { OpenEntry } from './open-entry.js';

/** Arguments of one script call; Lua unpacks at most 8,000. */
const entriesPerCall = 1_000;
const retryMs = 200;

/**
 * Tells Redis what is finished: acknowledgements some at a time, progress of slow batches, dead letters. Nothing is told before
 * the commands that were sent for it are confirmed, and everything is told until Redis has taken it.
 */
export class EntrySettler {
  private finished: OpenEntry[] = [];
  private timer: NodeJS.Timeout | undefined;
  private closed = false;
  private readonly underWay = new Set<Promise<void>>();
  private readonly flushNow = () => this.flush();

  constructor(
    private readonly link: RedisLink,
    private readonly sender: InboxSender,
    private readonly telemetry: Telemetry,
    private readonly onAcknowledged: (entry: OpenEntry) => void,
  ) {}

  /** All envelopes of the entry are settled: it is acknowledged and deleted with others of the next milliseconds. */
  acknowledge(entry: OpenEntry): void {
    this.finished.push(entry);
    if (this.finished.length === limits.acknowledgeEntriesMax) setImmediate(this.flushNow);
    if (this.timer !== undefined) return;
    this.timer = setTimeout(this.flushNow, limits.acknowledgeDelayMs);
  }

  /** Records which envelopes are settled, once what was sent for them is confirmed. Resolves when Redis has it. */
  async record(entries: OpenEntry[]): Promise<void> {
    const noted = entries.map((entry) => {
      entry.recorded = entry.settledCount;
      return { entry, bitmap: Buffer.from(entry.settled) };
    });
    await new Promise<void>((resolve) => this.sender.whenConfirmed(resolve));
    await this.track(Promise.all(noted.map(({ entry, bitmap }) => this.untilTaken(() => this.note(entry, bitmap)))));
  }

  private async note(entry: OpenEntry, bitmap: Buffer): Promise<void> {
    // An entry that finished meanwhile has deleted its note, or is about to: a note now would stay for ever.
    if (entry.remaining > 0) await this.link.call('HSET', [entry.shard.progress, entry.id, bitmap]);
  }

  /** Moves one envelope to the dead letters and marks it as settled, atomically. */
  async bury(entry: OpenEntry, index: number, reason: string, cause: DeadLetterCause): Promise<void> {
    const envelope = entry.envelopes[index];
    if (envelope === undefined) return;
    const raw = encodeSingle(entry.from, envelope);
    const fields = deadLetterFields(raw, reason, entry.deliveryCount, entry.id);
    const bitmap = entry.settledWith(index);
    await new Promise<void>((resolve) => this.sender.whenConfirmed(resolve));
    await this.track(this.untilTaken(() => this.write(entry.shard, entry.id, bitmap, fields, cause)));
  }

  /** Moves a whole entry that nobody can read to the dead letters. */
  async buryEntry(shard: ShardKeys, id: string, raw: Buffer, reason: string, deliveryCount: number): Promise<void> {
    const fields = deadLetterFields(raw, reason, deliveryCount, id);
    await this.track(this.untilTaken(() => this.write(shard, id, '', fields, 'undecodable')));
  }

  /** Waits until everything is told, at most so long; afterwards nothing is tried again. */
  async close(timeoutMs: number): Promise<void> {
    this.flush();
    const deadline = sleep(timeoutMs, undefined, { ref: false });
    await Promise.race([deadline, this.quiet()]);
    this.closed = true;
  }

  private async quiet(): Promise<void> {
    await new Promise<void>((resolve) => this.sender.whenConfirmed(resolve));
    while (this.underWay.size > 0) await Promise.all(this.underWay);
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.finished.length === 0) return;
    const { finished } = this;
    this.finished = [];
    this.sender.whenConfirmed(() => this.send(finished));
  }

  private send(finished: OpenEntry[]): void {
    const first = finished[0];
    if (first === undefined) return;
    if (finished.every((entry) => entry.shard === first.shard)) {
      this.sendShard(first.shard, finished);
      return;
    }
    const byShard = new Map<ShardKeys, OpenEntry[]>();
    for (const entry of finished) {
      const entries = byShard.get(entry.shard);
      if (entries === undefined) byShard.set(entry.shard, [entry]);
      else entries.push(entry);
    }
    for (const [shard, entries] of byShard) this.sendShard(shard, entries);
  }

  private sendShard(shard: ShardKeys, entries: OpenEntry[]): void {
    for (let at = 0; at < entries.length; at += entriesPerCall) {
      const part = entries.slice(at, at + entriesPerCall);
      const args = [routerGroup, ...part.map((entry) => entry.id)];
      void this.track(
        this.untilTaken(() => this.link.script(settleEntries, [shard.stream, shard.progress], args)).then(() => {
          for (const entry of part) this.onAcknowledged(entry);
        }),
      );
    }
  }

  private async write(
    shard: ShardKeys,
    id: string,
    bitmap: Buffer | '',
    fields: (string | number | Buffer)[],
    cause: DeadLetterCause,
  ): Promise<void> {
    const args = [routerGroup, id, bitmap, limits.deadLettersMax, ...fields];
    const dropped = Number(await this.link.script(buryEnvelope, [shard.stream, shard.dead, shard.progress], args));
    const { metrics, log } = this.telemetry;
    metrics.deadLettersTotal.labels(shard.label, cause).inc();
    if (dropped > 0) metrics.streamTrimmedTotal.labels(shard.label, 'dead_letters').inc(dropped);
    log.warn('bus.dead_letter', `an envelope went to the dead letters: ${fields[3]}`, { reason: cause });
  }

  private async untilTaken(attempt: () => Promise<unknown>): Promise<void> {
    while (!this.closed) {
      try {
        await attempt();
        return;
      } catch {
        await sleep(retryMs, undefined, { ref: false });
      }
    }
  }

  private track(work: Promise<unknown>): Promise<void> {
    const tracked = work.then(() => {
      this.underWay.delete(tracked);
    });
    this.underWay.add(tracked);
    return tracked;
  }
}
