import type { ActiveSpan, Tracing } from '@sluice/telemetry';
import { headerOf, type RequestHead } from './handshake-request.js';
import type { StageState } from './stage-state.js';

/** The server span of an upgrade, a child of the client's own where it sent one; undefined where nobody traces. */
export function startHandshakeSpan(
  tracing: Tracing,
  head: RequestHead,
  stage: StageState,
  connectionId: string,
): ActiveSpan | undefined {
  if (!tracing.enabled) return undefined;
  return tracing.startSpan('handshake', {
    kind: 'server',
    parent: headerOf(head, 'traceparent') || undefined,
    attributes: {
      'network.protocol.name': 'websocket',
      'sluice.api': stage.apiId,
      'sluice.stage': stage.stageName,
      'sluice.connection_id': connectionId,
    },
  });
}
