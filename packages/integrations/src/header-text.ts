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
    escaped += plain ? String.fromCharCode(byte) : percentByte(byte);
  }
  return escaped;
}

/** A query string as a client sent it, with everything that cannot stand in a request line percent-encoded. */
export function escapeQueryString(queryString: string): string {
  return queryString.replace(/[^\x21\x22\x24-\x7e]+/g, (part) => percentEncoded(part));
}

/** Every byte of a text's UTF-8 percent-encoded, whether it needs to be or not. */
export function percentEncoded(text: string): string {
  let encoded = '';
  for (const byte of Buffer.from(text)) encoded += percentByte(byte);
  return encoded;
}

function percentByte(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
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

const noNames: ReadonlySet<string> = new Set();

/**
 * The client's handshake headers as lines for the `$connect` request of HTTP_PROXY (spec 04 §4.5), `Sec-WebSocket-*`
 * included. Left out: hop-by-hop fields and those that `Connection` names, the gateway's own names, fields that are not
 * valid HTTP, and those in `replaced` (lower case).
 */
export function forwardedHeaderLines(
  headers: [name: string, value: string][],
  replaced: ReadonlySet<string> = noNames,
): string {
  const named = new Set<string>();
  for (const [name, value] of headers) {
    if (name.toLowerCase() === 'connection')
      for (const token of value.split(',')) named.add(token.trim().toLowerCase());
  }
  let lines = '';
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    if (notForwarded.has(key) || named.has(key) || replaced.has(key) || key.startsWith('x-sluice-')) continue;
    if (!tokenForm.test(name) || fieldControl.test(value)) continue;
    // Characters beyond ASCII go out as UTF-8 bytes, as they most likely came in.
    lines += `${name}: ${utf8AsLatin1(value)}\r\n`;
  }
  return lines;
}

// Where a message ends and where it goes is decided here: a mapping that changed them could smuggle a second request.
const neverMapped = new Set([...hopByHopHeaders, 'content-length', 'expect', 'host']);

/** Whether a mapping or template may set this field of a request: a valid name, no framing, no target, none of `x-sluice-*`. */
export function mayBeMapped(name: string): boolean {
  const key = name.toLowerCase();
  return tokenForm.test(name) && !neverMapped.has(key) && !key.startsWith('x-sluice-');
}

/**
 * A mapped value as it can stand in a request's head: characters beyond ASCII as UTF-8 bytes, each control character a blank, as
 * RFC 9110 §5.5 allows, and no blanks at the ends, which belong to no value.
 */
export function fieldValue(text: string): string {
  return utf8AsLatin1(withoutControls(text));
}

/** Fields for an answer to a client: those with a valid name, without control characters in their values. */
export function cleanFields(
  fields: readonly (readonly [name: string, value: string])[],
): [name: string, value: string][] {
  return fields
    .filter(([name]) => tokenForm.test(name))
    .map(([name, value]) => {
      const clean = withoutControls(value);
      // What came from a back end's head is Latin-1 already.
      return [name, beyondLatin1.test(clean) ? utf8AsLatin1(clean) : clean];
    });
}

const beyondLatin1 = /[^\0-\xff]/;
const printable = /^[ -~]*$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not pass
const fieldControls = /[\x00-\x08\x0a-\x1f\x7f]/g;

function withoutControls(text: string): string {
  return withoutEdgeBlanks(printable.test(text) ? text : text.replace(fieldControls, ' '));
}

/** By hand: an expression for the blanks at the end takes quadratic time on a long run of them in the middle. */
function withoutEdgeBlanks(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return end - start === text.length ? text : text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

function utf8AsLatin1(text: string): string {
  return Buffer.from(text).latin1Slice(0, Buffer.byteLength(text));
}
