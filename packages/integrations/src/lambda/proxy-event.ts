import { type ConnectionContext, decodeConnectionContext, headerMaps, queryMaps } from '@sluice/contracts';
import type { IntegrationRequest, IntegrationRoute } from '../integration.js';
import { xrayTraceId } from '../trace-context.js';
import {
  type ConnectionTextCache,
  connectionTexts,
  type RouteTexts,
  requestContextText,
  routeTexts,
} from './event-context.js';
import { withBase64Body, withEscapedBody } from './json-body.js';

type RequestOf<Kind extends IntegrationRequest['kind']> = Extract<IntegrationRequest, { kind: Kind }>;

/** The events of one route with a Lambda proxy integration (spec 05 §5.1 to §5.3), as JSON bytes. */
export class ProxyEvents {
  private readonly texts: RouteTexts;
  /** `"stageVariables":{…},`, or empty where the stage has none. */
  private readonly stageVariables: string;

  constructor(
    private readonly route: IntegrationRoute,
    private readonly connections: ConnectionTextCache,
  ) {
    this.texts = routeTexts(route);
    const hasVariables = Object.keys(route.stageVariables).length > 0;
    this.stageVariables = hasVariables ? `"stageVariables":${JSON.stringify(route.stageVariables)},` : '';
  }

  /** `traceparent`: of the call that takes the event along, so that both name the same trace. */
  render(request: IntegrationRequest, traceparent: string): Buffer {
    switch (request.kind) {
      case 'MESSAGE':
        return this.message(request);
      case 'CONNECT':
        return this.connect(request, traceparent);
      case 'DISCONNECT':
        return this.disconnect(request);
    }
  }

  private message(request: RequestOf<'MESSAGE'>): Buffer {
    const context = requestContextText(request, this.texts, this.connections.of(request.connectionContext));
    const head = `{${this.stageVariables}${context},"body":"`;
    return request.binary === true
      ? withBase64Body(head, request.body, '","isBase64Encoded":true}')
      : withEscapedBody(head, request.body, '","isBase64Encoded":false}');
  }

  private connect(request: RequestOf<'CONNECT'>, traceparent: string): Buffer {
    const connection = decodeConnectionContext(request.connectionContext);
    const traceId = xrayTraceId(traceparent);
    const declared = this.route.headerSpellings;
    const headers = headerMaps(request.handshake, connection, { forAuthorizer: false, declared, traceId });
    const query = queryMaps(request.handshake.queryString);
    const queryText =
      query === undefined
        ? ''
        : `"queryStringParameters":${JSON.stringify(query.single)},"multiValueQueryStringParameters":${JSON.stringify(query.multi)},`;
    const texts = connectionTexts(connection, request.authorizerLatencyMs);
    return Buffer.from(
      `{"headers":${JSON.stringify(headers.single)},"multiValueHeaders":${JSON.stringify(headers.multi)},` +
        `${queryText}${this.stageVariables}${requestContextText(request, this.texts, texts)},"isBase64Encoded":false}`,
    );
  }

  private disconnect(request: RequestOf<'DISCONNECT'>): Buffer {
    const connection = decodeConnectionContext(request.connectionContext);
    const context = requestContextText(request, this.texts, connectionTexts(connection));
    return Buffer.from(`{${disconnectHeaders(connection)}${this.stageVariables}${context},"isBase64Encoded":false}`);
  }
}

/** The four headers of spec 05 §5.3, three of them empty. */
function disconnectHeaders({ domainName }: ConnectionContext): string {
  const host = JSON.stringify(domainName ?? '');
  return (
    `"headers":{"Host":${host},"x-api-key":"","X-Forwarded-For":"","x-restapi":""},` +
    `"multiValueHeaders":{"Host":[${host}],"x-api-key":[""],"X-Forwarded-For":[""],"x-restapi":[""]},`
  );
}
