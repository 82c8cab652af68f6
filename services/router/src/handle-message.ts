import type { Bus, Delivery } from '@sluice/bus';
import { errorFrame, errorKinds, type MessageEnvelope } from '@sluice/contracts';
import type { IntegrationOutcome } from '@sluice/integrations';
import type { Telemetry } from '@sluice/telemetry';
import { envelopeFields } from './envelope-fields.js';
import { endingOf } from './journal.js';
import { logFailure, logRefusal } from './log-refusal.js';
import { type Passage, runGates } from './passage.js';
import type { MessageRoute } from './prepare-route.js';
import type { Refusal } from './refusal.js';
import { finishMessage, sendReply } from './settle-message.js';
import type { StageTables } from './stage-tables.js';
import { noteOutcome } from './trace-process.js';

interface MessageParts {
  bus: Bus;
  tables: StageTables;
  telemetry: Telemetry;
  /** Takes a delivery that could not be processed. */
  failed: (delivery: Delivery, error: unknown) => void;
}

type MessagePassage = Passage<MessageEnvelope>;

/**
 * One message, read downwards: find the stage, choose the route, pass its gates (throttles, authorization, validation), invoke,
 * reply, acknowledge. A client learns of every failure by an error frame, of success only where the route has a route response
 * (spec 03 §3.1, 07 §7.1).
 */
export class MessageHandler {
  constructor(private readonly parts: MessageParts) {}

  handle(delivery: Delivery, envelope: MessageEnvelope): void {
    const { tables, telemetry, failed } = this.parts;
    const table = tables.get(envelope.scope);
    if (table === undefined) {
      // The stage or API went away while the socket stayed open (spec 03 §3.2).
      telemetry.log.warn('router.unknown_stage', `no stage ${envelope.scope}`, envelopeFields(envelope));
      return this.refuse(delivery, envelope, { code: 'internal', detail: 'the stage is gone' });
    }
    const route = table.select(envelope.body) ?? table.unmatched;
    const { gates, journal } = route;
    if (gates === undefined && journal === undefined) return this.invoke(delivery, envelope, route, undefined);
    const passage: MessagePassage = { envelope, contextChanged: false, journal: journal?.open(envelope) };
    if (gates === undefined) return this.invoke(delivery, envelope, route, passage);
    const passed = (refusal: Refusal | undefined) => {
      if (refusal !== undefined) return this.turnAway(delivery, passage, route, refusal);
      if (passage.contextChanged) this.renew(delivery, passage.envelope);
      this.invoke(delivery, passage.envelope, route, passage);
    };
    runGates(gates, passage, passed, (error) => failed(delivery, error));
  }

  private invoke(
    delivery: Delivery,
    envelope: MessageEnvelope,
    route: MessageRoute,
    passage: MessagePassage | undefined,
  ): void {
    if (route.integration === undefined) {
      return this.endRefused(delivery, envelope, route, passage, route.withoutTarget);
    }
    route.metrics.sent(envelope.timeMs, Date.now(), envelope.traceparent);
    const journal = passage?.journal;
    journal?.invoking();
    const observer = journal?.observer;
    const request = observer === undefined ? envelope : { ...envelope, observer };
    route.integration.invoke(request, (outcome) => this.settle(delivery, envelope, route, passage, outcome));
  }

  private settle(
    delivery: Delivery,
    envelope: MessageEnvelope,
    route: MessageRoute,
    passage: MessagePassage | undefined,
    outcome: IntegrationOutcome,
  ): void {
    const result = outcome.ok ? 'ok' : outcome.code;
    route.metrics.settled(result, envelope.timeMs, Date.now(), envelope.traceparent);
    noteOutcome(delivery, route.routeKey, result);
    const journal = passage?.journal;
    if (!outcome.ok) {
      const { code, detail } = outcome;
      logFailure(this.parts.telemetry.log, envelope, route.routeKey, outcome);
      journal?.end(endingOf(outcome));
      return this.refuse(delivery, envelope, { code, detail });
    }
    journal?.end(endingOf(outcome));
    if (route.hasRouteResponse && outcome.body.length > 0) {
      sendReply(this.parts.bus, delivery, envelope, outcome.body, outcome.binary);
    }
    finishMessage(this.parts.bus, delivery, envelope);
  }

  private turnAway(delivery: Delivery, passage: MessagePassage, route: MessageRoute, refusal: Refusal): void {
    logRefusal(this.parts.telemetry.log, passage.envelope, route.routeKey, refusal);
    this.endRefused(delivery, passage.envelope, route, passage, refusal);
  }

  private endRefused(
    delivery: Delivery,
    envelope: MessageEnvelope,
    route: MessageRoute,
    passage: MessagePassage | undefined,
    refusal: Refusal,
  ): void {
    route.metrics.settled(refusal.code, envelope.timeMs, Date.now(), envelope.traceparent);
    noteOutcome(delivery, route.routeKey, refusal.code);
    passage?.journal?.end({ status: errorKinds[refusal.code].handshakeStatus, refusal });
    this.refuse(delivery, envelope, refusal);
  }

  private refuse(delivery: Delivery, envelope: MessageEnvelope, { code, message }: Refusal): void {
    const frame = errorFrame(code, envelope.connectionId, envelope.requestId, message);
    sendReply(this.parts.bus, delivery, envelope, Buffer.from(frame), false);
    finishMessage(this.parts.bus, delivery, envelope);
  }

  private renew(delivery: Delivery, { connectionId, connectionContext }: MessageEnvelope): void {
    if (delivery.from !== '') this.parts.bus.send(delivery.from, { kind: 'RENEW', connectionId, connectionContext });
  }
}
