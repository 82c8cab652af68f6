import type { AuthorizationOutcome, Authorized, PreparedAuthorization } from '@sluice/auth';
import {
  type ConnectionContext,
  type ContextPlace,
  type ContextVariables,
  contextVariables,
  decodeConnectionContext,
  encodeConnectionContext,
} from '@sluice/contracts';
import { traceparentFor, xrayTraceId } from '@sluice/integrations';
import { type ActiveSpan, attributeNames, isSampled, spanNames, type Tracing } from '@sluice/telemetry';
import type { Gate, Passage } from './passage.js';

interface AuthorizationGateParts {
  authorization: PreparedAuthorization;
  place: ContextPlace;
  tracing: Tracing;
  /** Counts one authorization: `ok` or the code of its refusal. */
  observe(result: string, seconds: number, traceparent: string | undefined): void;
}

/** Authorization of one route (spec 08); what it grants is part of the connection's context from here on. */
export function authorizationGate({ authorization, place, tracing, observe }: AuthorizationGateParts): Gate {
  return (passage, next) => {
    const { envelope } = passage;
    const connection = decodeConnectionContext(envelope.connectionContext);
    const span =
      tracing.enabled && isSampled(envelope.traceparent)
        ? startSpan(tracing, authorization, envelope.traceparent)
        : undefined;
    // Authorizer and integration name one trace, in their events and in the calls that carry them.
    const traceparent = traceparentFor(span?.traceparent ?? envelope.traceparent);
    if (envelope.traceparent === undefined) passage.envelope = { ...envelope, traceparent };
    const startedAtMs = performance.now();
    let variables: ContextVariables | undefined;
    const request = {
      envelope: { ...envelope, traceparent },
      connection,
      context: () => {
        variables ??= contextVariables(place, envelope);
        return variables;
      },
      traceId: xrayTraceId(traceparent),
    };
    authorization.authorize(request, (outcome) => {
      observe(outcome.ok ? 'ok' : outcome.code, (performance.now() - startedAtMs) / 1000, envelope.traceparent);
      endSpan(span, outcome);
      passage.authorizerLatencyMs = outcome.latencyMs;
      if (outcome.ok) grant(passage, connection, outcome);
      passage.journal?.authorized(authorization, outcome);
      next(outcome.ok ? undefined : { code: outcome.code, detail: outcome.detail });
    });
  };
}

/** Of a message only a new deadline concerns the connection: what its authorizer adds holds for this message. */
function grant(passage: Passage, connection: ConnectionContext, granted: Authorized): void {
  const { authorizer, identity, authorizedUntilMs } = granted;
  passage.usageIdentifierKey = granted.usageIdentifierKey;
  passage.protocol = granted.subProtocol;
  if (authorizer === undefined && identity === undefined && authorizedUntilMs === undefined) return;
  const context: ConnectionContext = { ...connection };
  if (authorizer !== undefined) context.authorizer = authorizer;
  if (identity !== undefined) context.identity = { ...connection.identity, ...identity };
  if (authorizedUntilMs !== undefined) context.authorizedUntilMs = authorizedUntilMs;
  replaceContext(passage, context);
  const isNew = authorizedUntilMs !== undefined && authorizedUntilMs !== connection.authorizedUntilMs;
  if ((isNew && mayRenew(connection)) || passage.envelope.kind === 'CONNECT') passage.contextChanged = true;
}

/** Who was let in by another authorizer stays who that one said: no token of a message hands the connection to its subject. */
function mayRenew({ authorizer, authorizedUntilMs }: ConnectionContext): boolean {
  return authorizer === undefined || authorizedUntilMs !== undefined;
}

/** The request goes on with this context: its integration, its logs and, where it changed, its edge see it. */
export function replaceContext(passage: Passage, context: ConnectionContext): void {
  passage.envelope = { ...passage.envelope, connectionContext: encodeConnectionContext(context) };
  if (passage.journal !== undefined) passage.journal.envelope = passage.envelope;
}

function startSpan(tracing: Tracing, authorization: PreparedAuthorization, parent: string | undefined): ActiveSpan {
  return tracing.startSpan(spanNames.authorize, {
    kind: 'internal',
    parent,
    attributes: {
      [attributeNames.authorizationType]: authorization.type,
      ...(authorization.authorizerId === undefined ? {} : { [attributeNames.authorizer]: authorization.authorizerId }),
    },
  });
}

function endSpan(span: ActiveSpan | undefined, outcome: AuthorizationOutcome): void {
  if (span === undefined) return;
  span.setAttribute(attributeNames.result, outcome.ok ? 'ok' : outcome.code);
  span.end(outcome.ok ? undefined : outcome.code);
}
