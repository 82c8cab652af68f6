import { escapeHeaderValue, escapeQueryString, fieldValue, forwardedHeaderLines, mayBeMapped } from './header-text.js';
import type { IntegrationRequest, IntegrationRoute } from './integration.js';
import type { IntegrationTarget } from './integration-target.js';
import type { RequestParts } from './request-composition.js';
import { escapedId, methodsWithBody } from './request-head.js';
import { encodeComponent } from './target-placeholders.js';
import { traceLines } from './trace-context.js';

/**
 * Request heads into which a request's own values go: mapped headers, query parameters and placeholders. A mapped field replaces
 * the gateway's and the client's of its name; those that frame the request, name its target or are ours (`x-sluice-*`) never go
 * out from a mapping.
 */
export class MappedHead {
  /** What the gateway sets and a mapping may replace, by lower-case name. */
  private readonly replaceable: readonly (readonly [key: string, line: string])[];
  private readonly own: string;

  /**
   * `dropped`: headers of the handshake, in lower case, that `$connect` leaves out where it carries the client's query string and
   * headers (HTTP_PROXY, spec 04 §4.5); undefined where it carries neither.
   */
  constructor(
    route: IntegrationRoute,
    private readonly dropped: ReadonlySet<string> | undefined,
  ) {
    const apiId = escapeHeaderValue(route.apiId);
    this.replaceable = [
      ['user-agent', `User-Agent: AmazonAPIGateway_${apiId}\r\n`],
      ['x-amzn-apigateway-api-id', `x-amzn-apigateway-api-id: ${apiId}\r\n`],
    ];
    this.own =
      `x-sluice-api-id: ${apiId}\r\nx-sluice-stage: ${escapeHeaderValue(route.stage)}\r\n` +
      `x-sluice-route-key: ${escapeHeaderValue(route.routeKey)}\r\n`;
  }

  /** The whole head for one request to this target. */
  render(request: IntegrationRequest, target: IntegrationTarget, parts: RequestParts): string {
    const names = new Set<string>();
    let mapped = '';
    for (const [name, value] of parts.headers) {
      if (!mayBeMapped(name)) continue;
      names.add(name.toLowerCase());
      mapped += `${name}: ${fieldValue(value)}\r\n`;
    }
    let lines = `${target.method} ${this.pathOf(request, target, parts)} HTTP/1.1\r\nHost: ${target.authority}\r\n`;
    if (this.dropped !== undefined && request.kind === 'CONNECT') {
      const left = this.dropped.size === 0 ? names : new Set([...names, ...this.dropped]);
      lines += forwardedHeaderLines(request.handshake.headers, left);
    }
    for (const [key, line] of this.replaceable) if (!names.has(key)) lines += line;
    return `${lines}${this.own}${eventLines(request)}${traceFields(request, names)}${mapped}${bodyLines(target, parts, names)}\r\n`;
  }

  /** The URI's own query, then the client's where it is forwarded, then what is mapped, which replaces the client's of its name. */
  private pathOf(request: IntegrationRequest, { path }: IntegrationTarget, { querystring }: RequestParts): string {
    const queries: string[] = [];
    if (this.dropped !== undefined && request.kind === 'CONNECT' && request.handshake.queryString !== '') {
      const names = new Set(querystring.map(([name]) => name));
      const kept = request.handshake.queryString.split('&').filter((part) => !names.has(parameterName(part)));
      queries.push(escapeQueryString(kept.join('&')));
    }
    for (const [name, value] of querystring) queries.push(`${encodeComponent(name)}=${encodeComponent(value)}`);
    const query = queries.filter((each) => each !== '').join('&');
    if (query === '') return path;
    return path + (path.includes('?') ? '&' : '?') + query;
  }
}

function parameterName(part: string): string {
  const [name = ''] = new URLSearchParams(part).keys();
  return name;
}

function eventLines(request: IntegrationRequest): string {
  const messageId = request.kind === 'MESSAGE' ? request.messageId : request.requestId;
  let lines = `x-sluice-event-type: ${request.kind}\r\n`;
  if (request.kind === 'DISCONNECT') {
    lines +=
      `x-sluice-disconnect-code: ${Number(request.disconnectStatusCode)}\r\n` +
      `x-sluice-disconnect-reason: ${escapeHeaderValue(request.disconnectReason)}\r\n`;
  }
  lines += `x-sluice-connection-id: ${escapedId(request.connectionId)}\r\n`;
  return `${lines}x-sluice-request-id: ${escapedId(request.requestId)}\r\nx-sluice-message-id: ${escapedId(messageId)}\r\n`;
}

function traceFields(request: IntegrationRequest, names: ReadonlySet<string>): string {
  const lines = traceLines(request.traceparent).slice(2);
  if (!names.has('traceparent') && !names.has('x-amzn-trace-id')) return `${lines}\r\n`;
  return lines
    .split('\r\n')
    .filter((line) => !names.has(line.slice(0, line.indexOf(':')).toLowerCase()))
    .map((line) => `${line}\r\n`)
    .join('');
}

function bodyLines(target: IntegrationTarget, parts: RequestParts, names: ReadonlySet<string>): string {
  const byteCount = parts.body.length;
  if (byteCount === 0) return methodsWithBody.has(target.method) ? 'Content-Length: 0\r\n' : '';
  const type = parts.binary ? 'application/octet-stream' : 'application/json';
  return `${names.has('content-type') ? '' : `Content-Type: ${type}\r\n`}Content-Length: ${byteCount}\r\n`;
}
