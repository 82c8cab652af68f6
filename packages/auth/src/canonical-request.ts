import type { SignatureClaim } from './signature-claim.js';

/** What of a request a signature covers. `ManagementRequest` is one. */
export interface SignedRequest {
  method: string;
  /** As received, still encoded, without the query. */
  rawPath: string;
  /** As received, without `?`. */
  queryString: string;
  /** Names in lower case, in order and with repetition. */
  headers: readonly (readonly [name: string, value: string])[];
  body: Uint8Array;
}

/**
 * The canonical request of Signature Version 4, or undefined where the request cannot have been signed as it is claimed:
 * a header said to be signed is absent, a header that must be signed is not, or the query is not decodable.
 */
export function canonicalRequest(request: SignedRequest, claim: SignatureClaim, bodyHash: string): string | undefined {
  const headers = canonicalHeaders(request.headers, claim.signedHeaders);
  if (headers === undefined) return undefined;
  const signedHeaders = claim.signedHeaders.join(';');
  try {
    const path = canonicalUri(request.rawPath);
    const query = request.queryString === '' ? '' : canonicalQuery(request.queryString);
    return `${request.method}\n${path}\n${query}\n${headers}\n${signedHeaders}\n${bodyHash}`;
  } catch (error) {
    // A stray `%` or half a surrogate pair: no signer writes them, and two servers would not read them alike.
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

const uriUnreserved = /^[A-Za-z0-9\-._~/]*$/;

/**
 * The double-encoding rule of every service but S3: the path on the wire is encoded already, and each of its segments is
 * encoded once more, so `%40` becomes `%2540` and `@` becomes `%40`. Signers resolve `//`, `.` and `..` first.
 */
export function canonicalUri(rawPath: string): string {
  const path = rawPath.includes('//') || rawPath.includes('/.') ? withoutDotSegments(rawPath) : rawPath;
  return uriUnreserved.test(path) ? path : encodeUri(path).replaceAll('%2F', '/');
}

function withoutDotSegments(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment === '..') kept.pop();
    else kept.push(segment);
  }
  return `/${kept.join('/')}${kept.length > 0 && path.endsWith('/') ? '/' : ''}`;
}

/** Percent-encodes all but `A-Z a-z 0-9 - . _ ~`. Throws `URIError` for half a surrogate pair. */
function encodeUri(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Decoded and encoded anew, so that `%7e` and `~` are one; sorted by encoded name, then value. */
function canonicalQuery(queryString: string): string {
  const pairs: [name: string, value: string][] = [];
  for (const part of queryString.split('&')) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    const name = equals === -1 ? part : part.slice(0, equals);
    const value = equals === -1 ? '' : part.slice(equals + 1);
    pairs.push([encodeUri(decodeURIComponent(name)), encodeUri(decodeURIComponent(value))]);
  }
  pairs.sort((a, b) => compare(a[0], b[0]) || compare(a[1], b[1]));
  return pairs.map(([name, value]) => `${name}=${value}`).join('&');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const collapsible = /\s\s|[\t\n\v\f\r]|^\s|\s$/;

function canonicalHeaders(headers: SignedRequest['headers'], signedHeaders: readonly string[]): string | undefined {
  const values: (string | undefined)[] = new Array(signedHeaders.length);
  for (const [name, value] of headers) {
    const position = signedHeaders.indexOf(name);
    if (position === -1) {
      // An unsigned `x-amz-` header could have been put in by anybody on the way.
      if (name.startsWith('x-amz-')) return undefined;
      continue;
    }
    const canonical = collapsible.test(value) ? value.trim().replace(/\s+/g, ' ') : value;
    const earlier = values[position];
    values[position] = earlier === undefined ? canonical : `${earlier},${canonical}`;
  }
  let text = '';
  for (let i = 0; i < signedHeaders.length; i++) {
    const value = values[i];
    if (value === undefined) return undefined;
    text += `${signedHeaders[i]}:${value}\n`;
  }
  return text;
}
