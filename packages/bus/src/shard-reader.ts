import { setTimeout as sleep } from 'node:timers/promises';
import type { Envelope } from '@sluice/contracts';
import type { RedisLink } from '@sluice/redis';
import { routerGroup, type ShardKeys } from './keys.js';
import { ReadTrace } from './read-trace.js';
import { recordedTrace } from './recorded-trace.js';
import type { ConsumerParts } from './router-group.js';

type ReadReply = [stream: Buffer, entries: [id: Buffer, fields: Buffer[] | null][]][] | null;

/** What a reader asks of its consumer. */
export interface ReaderHost {
  /** Entries that may be read now; 0 pauses until `wake`. */
  room(): number;
  /** Gives what the entry holds, where it can be read. */
  take(shard: ShardKeys, id: string, body: Buffer): readonly Envelope[];
  /** Makes groups and leases again: Redis may have come back empty. */
  prepare(): Promise<void>;
}

/** Reads new entries of its shards over a blocking connection of its own, for as long as there is room for them. */
export class ShardReader {
  private readonly shardOf: Map<string, ShardKeys>;
  private readonly args: (string | number)[];
  private readonly waits: { observe(seconds: number, traceparent?: string): void }[];
  private stopping = false;
  private loop: Promise<void> = Promise.resolve();
  private awake: (() => void) | undefined;

  constructor(
    private readonly parts: Pick<ConsumerParts, 'name' | 'telemetry' | 'timing'>,
    private readonly link: RedisLink,
    shards: readonly ShardKeys[],
    private readonly host: ReaderHost,
  ) {
    this.shardOf = new Map(shards.map((shard) => [shard.stream, shard]));
    this.args = ['BLOCK', parts.timing.blockingReadMs, 'STREAMS', ...this.shardOf.keys(), ...shards.map(() => '>')];
    this.waits = [];
    for (const shard of shards) this.waits[shard.index] = parts.telemetry.metrics.streamWaitSeconds.labels(shard.label);
  }

  start(): void {
    this.loop = this.run();
  }

  /** Ends a pause: there is room again. */
  wake(): void {
    const { awake } = this;
    this.awake = undefined;
    awake?.();
  }

  /** Stops at once. Entries that Redis is handing over right now stay pending under this name. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.wake();
    this.link.close();
    await this.loop;
  }

  private async run(): Promise<void> {
    const { tracing } = this.parts.telemetry;
    while (!this.stopping) {
      const count = this.host.room();
      if (count === 0) {
        await new Promise<void>((resolve) => {
          this.awake = resolve;
        });
        continue;
      }
      try {
        const args = ['GROUP', routerGroup, this.parts.name, 'COUNT', count, ...this.args];
        const trace = tracing.enabled ? new ReadTrace(tracing) : undefined;
        const reply = (await this.link.callBuffer('XREADGROUP', args)) as ReadReply;
        if (reply === null || this.stopping) continue;
        this.take(reply, trace);
        trace?.end();
      } catch {
        if (this.stopping) return;
        await sleep(50 + Math.random() * 150, undefined, { ref: false });
        if (this.stopping) return;
        await this.host.prepare().catch(() => {});
      }
    }
  }

  private take(reply: NonNullable<ReadReply>, trace: ReadTrace | undefined): void {
    const nowMs = Date.now();
    for (const [stream, entries] of reply) {
      const shard = this.shardOf.get(stream.toString());
      if (shard === undefined) continue;
      for (const [id, fields] of entries) {
        const body = fields?.[1] ?? Buffer.alloc(0);
        const entryId = id.toString('latin1');
        const envelopes = this.host.take(shard, entryId, body);
        // An entry's id begins with its time of arrival by the clock of Redis, which may be ahead of ours.
        const waitedMs = Math.max(0, nowMs - Number.parseInt(entryId, 10));
        this.waits[shard.index]?.observe(waitedMs / 1_000, trace && recordedTrace(envelopes));
        trace?.add(shard, envelopes);
      }
    }
  }
}
