import type { ReadableSpan, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace-node';
import type { CounterChild } from './plain-metrics.js';

/** How many spans came to which end. */
export interface SpanCounts {
  exported: Pick<CounterChild, 'inc'>;
  /** Ended while `pendingMax` others waited. */
  dropped: Pick<CounterChild, 'inc'>;
  /** Refused by the collector, or not taken in time. */
  failed: Pick<CounterChild, 'inc'>;
}

/**
 * Bounds what a slow collector can make wait, and counts what becomes of every span: the batch processor of the SDK drops in
 * silence. A span is pending from its end until the exporter has said how its batch went.
 */
export class CountedExport {
  private pending = 0;

  constructor(
    private readonly counts: SpanCounts,
    private readonly pendingMax: number,
    /** Told of each batch that failed, with the reason where there is one. */
    private readonly onFailure: (error: Error | undefined) => void = () => undefined,
  ) {}

  /** The exporter, its results counted. */
  exporter(exporter: SpanExporter): SpanExporter {
    return {
      export: (spans, done) =>
        exporter.export(spans, (result) => {
          this.pending -= spans.length;
          // 0 is success: `ExportResultCode` is of a package that is none of ours.
          this.counts[result.code === 0 ? 'exported' : 'failed'].inc(spans.length);
          if (result.code !== 0) this.onFailure(result.error);
          done(result);
        }),
      shutdown: () => exporter.shutdown(),
      forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
    };
  }

  /** The processor that feeds it, kept from taking more than `pendingMax`. */
  processor(processor: SpanProcessor): SpanProcessor {
    return {
      onStart() {},
      onEnd: (span) => this.ended(span, processor),
      shutdown: () => processor.shutdown(),
      forceFlush: () => processor.forceFlush(),
    };
  }

  private ended(span: ReadableSpan, processor: SpanProcessor): void {
    // Recorded only means that its attributes were kept; what is exported is what is sampled.
    if ((span.spanContext().traceFlags & 1) === 0) return;
    if (this.pending >= this.pendingMax) {
      this.counts.dropped.inc();
      return;
    }
    this.pending++;
    processor.onEnd(span);
  }
}
