import { ByteWriter, type Envelope, type InboxAddress, limits, writeBatchHead, writeEnvelope } from '@sluice/contracts';
import type { RedisLink } from '@sluice/redis';
import type { Telemetry } from '@sluice/telemetry';
import type { FrameProducer, Refusal } from './bus.js';
import type { BusHealth } from './bus-health.js';
import { batchField, type ShardKeys } from './keys.js';
import { recordedTrace } from './recorded-trace.js';

type Settled = (envelope: Envelope, refusal: Refusal | undefined) => void;

/** Envelopes that share a stream entry, with their callbacks beside them: arrays instead of a closure per frame. */
interface Batch {
  envelopes: Envelope[];
  callbacks: (Settled | undefined)[];
}

/**
 * Collects the envelopes of one event-loop turn and appends them as one entry. `setImmediate` ends the turn: it runs after
 * every socket with data has been read, while a microtask would run after each single frame and batch nothing.
 */
export class RedisProducer implements FrameProducer {
  private readonly writer = new ByteWriter();
  private batch: Batch = { envelopes: [], callbacks: [] };
  private refused: { envelope: Envelope; callback: Settled; refusal: Refusal }[] = [];
  private scheduled = false;
  private inflightBytes = 0;
  private inflightBatches = 0;
  private drained: (() => void)[] = [];
  private readonly endOfTurn = () => this.flushTurn();

  constructor(
    private readonly from: InboxAddress,
    private readonly link: RedisLink,
    private readonly health: BusHealth,
    private readonly telemetry: Telemetry,
  ) {}

  append(envelope: Envelope, settled?: Settled): void {
    const bytes = envelope.kind === 'MESSAGE' ? envelope.body.length : 0;
    const full = this.inflightBytes + this.writer.length + bytes > limits.appendInflightBytesMax;
    const refusal = full ? 'backlog_full' : this.health.refusal;
    if (refusal === undefined) this.add(envelope, settled);
    else if (settled !== undefined) this.refused.push({ envelope, callback: settled, refusal });
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(this.endOfTurn);
  }

  drain(): Promise<void> {
    this.flushTurn();
    if (this.inflightBatches === 0) return Promise.resolve();
    return new Promise((resolve) => this.drained.push(resolve));
  }

  private add(envelope: Envelope, settled: Settled | undefined): void {
    const { writer, batch } = this;
    if (batch.envelopes.length === 0) writeBatchHead(writer, this.from, envelope.timeMs);
    const before = writer.length;
    try {
      writeEnvelope(writer, envelope);
    } catch (error) {
      // Half an envelope would make the whole batch unreadable.
      writer.rewind(batch.envelopes.length === 0 ? 0 : before);
      throw error;
    }
    batch.envelopes.push(envelope);
    batch.callbacks.push(settled);
    if (writer.length >= limits.batchBytesMax || batch.envelopes.length >= limits.batchEnvelopesMax) this.flushBatch();
  }

  private flushTurn(): void {
    this.scheduled = false;
    this.flushBatch();
    if (this.refused.length === 0) return;
    const refused = this.refused;
    this.refused = [];
    for (const { envelope, callback, refusal } of refused) callback(envelope, refusal);
  }

  private flushBatch(): void {
    const { batch } = this;
    if (batch.envelopes.length === 0) return;
    this.batch = { envelopes: [], callbacks: [] };
    // A copy, because ioredis sends the same arguments again where a cluster node redirects.
    const bytes = this.writer.copy();
    this.writer.reset();
    const shard = this.health.nextOpenShard();
    this.inflightBatches++;
    if (typeof shard === 'string') {
      setImmediate(() => this.settle(batch, shard));
      return;
    }
    this.inflightBytes += bytes.length;
    const startedMs = performance.now();
    this.link.call('XADD', [shard.stream, '*', batchField, bytes]).then(
      () => {
        this.inflightBytes -= bytes.length;
        this.health.wrote(shard);
        this.observe(shard, 'ok', startedMs, batch);
        this.settle(batch, undefined);
      },
      (error: Error) => {
        this.inflightBytes -= bytes.length;
        this.health.failed(error, shard);
        this.observe(shard, 'failed', startedMs, batch);
        this.telemetry.log.warn('bus.append_failed', `a batch was not accepted: ${error.message}`, {
          count: batch.envelopes.length,
        });
        this.settle(batch, 'bus_unavailable');
      },
    );
  }

  private settle(batch: Batch, refusal: Refusal | undefined): void {
    const { envelopes, callbacks } = batch;
    for (let i = 0; i < envelopes.length; i++) callbacks[i]?.(envelopes[i] as Envelope, refusal);
    this.inflightBatches--;
    if (this.inflightBatches > 0 || this.drained.length === 0) return;
    const drained = this.drained;
    this.drained = [];
    for (const resolve of drained) resolve();
  }

  private observe(shard: ShardKeys, result: 'ok' | 'failed', startedMs: number, { envelopes }: Batch): void {
    const children = this.children(shard, result);
    children.total.inc();
    const trace = this.telemetry.tracing.enabled ? recordedTrace(envelopes) : undefined;
    children.seconds.observe((performance.now() - startedMs) / 1_000, trace);
  }

  private readonly cachedChildren = new Map<string, ReturnType<RedisProducer['newChildren']>>();

  private children(shard: ShardKeys, result: 'ok' | 'failed') {
    const key = `${result}${shard.label}`;
    let children = this.cachedChildren.get(key);
    if (children === undefined) {
      children = this.newChildren(shard, result);
      this.cachedChildren.set(key, children);
    }
    return children;
  }

  private newChildren(shard: ShardKeys, result: 'ok' | 'failed') {
    const { metrics } = this.telemetry;
    return {
      total: metrics.streamAppendsTotal.labels(shard.label, result),
      seconds: metrics.streamAppendSeconds.labels(shard.label, result),
    };
  }
}
