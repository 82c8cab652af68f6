import type { ConnectEnvelope, Handshake, MessageEnvelope } from '@sluice/contracts';
import { isRecord } from './record.js';

/** All values of a handshake's header; `name` in lower case. */
export function headerValues({ handshake }: { handshake: Handshake }, name: string): string[] {
  return handshake.headers.flatMap(([key, value]) => (key === name ? [value] : []));
}

/** The last value of a query parameter, decoded; undefined where there is none. */
export function lastQueryValue({ handshake }: Pick<ConnectEnvelope, 'handshake'>, name: string): string | undefined {
  return handshake.queryString === '' ? undefined : new URLSearchParams(handshake.queryString).getAll(name).at(-1);
}

/**
 * A member of a message's JSON by its path, `data.token`; undefined where the message is no JSON or has there neither text nor
 * number nor boolean.
 */
export function bodyMember(
  { body, binary }: Pick<MessageEnvelope, 'body' | 'binary'>,
  path: string,
): string | undefined {
  if (binary === true) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'));
  } catch {
    return undefined;
  }
  for (const member of path.split('.')) {
    if (!isRecord(value) || !Object.hasOwn(value, member)) return undefined;
    value = value[member];
  }
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined;
}
