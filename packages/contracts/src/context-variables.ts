import { type ConnectionContext, decodeConnectionContext, type Envelope } from './envelope.js';
import type { ContextVariables } from './mapping.js';

/** What about a request is not in its envelope: known when the stage is compiled. */
export interface ContextPlace {
  apiId: string;
  stage: string;
  routeKey: string;
  accountId: string;
}

type RequestEnvelope = Omit<Envelope, 'scope'> &
  Partial<{ messageId: string; disconnectStatusCode: number; disconnectReason: string }> & {
    /** How long the authorizer of a handshake took. */
    authorizerLatencyMs?: number | undefined;
  };

/** `$context` of one request (spec 06 §6.5). Callers add `error`, `integration` and what else their moment knows. */
export function contextVariables(place: ContextPlace, envelope: RequestEnvelope): ContextVariables {
  const connection = decodeConnectionContext(envelope.connectionContext);
  return {
    accountId: place.accountId,
    apiId: place.apiId,
    connectedAt: connection.connectedAtMs,
    connectionId: envelope.connectionId,
    domainName: connection.domainName,
    eventType: envelope.kind,
    extendedRequestId: envelope.requestId,
    messageDirection: 'IN',
    ...(envelope.messageId === undefined ? {} : { messageId: envelope.messageId }),
    ...(envelope.disconnectStatusCode === undefined
      ? {}
      : { disconnectStatusCode: envelope.disconnectStatusCode, disconnectReason: envelope.disconnectReason }),
    requestId: envelope.requestId,
    requestTime: clfTime(envelope.timeMs),
    requestTimeEpoch: envelope.timeMs,
    routeKey: place.routeKey,
    stage: place.stage,
    ...authorizerOf(connection, envelope.authorizerLatencyMs),
    identity: identityOf(connection),
  };
}

/** `integrationLatency` is known on CONNECT only, as in the event (spec 05 §5.4). */
function authorizerOf({ authorizer }: ConnectionContext, integrationLatency: number | undefined): ContextVariables {
  if (authorizer === undefined) return {};
  return { authorizer: integrationLatency === undefined ? { ...authorizer } : { ...authorizer, integrationLatency } };
}

function identityOf(connection: ConnectionContext): ContextVariables {
  const identity: ContextVariables = { ...connection.identity, sourceIp: connection.sourceIp };
  if (connection.userAgent !== '') identity['userAgent'] = connection.userAgent;
  return identity;
}

/** One variable by its dotted name, `identity.sourceIp`, without `$context.`; undefined where there is none. */
export function contextVariable(context: ContextVariables, name: string): string | number | boolean | undefined {
  let value: ContextVariables[string] = context;
  for (const member of name.split('.')) {
    if (typeof value !== 'object' || !Object.hasOwn(value, member)) return undefined;
    value = value[member];
  }
  return typeof value === 'object' ? undefined : value;
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `19/Jul/2023:19:28:16 +0000`, the format of `requestTime` (spec 05 §5.1). */
export function clfTime(timeMs: number): string {
  const time = new Date(timeMs);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${two(time.getUTCDate())}/${months[time.getUTCMonth()]}/${time.getUTCFullYear()}`;
  return `${day}:${two(time.getUTCHours())}:${two(time.getUTCMinutes())}:${two(time.getUTCSeconds())} +0000`;
}
