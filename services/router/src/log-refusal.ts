import { type Envelope, errorKinds } from '@sluice/contracts';
import type { IntegrationFailure } from '@sluice/integrations';
import type { Log } from '@sluice/telemetry';
import { envelopeFields } from './envelope-fields.js';
import type { Refusal } from './refusal.js';

/** What an operator should know of a request that a gate refused: a warning where the client is not to blame. */
export function logRefusal(log: Log, envelope: Envelope, route: string, { code, detail }: Refusal): void {
  const fields = { code, route, ...envelopeFields(envelope) };
  if (errorKinds[code].source === 'client') log.info('router.refused', detail, fields);
  else log.warn('router.gate_failed', detail, fields);
}

/** What an operator should know of a request whose integration failed. */
export function logFailure(log: Log, envelope: Envelope, route: string, { code, detail }: IntegrationFailure): void {
  log.warn('router.integration_failed', detail, { code, route, ...envelopeFields(envelope) });
}
