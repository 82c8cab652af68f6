import type { Tracer } from '@opentelemetry/api';
import { limits } from '@sluice/contracts';
import { CountedExport } from './counted-export.js';
import type { Metrics } from './metrics.js';
import { OutageLog } from './outage-log.js';
import { semanticConventionsUrl } from './span-names.js';
import type { Log } from './telemetry.js';

/** What `packages/config` made of the OTEL_* variables. */
export interface TracingSettings {
  exporter: 'none' | 'otlp';
  /** Where spans go, with its path: `http://collector:4318/v1/traces`. */
  endpoint: string;
  /** Sent with every export; may hold credentials. */
  headers: Record<string, string>;
  /** Share of traces without a sampled or unsampled parent that is recorded: 0 to 1. */
  sampleRatio: number;
  serviceName: string;
}

export interface StartedTracing {
  readonly tracer: Tracer;
  readonly sampleRatio: number;
  /** From now on failed exports are told here. */
  reportTo(log: Log): void;
  /** Exports what is queued, bounded by `spanExportTimeoutMs`, and ends. */
  shutdown(): Promise<void>;
}

/**
 * Starts the OpenTelemetry SDK where it is asked for; otherwise nothing of it is even loaded. Export happens in the
 * background: a collector that is slow or away costs spans, which are dropped, never messages.
 */
export async function startTracing(
  settings: TracingSettings,
  role: string,
  version: string,
  { traceSpansTotal }: Pick<Metrics, 'traceSpansTotal'>,
): Promise<StartedTracing | undefined> {
  if (settings.exporter === 'none') return undefined;
  const [sdk, { WorkerExporter }] = await Promise.all([
    import('@opentelemetry/sdk-trace-node'),
    import('./worker-exporter.js'),
  ]);
  const scope = { name: 'sluice', version, schemaUrl: semanticConventionsUrl };
  const exporter = new WorkerExporter({
    url: settings.endpoint,
    headers: settings.headers,
    timeoutMs: limits.spanExportTimeoutMs,
    resource: { 'service.name': settings.serviceName, 'service.version': version, 'sluice.role': role },
    scope,
  });
  let outage: OutageLog | undefined;
  // Without credentials and query.
  const { origin, pathname } = new URL(settings.endpoint);
  const counted = new CountedExport(
    {
      exported: traceSpansTotal.labels('exported'),
      dropped: traceSpansTotal.labels('dropped'),
      failed: traceSpansTotal.labels('failed'),
    },
    limits.spansQueuedMax,
    (error) => outage?.warn(`spans cannot be exported to ${origin}${pathname}; they are dropped`, error),
  );
  const batches = new sdk.BatchSpanProcessor(counted.exporter(exporter), {
    maxQueueSize: limits.spansQueuedMax,
    maxExportBatchSize: limits.spansQueuedMax / 4,
    // Longer than the exporter's own, so that it is the exporter who says how a batch went.
    exportTimeoutMillis: 2 * limits.spanExportTimeoutMs,
  });
  const provider = new sdk.NodeTracerProvider({
    // `createTracing` has decided before: what is started is sampled.
    sampler: new sdk.AlwaysOnSampler(),
    spanProcessors: [counted.processor(batches)],
  });
  return {
    tracer: provider.getTracer(scope.name, version, { schemaUrl: scope.schemaUrl }),
    sampleRatio: settings.sampleRatio,
    reportTo(log) {
      outage = new OutageLog(log, 'tracing.export_failed', { reasonOf: exportFailureReason });
    },
    // Where a batch fails the SDK does not get as far as the exporter, which may have others under way.
    shutdown: () => provider.shutdown().finally(() => exporter.shutdown()),
  };
}

function exportFailureReason(error: unknown): string {
  return error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : 'no reason was given';
}
