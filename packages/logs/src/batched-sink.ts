import { limits } from '@sluice/contracts';
import type { Metrics, OutageLog } from '@sluice/telemetry';

/** How long things take; the limits, but for tests. */
export interface SinkTiming {
  flushMs: number;
  retryDelayMs: number;
  closeMs: number;
  queuedBytesMax: number;
}

/** Brings batches of lines to their place. */
export interface Delivery {
  /** Rejects where the batch is lost. Ends early, by rejecting, once the signal is aborted. */
  deliver(lines: readonly string[], signal: AbortSignal): Promise<void>;
  reopen(): void;
  close(): Promise<void>;
}

interface SinkOptions {
  destinationArn: string;
  /** `stdout`, `file`, `http`: a label. */
  kind: string;
  metrics: Metrics;
  outage: OutageLog;
  timing?: Partial<SinkTiming> | undefined;
}

/**
 * Gathers lines and delivers them in batches, one at a time. What waits is bounded in bytes: a destination that is slow or
 * away costs lines, which are counted, and never memory or time of the gateway.
 */
export class BatchedSink {
  private waiting: string[] = [];
  private waitingBytes = 0;
  private timer: NodeJS.Timeout | undefined;
  private delivering: Promise<void> | undefined;
  private closed = false;
  private readonly abort = new AbortController();
  private readonly timing: SinkTiming;
  private readonly count: Record<'written' | 'dropped' | 'failed', { inc(by?: number): void }>;

  constructor(
    private readonly delivery: Delivery,
    private readonly options: SinkOptions,
  ) {
    this.timing = { ...defaultTiming, ...options.timing };
    const { accessLogLinesTotal } = options.metrics;
    const counter = (result: string) => accessLogLinesTotal.labels(options.kind, result);
    this.count = { written: counter('written'), dropped: counter('dropped'), failed: counter('failed') };
  }

  write(line: string): void {
    // Two bytes a character are what the heap may pay; the true length is not worth counting.
    const bytes = line.length * 2;
    if (this.closed || this.waitingBytes + bytes > this.timing.queuedBytesMax) return this.count.dropped.inc();
    this.waiting.push(line);
    this.waitingBytes += bytes;
    if (this.delivering !== undefined) return;
    if (this.waitingBytes >= limits.accessLogBatchBytesMax) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), this.timing.flushMs);
  }

  reopen(): void {
    this.delivery.reopen();
  }

  /** Delivers what waits, or gives up after a while; then every line is dropped. */
  async close(): Promise<void> {
    if (this.closed) return this.delivering;
    this.closed = true;
    const giveUp = setTimeout(() => this.abort.abort(), this.timing.closeMs);
    this.flush();
    while (this.delivering !== undefined) await this.delivering;
    clearTimeout(giveUp);
    await this.delivery.close();
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.delivering !== undefined || this.waiting.length === 0) return;
    const lines = this.takeBatch();
    this.delivering = this.deliver(lines).then(() => {
      this.delivering = undefined;
      if (this.closed || this.waitingBytes >= limits.accessLogBatchBytesMax) this.flush();
      else if (this.waiting.length > 0) this.timer ??= setTimeout(() => this.flush(), this.timing.flushMs);
    });
  }

  private takeBatch(): string[] {
    let bytes = 0;
    let count = 0;
    while (count < this.waiting.length && (count === 0 || bytes < limits.accessLogBatchBytesMax)) {
      bytes += (this.waiting[count] ?? '').length * 2;
      count += 1;
    }
    this.waitingBytes -= bytes;
    return this.waiting.splice(0, count);
  }

  private async deliver(lines: string[]): Promise<void> {
    if (this.abort.signal.aborted) return this.count.dropped.inc(lines.length);
    try {
      await this.delivery.deliver(lines, this.abort.signal);
      this.count.written.inc(lines.length);
    } catch (error) {
      this.count.failed.inc(lines.length);
      const destination = this.options.destinationArn.replace(/(:\/\/)[^/@]*@/, '$1*****@').split('?', 1)[0];
      this.options.outage.warn('Access log lines are lost', error, { destination });
    }
  }
}

const defaultTiming: SinkTiming = {
  flushMs: limits.accessLogFlushMs,
  retryDelayMs: limits.accessLogRetryDelayMs,
  closeMs: limits.accessLogCloseMs,
  queuedBytesMax: limits.accessLogQueuedBytesMax,
};
