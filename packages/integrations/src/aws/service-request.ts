import { limits } from '@sluice/contracts';
import { escapeHeaderValue, fieldValue, mayBeMapped } from '../header-text.js';
import { MisconfiguredIntegrationError } from '../integration.js';
import { originOf, readUrl } from '../integration-target.js';
import type { RequestParts } from '../request-composition.js';
import { hasDotSegment } from '../target-placeholders.js';
import { traceparentFor, xrayTraceId } from '../trace-context.js';
import { type AwsSettings, serviceDomain } from './aws-settings.js';
import type { RequestSigner } from './request-signer.js';
import { actionRequest } from './service-protocols.js';
import {
  compileFilledText,
  encodeRfc3986,
  encodeWrittenPath,
  type FilledText,
  type Pairs,
  type ServiceUri,
} from './service-uri.js';

/** Where a service is, and how it wants to be called there. */
export interface ServicePlace {
  url: URL;
  /** `Host` as it is sent: with the subdomain also where all of them are at one endpoint. */
  authority: string;
}

/** Throws `MisconfiguredIntegrationError` for an endpoint that is no address. */
export function placeOf({ partition, region, subdomain, service }: ServiceUri, aws: AwsSettings): ServicePlace {
  const endpoints = aws.endpoints ?? {};
  const name = subdomain === undefined ? service : `${subdomain}.${service}`;
  const key = [name, service].find((each) => Object.hasOwn(endpoints, each));
  if (key === undefined) {
    const url = new URL(`https://${name}.${region}.${serviceDomain(partition)}/`);
    return { url, authority: url.host };
  }
  const url = readUrl(endpoints[key] ?? '', `aws.endpoints.${key}`);
  return { url, authority: key === name ? url.host : `${subdomain}.${url.host}` };
}

/** One request, before it is signed. */
interface ServiceCall {
  path: string;
  query: Pairs;
  headers: Record<string, string>;
  body: Uint8Array;
}

/** Requests to one service as one integration asks it (spec 04 §4.5). */
export class ServiceRequest {
  private readonly rest: FilledText;
  private readonly writtenQuery: Pairs;
  private readonly basePath: string;

  constructor(
    private readonly uri: ServiceUri,
    private readonly place: ServicePlace,
    private readonly method: string,
    private readonly apiId: string,
    private readonly signer: RequestSigner,
  ) {
    const [start, ...parameters] = uri.form === 'action' ? uri.rest.split('&') : uri.rest.split('?');
    this.rest = compileFilledText(start ?? '');
    this.writtenQuery = [...new URLSearchParams(parameters.join(uri.form === 'action' ? '&' : '?'))];
    this.basePath = place.url.pathname.replace(/\/+$/, '');
  }

  get origin() {
    return originOf(this.place.url, 'written');
  }

  /** The signed head and what it begins; throws `MisconfiguredIntegrationError` where this request's values make none. */
  async render(parts: RequestParts, traceparent: string | undefined): Promise<string> {
    const call = this.uri.form === 'action' ? this.action(parts) : this.byPath(parts);
    const { authority } = this.place;
    const query = call.query.map(([name, value]) => `${encodeRfc3986(name)}=${encodeRfc3986(value)}`).join('&');
    const signature = await this.signer.sign({ method: this.method, authority, ...call });
    const own = traceparentFor(traceparent);
    let head =
      `${this.method} ${call.path}${query === '' ? '' : `?${query}`} HTTP/1.1\r\nHost: ${authority}\r\n` +
      `User-Agent: AmazonAPIGateway_${escapeHeaderValue(this.apiId)}\r\nX-Amzn-Trace-Id: ${xrayTraceId(own)}\r\n`;
    for (const [name, value] of Object.entries(call.headers)) head += `${name}: ${fieldValue(value)}\r\n`;
    for (const [name, value] of signature) head += `${name}: ${value}\r\n`;
    head += `Content-Length: ${call.body.length}\r\n\r\n`;
    if (head.length <= limits.integrationHeadBytesMax) return head;
    throw new MisconfiguredIntegrationError(`the request head has ${head.length} bytes, made of mapped values`);
  }

  private action(parts: RequestParts): ServiceCall {
    const mapped = mappedHeaders(parts.headers);
    const action = this.rest.fill(parts.path, (value) => value);
    if (action === undefined || !/^[A-Za-z][A-Za-z0-9]{0,127}$/.test(action)) {
      throw new MisconfiguredIntegrationError(`${this.uri.rest} names no action: a placeholder in it has no value`);
    }
    const { headers, query } = actionRequest(this.uri.service, action, mapped['content-type']);
    return {
      path: `${this.basePath}/`,
      query: [...query, ...this.writtenQuery, ...pairsOf(parts.querystring)],
      headers: { ...headers, ...mapped },
      body: parts.body,
    };
  }

  private byPath(parts: RequestParts): ServiceCall {
    const rest = this.rest.fill(parts.path, encodeRfc3986);
    if (rest === undefined) {
      throw new MisconfiguredIntegrationError(`nothing fills a placeholder of ${this.uri.rest}`);
    }
    if (hasDotSegment(rest)) {
      throw new MisconfiguredIntegrationError(`a placeholder of ${this.uri.rest} makes a path segment of dots`);
    }
    const byDefault = parts.body.length === 0 ? {} : { 'content-type': 'application/json' };
    return {
      path: `${this.basePath}/${encodeWrittenPath(rest.replace(/^\//, ''))}`,
      query: [...this.writtenQuery, ...pairsOf(parts.querystring)],
      headers: { ...byDefault, ...mappedHeaders(parts.headers) },
      body: parts.body,
    };
  }
}

/** Without lone surrogates, which have no bytes that could be signed and sent. */
function pairsOf(fields: RequestParts['querystring']): Pairs {
  return fields.map(([name, value]) => [name, Buffer.from(value).toString()]);
}

// The signature's own, and what the gateway says in its own name.
const notMapped = new Set([
  'authorization',
  'user-agent',
  'x-amz-content-sha256',
  'x-amz-date',
  'x-amz-security-token',
  'x-amzn-trace-id',
]);

/** Mapped fields by lower-case name, as they are signed; several values of one name become one, as they are signed too. */
function mappedHeaders(fields: RequestParts['headers']): Record<string, string> {
  const headers = new Map<string, string>();
  for (const [name, text] of fields) {
    const key = name.toLowerCase();
    if (!mayBeMapped(name) || notMapped.has(key)) continue;
    // What goes out are the bytes of UTF-8, and these are what the signer makes of the same text.
    const value = Buffer.from(fieldValue(text), 'latin1').toString();
    const known = headers.get(key);
    headers.set(key, known === undefined ? value : `${known},${value}`);
  }
  return Object.fromEntries(headers);
}
