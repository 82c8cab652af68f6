import {
  createTraceState,
  type Link,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { ActiveSpan, SpanOptions, Tracing } from './telemetry.js';
import { isSampled, readTraceparent, writeTraceparent } from './traceparent.js';

const kinds: Record<SpanOptions['kind'], SpanKind> = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
  internal: SpanKind.INTERNAL,
};

/**
 * Spans over a tracer, or nothing at all without one. Context is never ambient: the parent is named in each call, since one
 * tick here serves many connections and asynchronous context tracking would tax every callback of the process.
 *
 * Sampling is decided here, before anything is built: of the messages that nobody looks at, which are nearly all, each costs a
 * random number.
 */
export function createTracing(tracer: Tracer | undefined, sampleRatio = 1): Tracing {
  if (tracer === undefined) return noTracing;
  return {
    enabled: true,
    samples: (parent) => (parent === undefined ? Math.random() < sampleRatio : isSampled(parent)),
    startSpan: (name, options) => startSpan(tracer, name, options),
  };
}

const silentSpan: ActiveSpan = { traceparent: undefined, setAttribute() {}, end() {} };

export const noTracing: Tracing = { enabled: false, samples: () => false, startSpan: () => silentSpan };

function startSpan(tracer: Tracer, name: string, options: SpanOptions): ActiveSpan {
  const links: Link[] = [];
  for (const text of options.links ?? []) {
    const linked = readTraceparent(text);
    if (linked !== undefined) links.push({ context: linked });
  }
  const span = tracer.startSpan(
    name,
    {
      kind: kinds[options.kind],
      links,
      ...(options.attributes === undefined ? {} : { attributes: options.attributes }),
      ...(options.startedAtMs === undefined ? {} : { startTime: options.startedAtMs }),
    },
    contextOf(options),
  );
  return activeSpan(span);
}

function contextOf({ parent, traceState }: SpanOptions) {
  const context = readTraceparent(parent);
  if (context === undefined) return ROOT_CONTEXT;
  const state = traceState === undefined ? {} : { traceState: createTraceState(traceState) };
  return trace.setSpanContext(ROOT_CONTEXT, { ...context, ...state });
}

function activeSpan(span: Span): ActiveSpan {
  return {
    traceparent: writeTraceparent(span.spanContext()),
    setAttribute(name, value) {
      span.setAttribute(name, value);
    },
    end(failure, endedAtMs) {
      if (failure !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: failure });
      span.end(endedAtMs);
    },
  };
}
