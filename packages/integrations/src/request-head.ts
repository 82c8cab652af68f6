import { escapeHeaderValue, escapeQueryString, forwardedHeaderLines } from './header-text.js';
import type { IntegrationRequest, IntegrationRoute } from './integration.js';
import type { IntegrationTarget } from './integration-target.js';
import { traceLines } from './trace-context.js';

// Without a length these say "a body may follow"; some servers wait for it.
export const methodsWithBody: ReadonlySet<string> = new Set(['PATCH', 'POST', 'PUT']);
const idForm = /^[\w+/=-]*$/;

/**
 * Request heads of one integration on one route: rendered once, with holes for what differs from message to message. The
 * gateway's own fields come last and no client field has their names.
 */
export class RequestHead {
  private readonly fields: string;
  private readonly messageStart: string;
  private readonly bodylessEnd: string;

  /**
   * `dropped`: headers of the handshake, in lower case, that `$connect` leaves out where it carries the client's query string and
   * headers (HTTP_PROXY, spec 04 §4.5); undefined where it carries neither.
   */
  constructor(
    private readonly target: IntegrationTarget,
    route: IntegrationRoute,
    private readonly dropped: ReadonlySet<string> | undefined,
  ) {
    const apiId = escapeHeaderValue(route.apiId);
    this.fields =
      `User-Agent: AmazonAPIGateway_${apiId}\r\nx-amzn-apigateway-api-id: ${apiId}\r\nx-sluice-api-id: ${apiId}\r\n` +
      `x-sluice-stage: ${escapeHeaderValue(route.stage)}\r\nx-sluice-route-key: ${escapeHeaderValue(route.routeKey)}\r\n`;
    this.messageStart = `${this.start(target.path)}${this.fields}x-sluice-event-type: MESSAGE\r\n`;
    this.bodylessEnd = methodsWithBody.has(target.method) ? '\r\nContent-Length: 0\r\n\r\n' : '\r\n\r\n';
  }

  /** The whole head for one request with a body of this many bytes. */
  render(request: IntegrationRequest, bodyBytes: number): string {
    const { connectionId, requestId } = request;
    // What is not a message has no message id; its request id is as good for dropping repeats, being the same on each of them.
    const messageId = request.kind === 'MESSAGE' ? request.messageId : requestId;
    const end =
      bodyBytes === 0 ? this.bodylessEnd : `\r\nContent-Type: application/json\r\nContent-Length: ${bodyBytes}\r\n\r\n`;
    return `${this.startOf(request)}x-sluice-connection-id: ${escapedId(connectionId)}\r\nx-sluice-request-id: ${escapedId(requestId)}\r\nx-sluice-message-id: ${escapedId(messageId)}${traceLines(request.traceparent)}${end}`;
  }

  private startOf(request: IntegrationRequest): string {
    if (request.kind === 'MESSAGE') return this.messageStart;
    if (request.kind === 'DISCONNECT') {
      return (
        `${this.start(this.target.path)}${this.fields}x-sluice-event-type: DISCONNECT\r\n` +
        `x-sluice-disconnect-code: ${Number(request.disconnectStatusCode)}\r\n` +
        `x-sluice-disconnect-reason: ${escapeHeaderValue(request.disconnectReason)}\r\n`
      );
    }
    if (this.dropped === undefined)
      return `${this.start(this.target.path)}${this.fields}x-sluice-event-type: CONNECT\r\n`;
    const { queryString, headers } = request.handshake;
    const joint = this.target.path.includes('?') ? '&' : '?';
    const path = queryString === '' ? this.target.path : this.target.path + joint + escapeQueryString(queryString);
    return `${this.start(path)}${forwardedHeaderLines(headers, this.dropped)}${this.fields}x-sluice-event-type: CONNECT\r\n`;
  }

  private start(path: string): string {
    return `${this.target.method} ${path} HTTP/1.1\r\nHost: ${this.target.authority}\r\n`;
  }
}

// Ids come from the bus, which checks lengths only.
export function escapedId(text: string): string {
  return idForm.test(text) ? text : escapeHeaderValue(text);
}
