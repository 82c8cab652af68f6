import { type ContextVariables, headerMaps, queryMaps, type StageDefinition } from '@sluice/contracts';
import type { AuthorizationRequest } from './authorization.js';

export interface AuthorizerEventPlace {
  methodArn: string;
  stage: StageDefinition;
  /** Spellings that the identity sources and the API's other definitions ask for. */
  headerNames: ReadonlyMap<string, string>;
}

/**
 * What a REQUEST authorizer is called with, as JSON text (spec 08 §8.1). Unlike the CONNECT event it has `Connection`, `Upgrade` and
 * `content-length`, and empty maps are there as `{}`. Of a message (ours) header and query maps are empty, and the body is there, as
 * in the MESSAGE event, since nothing else can carry its identity.
 */
export function authorizerEvent(request: AuthorizationRequest, place: AuthorizerEventPlace): string {
  const { envelope, connection, traceId } = request;
  const isConnect = envelope.kind === 'CONNECT';
  const headers = isConnect
    ? headerMaps(envelope.handshake, connection, { forAuthorizer: true, declared: place.headerNames, traceId })
    : undefined;
  const query = isConnect ? queryMaps(envelope.handshake.queryString) : undefined;
  return JSON.stringify({
    type: 'REQUEST',
    methodArn: place.methodArn,
    headers: headers?.single ?? {},
    multiValueHeaders: headers?.multi ?? {},
    queryStringParameters: query?.single ?? {},
    multiValueQueryStringParameters: query?.multi ?? {},
    stageVariables: place.stage.stageVariables,
    requestContext: requestContext(request.context()),
    ...(isConnect ? {} : bodyOf(envelope.body, envelope.binary === true)),
  });
}

function bodyOf(body: Uint8Array, binary: boolean): { body: string; isBase64Encoded: boolean } {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return { body: bytes.toString(binary ? 'base64' : 'utf8'), isBase64Encoded: binary };
}

/** The members of the event's `requestContext`, in its order; those without a value are left out. */
function requestContext(context: ContextVariables): ContextVariables {
  return {
    routeKey: context['routeKey'],
    messageId: context['messageId'],
    eventType: context['eventType'],
    extendedRequestId: context['extendedRequestId'],
    requestTime: context['requestTime'],
    messageDirection: context['messageDirection'],
    stage: context['stage'],
    connectedAt: context['connectedAt'],
    requestTimeEpoch: context['requestTimeEpoch'],
    identity: context['identity'],
    requestId: context['requestId'],
    domainName: context['domainName'],
    connectionId: context['connectionId'],
    apiId: context['apiId'],
    authorizer: context['authorizer'],
  };
}
