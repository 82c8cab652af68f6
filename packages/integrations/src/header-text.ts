import { hopByHopHeaders } from '@sluice/contracts';

/** Header values from names that users choose. Head fields are Latin-1 lines: whatever could end a line or leave Latin-1
 * would let a route key or a stage name write headers of its own. */

const needsEscape = /^ |[^\x20-\x24\x26-\x7e]| $/;

/**
 * Printable ASCII without `%` goes as it is; everything else (controls, `%`, other scripts, a blank at either end) is
 * percent-encoded UTF-8, so that `decodeURIComponent` of the value always gives the name back.
 */
export function escapeHeaderValue(text: string): string {
  if (!needsEscape.test(text)) return text;
  let escaped = '';
  const bytes = Buffer.from(text);
  for (const [index, byte] of bytes.entries()) {
    const edgeBlank = byte === 0x20 && (index === 0 || index === bytes.length - 1);
    const plain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25 && !edgeBlank;
    escaped += plain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return escaped;
}

/** A query string as a client sent it, with everything that cannot stand in a request line percent-encoded. */
export function escapeQueryString(queryString: string): string {
  return queryString.replace(/[^\x21\x22\x24-\x7e]+/g, (part) => {
    let escaped = '';
    for (const byte of Buffer.from(part)) escaped += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    return escaped;
  });
}

const tokenForm = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not pass
const fieldControl = /[\x00-\x08\x0a-\x1f\x7f]/;

// Hop by hop, or describing a body and a target that the request to the back end does not have.
const notForwarded = new Set([
  ...hopByHopHeaders,
  'content-length',
  'expect',
  'host',
  // The gateway's own: a client must not be able to speak in its name.
  'content-type',
  'traceparent',
  'user-agent',
  'x-amzn-apigateway-api-id',
  'x-amzn-trace-id',
]);

/**
 * The client's handshake headers as lines for the `$connect` request of HTTP_PROXY (spec 04 §4.5), `Sec-WebSocket-*`
 * included. Left out: hop-by-hop fields and those that `Connection` names, the gateway's own names, and fields that are not
 * valid HTTP.
 */
export function forwardedHeaderLines(headers: [name: string, value: string][]): string {
  const named = new Set<string>();
  for (const [name, value] of headers) {
    if (name.toLowerCase() === 'connection')
      for (const token of value.split(',')) named.add(token.trim().toLowerCase());
  }
  let lines = '';
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    if (notForwarded.has(key) || named.has(key) || key.startsWith('x-sluice-')) continue;
    if (!tokenForm.test(name) || fieldControl.test(value)) continue;
    // Characters beyond ASCII go out as UTF-8 bytes, as they most likely came in.
    lines += `${name}: ${Buffer.from(value).latin1Slice(0, Buffer.byteLength(value))}\r\n`;
  }
  return lines;
}
