import { isSpanContextValid, type SpanContext } from '@opentelemetry/api';

const form = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** Reads a W3C `traceparent`; undefined for anything that is not one, all-zero ids included. */
export function readTraceparent(text: string | undefined): SpanContext | undefined {
  const match = text === undefined ? null : form.exec(text);
  if (match === null) return undefined;
  const [, traceId = '', spanId = '', flags = ''] = match;
  const context: SpanContext = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true };
  return isSpanContextValid(context) ? context : undefined;
}

export function writeTraceparent(context: SpanContext): string {
  return `00-${context.traceId}-${context.spanId}-0${context.traceFlags & 1}`;
}

/** The text where it is a traceparent, for what comes from outside; undefined for anything else. */
export function validTraceparent(text: string | undefined): string | undefined {
  return readTraceparent(text) === undefined ? undefined : text;
}

const lastFlagDigit = 54;

/** Whether the trace is recorded. Of our own texts, which are valid: one look at one character, as every message asks. */
export function isSampled(traceparent: string | undefined): traceparent is string {
  // An odd digit: the codes of 1, 3, 5, 7, 9 are odd, those of b, d, f even.
  if (traceparent === undefined) return false;
  const code = traceparent.charCodeAt(lastFlagDigit);
  return code < 97 ? (code & 1) === 1 : (code & 1) === 0;
}

/** For a log line: which trace it belongs to, where there is one. */
export function traceField(traceparent: string | undefined): { trace_id?: string } {
  return traceparent === undefined ? {} : { trace_id: traceIdOf(traceparent) };
}

export function traceIdOf(traceparent: string): string {
  return traceparent.slice(3, 35);
}
