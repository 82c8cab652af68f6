import type { Delivery } from '@sluice/bus';
import { type Envelope, type ErrorCode, errorKinds, splitScope } from '@sluice/contracts';
import {
  type ActiveSpan,
  attributeNames,
  isSampled,
  messagingAttributes,
  spanNames,
  type Tracing,
} from '@sluice/telemetry';

/**
 * Wraps a delivery of a recorded trace in its `process` span: a child of the producer's, in the same trace, and linked to it as the
 * conventions want it. What the router calls carries this span on. Any other delivery comes back as it is.
 */
export function traceProcess(delivery: Delivery, tracing: Tracing): Delivery {
  const { envelope } = delivery;
  const { traceparent } = envelope;
  if (!isSampled(traceparent)) return delivery;
  const attributes = attributesOf(delivery);
  const nowMs = Date.now();
  // The clock of the bus may be ahead of ours: a wait is no shorter than nothing.
  const startedAtMs = Math.min(delivery.enqueuedAtMs, nowMs);
  const wait = tracing.startSpan(spanNames.wait, { kind: 'internal', parent: traceparent, startedAtMs, attributes });
  wait.end(undefined, nowMs);
  const span = tracing.startSpan(spanNames.process, {
    kind: 'consumer',
    parent: traceparent,
    links: [traceparent],
    startedAtMs: nowMs,
    attributes: { ...messagingAttributes('process', 'frames'), ...attributes },
  });
  return new TracedDelivery(delivery, span);
}

function attributesOf({ envelope, deliveryCount, deliveryId }: Delivery): Record<string, string | number> {
  const { apiId, stage } = splitScope(envelope.scope);
  return {
    [attributeNames.partition]: deliveryId.slice(0, deliveryId.indexOf(':')),
    [attributeNames.consumerGroup]: 'routers',
    [attributeNames.messageId]: messageIdOf(envelope),
    [attributeNames.deliveryCount]: deliveryCount,
    [attributeNames.api]: apiId,
    [attributeNames.stage]: stage,
    [attributeNames.connectionId]: envelope.connectionId,
  };
}

function messageIdOf(envelope: Envelope): string {
  return envelope.kind === 'MESSAGE' ? envelope.messageId : envelope.requestId;
}

class TracedDelivery implements Delivery {
  readonly envelope: Envelope;

  constructor(
    private readonly inner: Delivery,
    readonly span: ActiveSpan,
  ) {
    this.envelope = { ...inner.envelope, traceparent: span.traceparent };
  }

  /** Why it ended as failed; set by `noteOutcome`. */
  failure: string | undefined;

  get from() {
    return this.inner.from;
  }

  get deliveryCount() {
    return this.inner.deliveryCount;
  }

  get deliveryId() {
    return this.inner.deliveryId;
  }

  get enqueuedAtMs() {
    return this.inner.enqueuedAtMs;
  }

  done(): void {
    this.span.end(this.failure);
    this.inner.done();
  }

  dead(reason: string): void {
    this.span.end(reason);
    this.inner.dead(reason);
  }
}

/** Tells the span of a delivery, where it has one, which route was chosen and how it ended: `ok` or the code of its refusal. */
export function noteOutcome(delivery: Delivery, routeKey: string, result: 'ok' | 'refused' | ErrorCode): void {
  if (!(delivery instanceof TracedDelivery)) return;
  const { span } = delivery;
  if (routeKey !== '') span.setAttribute(attributeNames.route, routeKey);
  span.setAttribute(attributeNames.result, result);
  // What a client did wrong is its own affair: the gateway has done what it should.
  if (result !== 'ok' && result !== 'refused' && errorKinds[result].source !== 'client') delivery.failure = result;
}
