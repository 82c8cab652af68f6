import { type Attributes, createTraceState, type Link, type SpanContext, type SpanStatus } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-node';

type Resource = ReadableSpan['resource'];
type Scope = ReadableSpan['instrumentationScope'];

/** A context with its state as text. */
interface ContextData {
  traceId: string;
  spanId: string;
  traceFlags: number;
  isRemote: boolean | undefined;
  traceState: string | undefined;
}

/** An ended span as it can be sent to another thread; what all spans of a process share is left out. */
export interface SpanData {
  name: string;
  kind: number;
  context: ContextData;
  parent: ContextData | undefined;
  startTime: [seconds: number, nanoseconds: number];
  endTime: [seconds: number, nanoseconds: number];
  status: SpanStatus;
  attributes: Attributes;
  links: ContextData[];
}

export function spanData(span: ReadableSpan): SpanData {
  const { name, kind, status, attributes, parentSpanContext } = span;
  return {
    name,
    kind,
    context: contextData(span.spanContext()),
    parent: parentSpanContext === undefined ? undefined : contextData(parentSpanContext),
    startTime: span.startTime,
    endTime: span.endTime,
    status,
    attributes,
    links: span.links.map(({ context }) => contextData(context)),
  };
}

/** The span again, as an exporter takes it. Spans of the gateway have no events, and stay below every bound of the SDK. */
export function readableSpan(data: SpanData, resource: Resource, instrumentationScope: Scope): ReadableSpan {
  const { name, kind, status, attributes, startTime, endTime } = data;
  const context = spanContext(data.context);
  const links: Link[] = data.links.map((link) => ({ context: spanContext(link) }));
  return {
    name,
    kind,
    spanContext: () => context,
    ...(data.parent === undefined ? {} : { parentSpanContext: spanContext(data.parent) }),
    startTime,
    endTime,
    duration: durationOf(startTime, endTime),
    ended: true,
    status,
    attributes,
    links,
    events: [],
    resource,
    instrumentationScope,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

function durationOf(start: SpanData['startTime'], end: SpanData['endTime']): [number, number] {
  const [seconds, nanoseconds] = [end[0] - start[0], end[1] - start[1]];
  return nanoseconds < 0 ? [seconds - 1, nanoseconds + 1_000_000_000] : [seconds, nanoseconds];
}

function contextData({ traceId, spanId, traceFlags, isRemote, traceState }: SpanContext): ContextData {
  return { traceId, spanId, traceFlags, isRemote, traceState: traceState?.serialize() };
}

function spanContext({ traceId, spanId, traceFlags, isRemote, traceState }: ContextData): SpanContext {
  return {
    traceId,
    spanId,
    traceFlags,
    ...(isRemote === undefined ? {} : { isRemote }),
    ...(traceState === undefined ? {} : { traceState: createTraceState(traceState) }),
  };
}
