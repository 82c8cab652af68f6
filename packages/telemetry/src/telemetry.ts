import type { LogEvent } from './log-events.js';
import type { Metrics } from './metrics.js';

/** What every part of a process is given to be observed by. */
export interface Telemetry {
  readonly metrics: Metrics;
  readonly log: Log;
  readonly tracing: Tracing;
}

/**
 * Structured log: one JSON object a line, with an enumerated event name. Never pass payloads, tokens, authorization headers
 * or full query strings. Repeats of one event are rate-limited, with the count of the suppressed ones.
 */
export interface Log {
  debug(event: LogEvent, message: string, fields?: LogFields): void;
  info(event: LogEvent, message: string, fields?: LogFields): void;
  warn(event: LogEvent, message: string, fields?: LogFields): void;
  error(event: LogEvent, message: string, fields?: LogFields): void;
}

export interface LogFields {
  api?: string;
  stage?: string;
  route?: string;
  connection_id?: string;
  request_id?: string;
  trace_id?: string;
  code?: string | number;
  reason?: string;
  duration_ms?: number;
  count?: number;
  /** Goes out as `err` with type, message and stack. */
  error?: unknown;
  [name: string]: unknown;
}

/** Tracing as the data path needs it: explicit parents, W3C text as the carrier, nothing at all when off. */
export interface Tracing {
  /** False unless the OpenTelemetry SDK was started: callers skip all span work then. */
  readonly enabled: boolean;
  /**
   * Whether a span is to be started, asked before anything is built for it: by the decision of the parent, which is a valid
   * traceparent, else by the ratio. False where tracing is off.
   */
  samples(parent: string | undefined): boolean;
  /** Starts a span that is exported, come what may. `parent` is a traceparent, `links` are traceparents of related work. */
  startSpan(name: string, options: SpanOptions): ActiveSpan;
}

export interface SpanOptions {
  kind: 'server' | 'client' | 'producer' | 'consumer' | 'internal';
  parent?: string | undefined;
  /** The `tracestate` that came with the parent. */
  traceState?: string | undefined;
  links?: (string | undefined)[];
  attributes?: Record<string, string | number | boolean>;
  /** Unset: now. Milliseconds since the epoch. */
  startedAtMs?: number;
}

export interface ActiveSpan {
  /** Carries this span to the next process. */
  readonly traceparent: string | undefined;
  setAttribute(name: string, value: string | number | boolean): void;
  /** Ends it, as failed where a reason is given. */
  end(failure?: string, endedAtMs?: number): void;
}
