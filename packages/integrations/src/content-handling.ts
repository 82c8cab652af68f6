import type { ContentHandlingStrategy } from '@sluice/contracts';

// Of base64 itself, not of its URL-safe variant: RFC 4648 §4. Padding may be missing, as decoders commonly allow.
const base64Form = /^[A-Za-z0-9+/]*(={0,2})$/;

/** The bytes of base64 text; undefined where it is none. No bytes give no bytes. */
export function fromBase64(text: Uint8Array): Uint8Array | undefined {
  const characters = Buffer.from(text.buffer, text.byteOffset, text.byteLength).latin1Slice(0, text.byteLength);
  const padding = base64Form.exec(characters)?.[1];
  if (padding === undefined) return undefined;
  if (padding === '' ? characters.length % 4 === 1 : characters.length % 4 !== 0) return undefined;
  return Buffer.from(characters, 'base64');
}

export function toBase64(bytes: Uint8Array): Uint8Array {
  return Buffer.from(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64'), 'latin1');
}

/** What `CONVERT_TO_BINARY` makes of a text that is about to be sent (spec 06 §6.6); undefined where it is no base64. */
export function convertOutgoing(
  strategy: ContentHandlingStrategy | undefined,
  body: Uint8Array,
): Uint8Array | undefined {
  return strategy === 'CONVERT_TO_BINARY' && body.length > 0 ? fromBase64(body) : body;
}

const textType =
  /^(?:text\/|multipart\/form-data|application\/(?:json|xml|javascript|ecmascript|x-javascript|x-www-form-urlencoded|graphql|yaml|x-yaml|x-ndjson|ndjson|jsonl|json-seq|sql|toml|rtf|xhtml)|[^;]*\+(?:json|xml|yaml)\b|[^;]*;.*\bcharset=)/i;

/**
 * Ours: whether a back end's answer goes to a client of a binary-enabled API as a binary frame: it has a `Content-Type`, which
 * is none of text (`text/*`, JSON, XML, forms, scripts, YAML and their `+json`, `+xml` kin, or anything with a `charset`).
 */
export function isBinaryContent(headers: readonly (readonly [name: string, value: string])[]): boolean {
  for (const [name, value] of headers) {
    if (name.length === 12 && name.toLowerCase() === 'content-type') return value !== '' && !textType.test(value);
  }
  return false;
}
