import { type Link, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api';
import type { ActiveSpan, SpanOptions, Tracing } from './telemetry.js';
import { readTraceparent, writeTraceparent } from './traceparent.js';

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
 */
export function createTracing(tracer: Tracer | undefined): Tracing {
  if (tracer === undefined) return { enabled: false, startSpan: passThroughSpan };
  return { enabled: true, startSpan: (name, options) => startSpan(tracer, name, options) };
}

// The caller's own traceparent still goes on to the next process: a gateway that does not trace must not cut a trace.
function passThroughSpan(_name: string, options: SpanOptions): ActiveSpan {
  if (options.parent === undefined) return silentSpan;
  const traceparent = readTraceparent(options.parent) === undefined ? undefined : options.parent;
  return { ...silentSpan, traceparent };
}

const silentSpan: ActiveSpan = { traceparent: undefined, setAttribute() {}, end() {} };

function startSpan(tracer: Tracer, name: string, options: SpanOptions): ActiveSpan {
  const parent = readTraceparent(options.parent);
  const context = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
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
    },
    context,
  );
  return activeSpan(span);
}

function activeSpan(span: Span): ActiveSpan {
  return {
    traceparent: writeTraceparent(span.spanContext()),
    setAttribute(name, value) {
      span.setAttribute(name, value);
    },
    end(failure) {
      if (failure !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: failure });
      span.end();
    },
  };
}
