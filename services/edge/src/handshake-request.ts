import { limits } from '@sluice/contracts';
import { badRequest, forbidden, type HttpAnswer, headersTooLarge, uriTooLong, wrongVersion } from './http-answer.js';

/** An HTTP request without its body, copied out of the library's buffers. */
export interface RequestHead {
  method: string;
  /** As received, without the query. */
  path: string;
  queryString: string;
  /** Lower-case names, in order and with repetition. */
  headers: [name: string, value: string][];
  sourceIp: string;
}

// A second value of one of these makes the request mean two things: whichever we took, a proxy may have taken the other.
const atMostOnce = new Set([
  'host',
  'upgrade',
  'sec-websocket-key',
  'sec-websocket-version',
  'content-length',
  'transfer-encoding',
  'authorization',
]);

/**
 * Decides whether an upgrade request is one that may go on to its stage; otherwise what it is answered (spec 01 §1.3, 14).
 * What the library itself answers never comes here: syntax errors, HTTP/1.0, a missing `Host`.
 */
export function checkUpgradeHead(head: RequestHead): HttpAnswer | undefined {
  const queryBytes = head.queryString === '' ? 0 : head.queryString.length + 1;
  if (head.path.length + queryBytes > limits.urlBytesMax) return uriTooLong();
  if (headerBytes(head.headers) > limits.headerBytesMax) return headersTooLarge();
  const single = singleHeaders(head.headers);
  if (single === undefined) return badRequest();
  // An upgrade has no body; one that claims to have smuggles whatever follows it.
  if (single.has('transfer-encoding') || (single.get('content-length') ?? '0') !== '0') return badRequest();
  if (!hasToken(head.headers, 'upgrade', 'websocket')) return forbidden();
  if (!hasToken(head.headers, 'connection', 'upgrade')) return badRequest();
  if (single.get('sec-websocket-version') !== '13') return wrongVersion();
  return undefined;
}

/** First value of a header, or the empty text. */
export function headerOf(head: RequestHead, name: string): string {
  for (const [key, value] of head.headers) if (key === name) return value;
  return '';
}

/** Whether a comma-separated header names this token, in any case. */
export function hasToken(headers: RequestHead['headers'], name: string, token: string): boolean {
  for (const [key, value] of headers) {
    if (key !== name) continue;
    for (const part of value.split(',')) if (part.trim().toLowerCase() === token) return true;
  }
  return false;
}

/** As on the wire: name, colon and blank, value, line end. */
function headerBytes(headers: RequestHead['headers']): number {
  let bytes = 0;
  for (const [name, value] of headers) bytes += name.length + value.length + 4;
  return bytes;
}

function singleHeaders(headers: RequestHead['headers']): Map<string, string> | undefined {
  const found = new Map<string, string>();
  for (const [name, value] of headers) {
    if (!atMostOnce.has(name)) continue;
    if (found.has(name)) return undefined;
    found.set(name, value);
  }
  return found;
}
