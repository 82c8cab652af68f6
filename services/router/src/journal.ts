import type { AuthorizationOutcome, PreparedAuthorization } from '@sluice/auth';
import { type Envelope, errorKinds } from '@sluice/contracts';
import type { ExchangeObserver, IntegrationOutcome } from '@sluice/integrations';
import type { Refusal } from './refusal.js';

/** Writes what a stage's access log and a route's execution log want to know; a route has none where neither is on. */
export interface RouteJournal {
  open(envelope: Envelope): PassageJournal;
}

/** The lines of one request, gathered as it goes and written when it has ended. */
export interface PassageJournal {
  /** Sees the call of the back end, where the execution log shows it. */
  readonly observer: ExchangeObserver | undefined;
  /** A gate has changed the request: its context says more now. */
  envelope: Envelope;
  authorized(authorization: PreparedAuthorization, outcome: AuthorizationOutcome): void;
  /** The integration is about to be called. */
  invoking(): void;
  /** The request has ended, with the status that the client got or would have got; called once. */
  end(ending: Ending): void;
}

export interface Ending {
  status: number;
  /** Of a gate, of the router itself, or what became of a failed integration. */
  refusal?: Refusal | undefined;
  /** Undefined where no integration was called. */
  outcome?: IntegrationOutcome | undefined;
}

/** What the back end answered with; undefined where no answer of it is known. */
export function integrationStatusOf(outcome: IntegrationOutcome): number | undefined {
  return outcome.integrationStatus ?? (outcome.ok ? outcome.status : undefined);
}

/** How a message or a `$disconnect` ended whose integration was called. */
export function endingOf(outcome: IntegrationOutcome): Ending {
  if (outcome.ok) return { status: 200, outcome };
  const { code, detail } = outcome;
  return { status: errorKinds[code].handshakeStatus, refusal: { code, detail }, outcome };
}
