import { type ActiveSpan, attributeNames, spanNames, type Tracing, validTraceparent } from '@sluice/telemetry';
import { headerOf, type RequestHead } from './handshake-request.js';
import type { StageState } from './stage-state.js';

/** The trace of an upgrade. */
export interface HandshakeTrace {
  /** Undefined where the handshake is not recorded. */
  span: ActiveSpan | undefined;
  /** What the `$connect` envelope carries and messages link to; also of a client's trace that is not recorded. */
  traceparent: string | undefined;
}

/** The server span of an upgrade, a child of the client's own where it sent one; else the client's trace goes on as it came. */
export function traceHandshake(
  tracing: Tracing,
  head: RequestHead,
  stage: StageState,
  connectionId: string,
): HandshakeTrace {
  const parent = validTraceparent(headerOf(head, 'traceparent') || undefined);
  if (!tracing.samples(parent)) return { span: undefined, traceparent: parent };
  const span = tracing.startSpan(spanNames.handshake, {
    kind: 'server',
    parent,
    traceState: headerOf(head, 'tracestate') || undefined,
    attributes: {
      [attributeNames.protocolName]: 'websocket',
      [attributeNames.requestMethod]: 'GET',
      [attributeNames.httpRoute]: '/{stage}',
      [attributeNames.api]: stage.apiId,
      [attributeNames.stage]: stage.stageName,
      [attributeNames.connectionId]: connectionId,
    },
  });
  return { span, traceparent: span.traceparent };
}

/** Ends the span, where there is one, with the status that the client was answered. */
export function endHandshake({ span }: HandshakeTrace, status: number | 'aborted'): void {
  if (span === undefined) return;
  if (status === 'aborted') return span.end(status);
  span.setAttribute(attributeNames.responseStatus, status);
  span.end(status >= 500 ? `status ${status}` : undefined);
}
