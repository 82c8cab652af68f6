/**
 * JSON text around a body, made from bytes to bytes: the body is never turned into a string and back. `head` ends where the body's
 * text begins, inside its quotes; `tail` begins behind them.
 */

const quote = 0x22;
const backslash = 0x5c;
const hexDigits = Buffer.from('0123456789abcdef');

/** Bytes that an escaped byte takes: 1 as it is, 2 as `\n`, 6 as `\u0001`. */
const escapedBytes = new Uint8Array(256).fill(1);
/** The character behind the backslash of the short forms. */
const shortForm = new Uint8Array(256);
escapedBytes.fill(6, 0, 0x20);
for (const [byte, letter] of [
  [quote, '"'],
  [backslash, '\\'],
  [0x08, 'b'],
  [0x09, 't'],
  [0x0a, 'n'],
  [0x0c, 'f'],
  [0x0d, 'r'],
] as const) {
  escapedBytes[byte] = 2;
  shortForm[byte] = letter.charCodeAt(0);
}

/** `head`, the body's bytes (UTF-8) as the inside of a JSON string, `tail`. */
export function withEscapedBody(head: string, body: Uint8Array, tail: string): Buffer {
  let bodyBytes = 0;
  for (let i = 0; i < body.length; i++) bodyBytes += escapedBytes[body[i] as number] as number;
  const headBytes = Buffer.byteLength(head);
  const json = Buffer.allocUnsafe(headBytes + bodyBytes + Buffer.byteLength(tail));
  json.write(head, 0);
  if (bodyBytes === body.length) json.set(body, headBytes);
  else writeEscaped(json, headBytes, body);
  json.write(tail, headBytes + bodyBytes);
  return json;
}

function writeEscaped(json: Buffer, offset: number, body: Uint8Array): void {
  let at = offset;
  for (let i = 0; i < body.length; i++) {
    const byte = body[i] as number;
    const size = escapedBytes[byte];
    if (size === 1) {
      json[at++] = byte;
      continue;
    }
    json[at++] = backslash;
    if (size === 2) {
      json[at++] = shortForm[byte] as number;
      continue;
    }
    json[at++] = 0x75;
    json[at++] = 0x30;
    json[at++] = 0x30;
    json[at++] = hexDigits[byte >> 4] as number;
    json[at++] = hexDigits[byte & 15] as number;
  }
}

/** `head`, the bytes as base64, `tail`. */
export function withBase64Body(head: string, body: Uint8Array, tail: string): Buffer {
  return Buffer.from(head + Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('base64') + tail);
}
