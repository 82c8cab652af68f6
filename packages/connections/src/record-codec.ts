import type { ConnectionId } from '@sluice/contracts';
import type { ConnectionRecord } from './connection-store.js';

/**
 * The registry holds one hash field per idle connection, so its bytes count. The field is the id's 13 bytes instead of its
 * 20 characters. The value is `scope \0 context`, the context with its ever-same member names as one byte each: a raw
 * control character cannot occur in JSON text, so nothing else can be meant by it.
 */
const tokens = [
  '{"connectedAtMs":',
  ',"sourceIp":"',
  '","userAgent":"',
  '","domainName":"',
  '"}',
  'Mozilla/5.0 (',
  ' AppleWebKit/537.36 (KHTML, like Gecko) ',
].map((text, index) => ({ text, byte: String.fromCharCode(index + 1) }));

const idBytes = 13;

export function encodeId(connectionId: ConnectionId): Buffer {
  const bytes = Buffer.from(connectionId, 'base64url');
  // Only the canonical 20-character form comes back from its bytes; any other is kept as it is.
  return bytes.length === idBytes && idText(bytes) === connectionId ? bytes : Buffer.from(connectionId, 'latin1');
}

export function decodeId(field: Buffer): ConnectionId {
  return field.length === idBytes ? idText(field) : field.toString('latin1');
}

function idText(bytes: Buffer): ConnectionId {
  return `${bytes.toString('base64url')}==`;
}

/** Scope and context are Latin-1, as everywhere on the bus. */
export function encodeValue({ scope, connectionContext }: ConnectionRecord): Buffer {
  let context = connectionContext;
  for (const { text, byte } of tokens) context = context.replaceAll(text, byte);
  return Buffer.from(`${scope}\0${context}`, 'latin1');
}

export function decodeRecord(field: Buffer, value: Buffer): ConnectionRecord {
  const text = value.toString('latin1');
  const end = text.indexOf('\0');
  let connectionContext = text.slice(end + 1);
  for (const { text: name, byte } of tokens) connectionContext = connectionContext.replaceAll(byte, name);
  return { connectionId: decodeId(field), scope: text.slice(0, end), connectionContext };
}
