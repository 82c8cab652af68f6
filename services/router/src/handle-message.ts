import type { Bus, Delivery } from '@sluice/bus';
import { type ErrorCode, errorFrame, type MessageEnvelope } from '@sluice/contracts';
import type { IntegrationOutcome } from '@sluice/integrations';
import type { Telemetry } from '@sluice/telemetry';
import { envelopeFields } from './envelope-fields.js';
import type { PreparedRoute, StageTables } from './stage-tables.js';

/**
 * One message, read downwards: find the stage, choose the route, invoke, reply, acknowledge. A client learns of every
 * failure by an error frame, of success only where the route has a route response (spec 03 §3.1, 07 §7.1).
 */
export function createMessageHandler({
  bus,
  tables,
  telemetry,
}: {
  bus: Bus;
  tables: StageTables;
  telemetry: Telemetry;
}) {
  return function handleMessage(delivery: Delivery, envelope: MessageEnvelope): void {
    const table = tables.get(envelope.scope);
    if (table === undefined) {
      // The stage or API went away while the socket stayed open (spec 03 §3.2).
      telemetry.log.warn('router.unknown_stage', `no stage ${envelope.scope}`, envelopeFields(envelope));
      return refuse(delivery, envelope, 'internal');
    }
    const route = table.select(envelope.body);
    if (route === undefined) {
      table.unmatched.settled('forbidden', envelope.timeMs, Date.now());
      return refuse(delivery, envelope, 'forbidden');
    }
    if (route.integration === undefined) {
      route.metrics.settled('route_without_target', envelope.timeMs, Date.now());
      return refuse(delivery, envelope, 'route_without_target');
    }
    route.metrics.sent(envelope.timeMs, Date.now());
    route.integration.invoke(envelope, (outcome) => settle(delivery, envelope, route, outcome));
  };

  function settle(
    delivery: Delivery,
    envelope: MessageEnvelope,
    route: PreparedRoute,
    outcome: IntegrationOutcome,
  ): void {
    route.metrics.settled(outcome.ok ? 'ok' : outcome.code, envelope.timeMs, Date.now());
    if (!outcome.ok) {
      telemetry.log.warn('router.integration_failed', outcome.detail, {
        code: outcome.code,
        route: route.routeKey,
        ...envelopeFields(envelope),
      });
      return refuse(delivery, envelope, outcome.code);
    }
    if (route.hasRouteResponse && outcome.body.length > 0) reply(delivery, envelope, outcome.body);
    delivery.done();
  }

  function refuse(delivery: Delivery, envelope: MessageEnvelope, code: ErrorCode): void {
    reply(delivery, envelope, Buffer.from(errorFrame(code, envelope.connectionId, envelope.requestId)));
    delivery.done();
  }

  function reply(delivery: Delivery, envelope: MessageEnvelope, body: Uint8Array): void {
    if (delivery.from === '') return;
    // An inbox that is gone took its sockets with it: there is nobody left to answer.
    bus.send(delivery.from, { kind: 'REPLY', connectionId: envelope.connectionId, body });
  }
}
