import { randomFillSync } from 'node:crypto';

/**
 * Identifiers that travel between processes.
 *
 * A connection id is 13 bytes: a 16-bit node slot and 88 random bits, as base64url with its padding, 20 characters
 * (spec 01 §1.4, the newer of the two observed forms). The slot says which edge holds the connection, so that no
 * look-up is needed to reach it; the 88 random bits are what an attacker would have to guess.
 */
export type ConnectionId = string;

/** 16 characters, 15 of base64url and one `=`: the form of `requestId`, `extendedRequestId` and `messageId` (01 §1.4). */
export type RequestId = string;

export const nodeSlotMax = 0xffff;
export const connectionIdLength = 20;
export const requestIdLength = 16;

const connectionIdRandomBytes = 11;
const connectionIdForm = /^(?:[A-Za-z0-9_-]{15}=|[A-Za-z0-9_-]{18}==)$/;
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

// One call into the system's generator costs about as much as 4 KiB from it, so random bytes are taken in bulk.
const pool = Buffer.alloc(8192);
let poolOffset = pool.length;

function takeRandom(byteCount: number): number {
  if (poolOffset + byteCount > pool.length) {
    randomFillSync(pool);
    poolOffset = 0;
  }
  const offset = poolOffset;
  poolOffset += byteCount;
  return offset;
}

/** A new connection id held by the edge with this node slot (0…65535). */
export function newConnectionId(nodeSlot: number): ConnectionId {
  const bytes = Buffer.allocUnsafe(2 + connectionIdRandomBytes);
  bytes.writeUInt16BE(nodeSlot, 0);
  const offset = takeRandom(connectionIdRandomBytes);
  pool.copy(bytes, 2, offset, offset + connectionIdRandomBytes);
  return `${bytes.base64urlSlice(0, 13)}==`;
}

/** Whether a text has a form the service could have issued; anything else is answered 400 (spec 09 §9.4). */
export function isConnectionId(text: string): boolean {
  return connectionIdForm.test(text);
}

/** The node slot inside a connection id, or undefined where the id is of the older 16-character form, which names no node. */
export function nodeSlotOf(connectionId: ConnectionId): number | undefined {
  if (connectionId.length !== connectionIdLength) return undefined;
  return Buffer.from(connectionId.slice(0, 4), 'base64url').readUInt16BE(0);
}

/** A new request, extended request or message id. */
export function newRequestId(): RequestId {
  let offset = takeRandom(15);
  let id = '';
  for (let i = 0; i < 14; i++) id += alphabet[(pool[offset++] as number) & 63];
  // 88 bits are 14 whole characters and 4 bits: the last character carries only its high 4 bits.
  return `${id}${alphabet[(pool[offset] as number) & 60]}=`;
}
