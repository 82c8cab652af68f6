import type { AuthorizationOutcome, PreparedAuthorization } from '@sluice/auth';
import {
  type ContextPlace,
  type ContextVariables,
  contextVariables,
  type Envelope,
  type ErrorCode,
  errorKinds,
} from '@sluice/contracts';
import { type Ending, integrationStatusOf } from './journal.js';

/** All that is known of one request when it has ended. */
export interface RequestRecord {
  place: ContextPlace;
  envelope: Envelope;
  /** Unset where the route asks for no authorization. */
  authorization?: { by: PreparedAuthorization; outcome: AuthorizationOutcome; tookMs: number } | undefined;
  /** Unset where no integration was called. */
  integrationLatencyMs?: number | undefined;
  /** Of the back end's answer, where it is from AWS or says so. */
  awsRequestId?: string | undefined;
  ending: Ending;
}

/** `$context` of an access log line (spec 12 §12.3): what the request had, and what became of it. */
export function accessLogVariables(record: RequestRecord): ContextVariables {
  const { place, envelope, ending } = record;
  const base = contextVariables(place, envelope);
  return {
    ...base,
    status: ending.status,
    ...authorizationVariables(record, base['authorizer']),
    ...integrationVariables(record),
    ...errorVariables(ending),
  };
}

function errorVariables({ refusal }: Ending): ContextVariables {
  if (refusal === undefined) return {};
  return {
    error: {
      message: refusal.message ?? errorKinds[refusal.code].message,
      responseType: errorKinds[refusal.code].responseType,
      validationErrorString: refusal.validationErrorString,
    },
  };
}

/** AWS_IAM is authentication and authorization in one; whatever else decides is an authorizer. */
function authorizationVariables({ authorization }: RequestRecord, granted: ContextVariables[string]): ContextVariables {
  if (authorization === undefined) return {};
  const { by, outcome, tookMs } = authorization;
  const latency = Math.round(outcome.latencyMs ?? tookMs);
  const step = {
    latency,
    status: outcome.ok ? 200 : errorKinds[outcome.code].handshakeStatus,
    error: outcome.ok ? undefined : errorText(outcome.code),
  };
  if (by.type === 'AWS_IAM') return { authenticate: step, authorize: step };
  return {
    authorizer: {
      ...(typeof granted === 'object' ? granted : {}),
      ...step,
      integrationLatency: outcome.latencyMs,
      requestId: outcome.requestId,
      integrationStatus: outcome.latencyMs === undefined || !answered(outcome) ? undefined : 200,
    },
  };
}

/** Whether the authorizer itself answered, whatever it said. */
function answered(outcome: AuthorizationOutcome): boolean {
  return outcome.ok || outcome.code !== 'authorizer_failed';
}

function errorText(code: ErrorCode): string {
  return errorKinds[code].message;
}

function integrationVariables({ integrationLatencyMs, awsRequestId, ending }: RequestRecord): ContextVariables {
  const { outcome } = ending;
  if (outcome === undefined) return {};
  const latency = integrationLatencyMs === undefined ? undefined : Math.round(integrationLatencyMs);
  const status = integrationStatusOf(outcome);
  const error = outcome.ok ? undefined : outcome.detail;
  return {
    integrationLatency: latency,
    integrationStatus: status,
    integrationErrorMessage: error,
    awsEndpointRequestId: awsRequestId,
    integration: { latency, status, integrationStatus: status, error, requestId: awsRequestId },
  };
}
