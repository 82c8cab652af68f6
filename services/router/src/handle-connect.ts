import type { Bus, Delivery } from '@sluice/bus';
import type { ConnectEnvelope, VerdictCommand } from '@sluice/contracts';
import type { IntegrationOutcome } from '@sluice/integrations';
import type { Telemetry } from '@sluice/telemetry';
import { failedVerdict } from './answer-fault.js';
import { envelopeFields } from './envelope-fields.js';
import type { PreparedRoute, StageTables } from './stage-tables.js';

type Verdict = Pick<VerdictCommand, 'status' | 'headers' | 'body'>;

const accepted: Verdict = { status: 200, headers: [], body: new Uint8Array(0) };

/**
 * One held upgrade: the status of the `$connect` integration becomes the verdict unchanged, a failure the status and body
 * of spec 01 §1.3. A stage that went away meanwhile is refused as an unknown one.
 */
export function createConnectHandler({
  bus,
  tables,
  telemetry,
}: {
  bus: Bus;
  tables: StageTables;
  telemetry: Telemetry;
}) {
  return function handleConnect(delivery: Delivery, envelope: ConnectEnvelope): void {
    const table = tables.get(envelope.scope);
    if (table === undefined) return pass(delivery, envelope, forbidden(envelope));
    const route = table.connect;
    if (route?.integration === undefined) return pass(delivery, envelope, accepted);
    route.metrics.sent(envelope.timeMs, Date.now());
    route.integration.invoke(envelope, (outcome) => {
      route.metrics.settled(resultOf(outcome), envelope.timeMs, Date.now());
      if (!outcome.ok) logFailure(envelope, route, outcome.detail, outcome.code);
      pass(delivery, envelope, verdictOf(envelope, outcome));
    });
  };

  function pass(delivery: Delivery, envelope: ConnectEnvelope, verdict: Verdict): void {
    bus.send(delivery.from, { kind: 'VERDICT', connectionId: envelope.connectionId, ...verdict });
    delivery.done();
  }

  function logFailure(envelope: ConnectEnvelope, route: PreparedRoute, detail: string, code: string): void {
    telemetry.log.warn('router.integration_failed', detail, {
      code,
      route: route.routeKey,
      ...envelopeFields(envelope),
    });
  }
}

function resultOf(outcome: IntegrationOutcome): string {
  if (!outcome.ok) return outcome.code;
  return outcome.status >= 200 && outcome.status <= 299 ? 'ok' : 'refused';
}

function verdictOf(envelope: ConnectEnvelope, outcome: IntegrationOutcome): Verdict {
  if (!outcome.ok) return failedVerdict(envelope, outcome.code);
  return { status: outcome.status, headers: outcome.headers, body: outcome.body };
}

function forbidden(envelope: ConnectEnvelope): Verdict {
  return {
    status: 403,
    headers: [
      ['content-type', 'application/json'],
      ['x-amzn-requestid', envelope.requestId],
      ['x-amzn-errortype', 'ForbiddenException'],
    ],
    body: Buffer.from('{"message":"Forbidden"}'),
  };
}
