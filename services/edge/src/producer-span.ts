import type { FrameProducer, Refusal } from '@sluice/bus';
import { type Close, type Envelope, splitScope } from '@sluice/contracts';
import { type ActiveSpan, attributeNames, messagingAttributes, spanNames, type Tracing } from '@sluice/telemetry';

/** A message: a short trace of its own, linked to the handshake's. No span lives as long as a connection. */
export function startMessageSpan(
  tracing: Tracing,
  envelope: Envelope & { kind: 'MESSAGE' },
  handshake: string | undefined,
): ActiveSpan {
  return tracing.startSpan(spanNames.sendFrame, {
    kind: 'producer',
    links: [handshake],
    attributes: {
      ...sendAttributes(envelope),
      [attributeNames.messageId]: envelope.messageId,
      [attributeNames.bodySize]: envelope.body.length,
    },
  });
}

/** A `$connect`: part of the handshake's trace. */
export function startConnectSpan(tracing: Tracing, envelope: Envelope): ActiveSpan {
  return tracing.startSpan(spanNames.sendFrame, {
    kind: 'producer',
    parent: envelope.traceparent,
    attributes: { ...sendAttributes(envelope), [attributeNames.messageId]: envelope.requestId },
  });
}

/** A `$disconnect`: like a message, as the handshake may be hours ago. */
export function startDisconnectSpan(tracing: Tracing, envelope: Envelope, handshake: string, close: Close): ActiveSpan {
  return tracing.startSpan(spanNames.sendFrame, {
    kind: 'producer',
    links: [handshake],
    attributes: {
      ...sendAttributes(envelope),
      [attributeNames.messageId]: envelope.requestId,
      [attributeNames.closeCode]: close.code,
    },
  });
}

/** Appends an envelope that carries its span, which ends when the bus has confirmed or refused it. */
export function appendTraced<E extends Envelope>(
  producer: FrameProducer,
  span: ActiveSpan,
  envelope: E,
  settled: (envelope: E, refusal: Refusal | undefined) => void,
): void {
  envelope.traceparent = span.traceparent;
  producer.append(envelope, (_, refusal) => {
    span.end(refusal);
    settled(envelope, refusal);
  });
}

function sendAttributes({ scope, connectionId }: Envelope): Record<string, string | number | boolean> {
  const { apiId, stage } = splitScope(scope);
  return {
    ...messagingAttributes('send', 'frames'),
    [attributeNames.api]: apiId,
    [attributeNames.stage]: stage,
    [attributeNames.connectionId]: connectionId,
  };
}
