import { createLog, type LogDestination, type LogLevel } from './log.js';
import { createMetrics, type Metrics } from './metrics.js';
import type { StartedTracing } from './start-tracing.js';
import type { Telemetry } from './telemetry.js';
import { createTracing } from './tracing.js';

export interface TelemetryOptions {
  /** `edge`, `router`, `callback` or `standalone`: part of every log line. */
  role: string;
  logLevel: LogLevel;
  /** Unset: standard output. */
  logDestination?: LogDestination;
  /** Unset: a registry of its own. */
  metrics?: Metrics;
  /** What `startTracing` gave; unset: no spans, at no cost. */
  tracing?: StartedTracing | undefined;
}

/** What one process, or one test, is observed by. `close` reports suppressed log lines and exports the last spans. */
export function createTelemetry(options: TelemetryOptions): Telemetry & { close(): Promise<void> } {
  const log = createLog({
    role: options.role,
    level: options.logLevel,
    ...(options.logDestination === undefined ? {} : { destination: options.logDestination }),
  });
  options.tracing?.reportTo(log);
  return {
    log,
    metrics: options.metrics ?? createMetrics(),
    tracing: createTracing(options.tracing?.tracer, options.tracing?.sampleRatio),
    async close() {
      try {
        await options.tracing?.shutdown();
      } catch (error) {
        log.warn('process.stopping', 'the last spans could not be exported', { error });
      }
      log.flush();
    },
  };
}
