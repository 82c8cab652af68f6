import type { Delivery } from '@sluice/bus';
import type { Tracing } from '@sluice/telemetry';

/**
 * Wraps a delivery in its `process` span: a child of nothing but linked to the producer's span, as one batch has many
 * producers (OPERATIONS §6). The integration's request carries this span on, so its trace joins here.
 */
export function traceProcess(delivery: Delivery, tracing: Tracing): Delivery {
  const { envelope } = delivery;
  if (envelope.traceparent === undefined) return delivery;
  const span = tracing.startSpan('process', {
    kind: 'consumer',
    parent: envelope.traceparent,
    links: [envelope.traceparent],
    attributes: {
      'messaging.system': 'redis',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.message.id': envelope.kind === 'MESSAGE' ? envelope.messageId : envelope.requestId,
      'messaging.consumer.group.name': 'routers',
      'sluice.connection_id': envelope.connectionId,
      'sluice.scope': envelope.scope,
    },
  });
  return {
    envelope: { ...envelope, traceparent: span.traceparent ?? envelope.traceparent },
    from: delivery.from,
    deliveryCount: delivery.deliveryCount,
    deliveryId: delivery.deliveryId,
    done() {
      span.end();
      delivery.done();
    },
    dead(reason) {
      span.end(reason);
      delivery.dead(reason);
    },
  };
}
