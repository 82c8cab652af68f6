import { type ConnectionContext, clfTime, decodeConnectionContext, limits } from '@sluice/contracts';
import type { IntegrationRequest } from '../integration.js';

/** The part of an event that one connection has in all of its events, as JSON text: members with the comma behind or before them. */
export interface ConnectionTexts {
  /** `"authorizer":{…},` or empty. */
  authorizer: string;
  /** `"connectedAt":…,` */
  connectedAt: string;
  /** `"identity":{…},` */
  identity: string;
  /** `"domainName":"…",` */
  domainName: string;
}

/**
 * Keeps the texts of connections by their context: parsing and writing it again for each message would cost more than the rest of
 * the event. Two generations: what was used lately is in one of them, and neither needs an order.
 */
export class ConnectionTextCache {
  private young = new Map<string, ConnectionTexts>();
  private old = new Map<string, ConnectionTexts>();

  constructor(private readonly entriesMax: number = limits.eventTextsCachedMax) {}

  /** Entries held, for tests. */
  get size(): number {
    return this.young.size + this.old.size;
  }

  of(connectionContext: string): ConnectionTexts {
    const known = this.young.get(connectionContext);
    if (known !== undefined) return known;
    const texts = this.old.get(connectionContext) ?? connectionTexts(decodeConnectionContext(connectionContext));
    if (this.young.size >= this.entriesMax) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(connectionContext, texts);
    return texts;
  }
}

/** `integrationLatencyMs`: of the authorizer's call, on CONNECT only (spec 05 §5.4). */
export function connectionTexts(context: ConnectionContext, integrationLatencyMs?: number): ConnectionTexts {
  return {
    authorizer: authorizerText(context, integrationLatencyMs),
    connectedAt: typeof context.connectedAtMs === 'number' ? `"connectedAt":${context.connectedAtMs},` : '',
    identity: `"identity":${JSON.stringify(identityOf(context))},`,
    domainName: `"domainName":${JSON.stringify(context.domainName ?? '')},`,
  };
}

function authorizerText(context: ConnectionContext, integrationLatencyMs: number | undefined): string {
  const { authorizer } = context;
  if (authorizer === undefined) return '';
  const { principalId, ...others } = authorizer;
  const members = { principalId, integrationLatency: integrationLatencyMs, ...others };
  return `"authorizer":${JSON.stringify(members)},`;
}

/** Members that are not known are left out (spec 05); an empty `User-Agent` is one that was not sent. */
function identityOf({ identity, sourceIp, userAgent }: ConnectionContext): Record<string, string | undefined> {
  return {
    principalOrgId: identity?.principalOrgId,
    userArn: identity?.userArn,
    userAgent: userAgent === '' ? undefined : userAgent,
    accountId: identity?.accountId,
    caller: identity?.caller,
    sourceIp,
    accessKey: identity?.accessKey,
    user: identity?.user,
    apiKey: identity?.apiKey,
    apiKeyId: identity?.apiKeyId,
  };
}

/** What of `requestContext` a route has in all of its events. */
export interface RouteTexts {
  /** `"requestContext":{"routeKey":"…",` */
  start: string;
  /** `,"messageDirection":"IN",` */
  direction: string;
  /** `"stage":"…",` */
  stage: string;
  /** `","apiId":"…"}`, behind the connection id. */
  end: string;
}

export function routeTexts({ routeKey, stage, apiId }: { routeKey: string; stage: string; apiId: string }): RouteTexts {
  return {
    start: `"requestContext":{"routeKey":${JSON.stringify(routeKey)},`,
    direction: ',"messageDirection":"IN",',
    stage: `"stage":${JSON.stringify(stage)},`,
    end: `","apiId":${JSON.stringify(apiId)}}`,
  };
}

/**
 * `"requestContext":{…}` of an event, members in the order of spec 05. Nobody has seen `authorizer` printed in it; older events, in
 * which members without a value were null, had it behind `routeKey`.
 */
export function requestContextText(request: IntegrationRequest, route: RouteTexts, texts: ConnectionTexts): string {
  const requestId = idText(request.requestId);
  const time = `"requestTime":"${requestTime(request.timeMs)}"`;
  const before =
    request.kind === 'MESSAGE'
      ? `"messageId":"${idText(request.messageId)}",`
      : request.kind === 'DISCONNECT'
        ? `"disconnectStatusCode":${Number(request.disconnectStatusCode)},`
        : '';
  const reason = request.kind === 'DISCONNECT' ? `"disconnectReason":${JSON.stringify(request.disconnectReason)},` : '';
  return (
    `${route.start}${texts.authorizer}${before}"eventType":"${request.kind}","extendedRequestId":"${requestId}",` +
    `${time}${route.direction}${reason}${route.stage}${texts.connectedAt}"requestTimeEpoch":${request.timeMs},` +
    `${texts.identity}"requestId":"${requestId}",${texts.domainName}"connectionId":"${idText(request.connectionId)}${route.end}`
  );
}

const idForm = /^[\w+/=-]*$/;

// Ids come from the bus, which checks lengths only.
function idText(id: string): string {
  return idForm.test(id) ? id : JSON.stringify(id).slice(1, -1);
}

let knownSecond = -1;
let knownTime = '';

/** Messages come by the thousand within one second, and its text is the same for all of them. */
function requestTime(timeMs: number): string {
  const second = Math.floor(timeMs / 1000);
  if (second !== knownSecond) {
    knownTime = clfTime(timeMs);
    knownSecond = second;
  }
  return knownTime;
}
