import type { Bus, Delivery } from '@sluice/bus';
import { type ConnectEnvelope, errorKinds } from '@sluice/contracts';
import type { IntegrationOutcome } from '@sluice/integrations';
import type { Telemetry } from '@sluice/telemetry';
import { logFailure, logRefusal } from './log-refusal.js';
import { type Passage, runGates } from './passage.js';
import type { ConnectRoute } from './prepare-route.js';
import type { Refusal } from './refusal.js';
import type { StageTables } from './stage-tables.js';
import { noteOutcome } from './trace-process.js';
import { accepted, refusedVerdict, type Verdict } from './verdicts.js';

interface ConnectParts {
  bus: Bus;
  tables: StageTables;
  telemetry: Telemetry;
  /** Takes a delivery that could not be processed. */
  failed: (delivery: Delivery, error: unknown) => void;
}

type ConnectPassage = Passage<ConnectEnvelope>;

/**
 * One held upgrade, in the order of spec 01 §1.2: throttles, authorization, API key, required parameters, integration, verdict.
 * The status of the `$connect` integration becomes the verdict unchanged, a failure the status and body of 01 §1.3. A stage
 * that went away meanwhile is refused as an unknown one.
 */
export class ConnectHandler {
  constructor(private readonly parts: ConnectParts) {}

  handle(delivery: Delivery, envelope: ConnectEnvelope): void {
    const { tables, telemetry, failed } = this.parts;
    const route = tables.get(envelope.scope)?.connect;
    if (route === undefined) {
      const unknown: Refusal = { code: 'forbidden', detail: `no stage ${envelope.scope}` };
      return this.pass(delivery, envelope, refusedVerdict(envelope, unknown), undefined);
    }
    const passage: ConnectPassage = { envelope, contextChanged: false, journal: route.journal?.open(envelope) };
    const passed = (refusal: Refusal | undefined) => {
      if (refusal === undefined) return this.invoke(delivery, passage, route);
      logRefusal(telemetry.log, passage.envelope, route.routeKey, refusal);
      this.end(delivery, passage, route, refusal, undefined);
    };
    runGates(route.gates ?? [], passage, passed, (error) => failed(delivery, error));
  }

  private invoke(delivery: Delivery, passage: ConnectPassage, route: ConnectRoute): void {
    const { envelope, journal, authorizerLatencyMs } = passage;
    if (route.integration === undefined) {
      // A handshake that only had to pass gates is counted too; one that had to pass nothing is as good as not asked.
      if (route.gates !== undefined) route.metrics.settled('ok', envelope.timeMs, Date.now(), envelope.traceparent);
      noteOutcome(delivery, route.routeKey, 'ok');
      journal?.end({ status: 200 });
      return this.pass(delivery, envelope, accept(accepted, passage), contextOf(passage));
    }
    route.metrics.sent(envelope.timeMs, Date.now(), envelope.traceparent);
    journal?.invoking();
    const observer = journal?.observer;
    const request =
      observer === undefined && authorizerLatencyMs === undefined
        ? envelope
        : { ...envelope, observer, authorizerLatencyMs };
    route.integration.invoke(request, (outcome) => this.settle(delivery, passage, route, outcome));
  }

  private settle(delivery: Delivery, passage: ConnectPassage, route: ConnectRoute, outcome: IntegrationOutcome): void {
    const { envelope, journal } = passage;
    if (!outcome.ok) {
      const { code, detail } = outcome;
      logFailure(this.parts.telemetry.log, envelope, route.routeKey, outcome);
      return this.end(delivery, passage, route, { code, detail }, outcome);
    }
    const { status, headers, body } = outcome;
    const lets = status >= 200 && status <= 299;
    const result = lets ? 'ok' : 'refused';
    route.metrics.settled(result, envelope.timeMs, Date.now(), envelope.traceparent);
    noteOutcome(delivery, route.routeKey, result);
    journal?.end({ status: lets ? 200 : status, outcome });
    const verdict = { status, headers, body };
    this.pass(delivery, envelope, lets ? accept(verdict, passage) : verdict, lets ? contextOf(passage) : undefined);
  }

  private end(
    delivery: Delivery,
    passage: ConnectPassage,
    route: ConnectRoute,
    refusal: Refusal,
    outcome: IntegrationOutcome | undefined,
  ): void {
    const { envelope, journal } = passage;
    route.metrics.settled(refusal.code, envelope.timeMs, Date.now(), envelope.traceparent);
    noteOutcome(delivery, route.routeKey, refusal.code);
    journal?.end({ status: errorKinds[refusal.code].handshakeStatus, refusal, outcome });
    this.pass(delivery, envelope, refusedVerdict(envelope, refusal), undefined);
  }

  private pass(
    delivery: Delivery,
    { connectionId }: ConnectEnvelope,
    verdict: Verdict,
    connectionContext: string | undefined,
  ): void {
    this.parts.bus.send(delivery.from, { kind: 'VERDICT', connectionId, ...verdict, connectionContext });
    delivery.done();
  }
}

/** Browsers fail a connection whose offer nobody answered: a token that came as a sub-protocol is answered with its marker. */
function accept(verdict: Verdict, { protocol }: ConnectPassage): Verdict {
  if (protocol === undefined) return verdict;
  if (verdict.headers.some(([name]) => name.toLowerCase() === 'sec-websocket-protocol')) return verdict;
  return { ...verdict, headers: [...verdict.headers, ['sec-websocket-protocol', protocol]] };
}

/** The edge writes it into the connection's record; undefined where it has the same one already. */
function contextOf({ contextChanged, envelope }: ConnectPassage): string | undefined {
  return contextChanged ? envelope.connectionContext : undefined;
}
