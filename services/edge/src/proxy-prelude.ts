import { isIP } from 'node:net';
import { limits, sourceIpOf } from '@sluice/contracts';

/**
 * What a load balancer says about a connection before its first byte (PROXY protocol, versions 1 and 2). `sourceIp` is undefined where
 * it speaks for itself: a health check (`LOCAL`), or a client that it does not know (`UNKNOWN`).
 */
export type Prelude =
  | { kind: 'incomplete' }
  | { kind: 'malformed' }
  | { kind: 'read'; byteLength: number; sourceIp: string | undefined };

const malformed: Prelude = { kind: 'malformed' };
const incomplete: Prelude = { kind: 'incomplete' };

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const headBytes = signature.length + 4;
const plainWord = Buffer.from('PROXY ', 'latin1');
const plainBytesMax = 107;
const plainForm = /^PROXY (?:UNKNOWN(?: [^\r\n]*)?|(TCP4|TCP6) (\S+) (\S+) (\d{1,5}) (\d{1,5}))$/;

/** Reads the prelude at the start of what has arrived. Strict: what the specification does not allow is malformed, never guessed. */
export function readPrelude(bytes: Buffer): Prelude {
  if (startsAlike(bytes, signature)) return bytes.length < headBytes ? incomplete : readBinary(bytes);
  if (startsAlike(bytes, plainWord)) return readPlain(bytes);
  return malformed;
}

function startsAlike(bytes: Buffer, wanted: Buffer): boolean {
  const byteCount = Math.min(bytes.length, wanted.length);
  return bytes.subarray(0, byteCount).equals(wanted.subarray(0, byteCount));
}

function readBinary(bytes: Buffer): Prelude {
  const command = bytes[12] ?? 0;
  const family = bytes[13] ?? 0;
  const restBytes = bytes.readUInt16BE(14);
  if ((command !== 0x20 && command !== 0x21) || restBytes > limits.proxyPreludeBytesMax) return malformed;
  const byteLength = headBytes + restBytes;
  const addressBytes = family === 0x11 ? 4 : family === 0x21 ? 16 : 0;
  // A LOCAL connection may come with any family, to be passed over; of PROXY ones only TCP is ours, and "unspecified".
  if (command === 0x21 && addressBytes === 0 && family !== 0) return malformed;
  if (command === 0x21 && addressBytes > 0 && restBytes < 2 * addressBytes + 4) return malformed;
  if (bytes.length < byteLength) return incomplete;
  if (command === 0x20 || addressBytes === 0) return { kind: 'read', byteLength, sourceIp: undefined };
  return { kind: 'read', byteLength, sourceIp: sourceIpOf(bytes.subarray(headBytes, headBytes + addressBytes)) };
}

function readPlain(bytes: Buffer): Prelude {
  const end = bytes.subarray(0, plainBytesMax).indexOf('\r\n');
  if (end === -1) return bytes.length < plainBytesMax ? incomplete : malformed;
  const match = plainForm.exec(bytes.toString('latin1', 0, end));
  if (match === null) return malformed;
  const [, protocol, source = '', destination = '', ...ports] = match;
  const byteLength = end + 2;
  if (protocol === undefined) return { kind: 'read', byteLength, sourceIp: undefined };
  const family = protocol === 'TCP4' ? 4 : 6;
  if (isIP(source) !== family || isIP(destination) !== family || source.includes('%')) return malformed;
  if (ports.some((port) => Number(port) > 65_535)) return malformed;
  return { kind: 'read', byteLength, sourceIp: source };
}

/** A prelude of version 2 for this address; the destination is of no interest. */
export function writePrelude(sourceIp: string): Buffer {
  const address = isIP(sourceIp) === 4 ? Buffer.from(sourceIp.split('.').map(Number)) : ipv6Bytes(sourceIp);
  const rest = Buffer.concat([address, Buffer.alloc(address.length), Buffer.alloc(4)]);
  const head = Buffer.from([0x21, address.length === 4 ? 0x11 : 0x21, 0, rest.length]);
  return Buffer.concat([signature, head, rest]);
}

function ipv6Bytes(text: string): Buffer {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  const hex = (high: string | undefined, low: string | undefined) => ((Number(high) << 8) | Number(low)).toString(16);
  const plain = dotted === null ? text : `${dotted[1]}${hex(dotted[2], dotted[3])}:${hex(dotted[4], dotted[5])}`;
  const [left = '', right] = plain.split('::');
  const groupsOf = (part: string) => (part === '' ? [] : part.split(':'));
  const head = groupsOf(left);
  const tail = groupsOf(right ?? '');
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0');
  const bytes = Buffer.alloc(16);
  for (const [i, group] of [...head, ...zeros, ...tail].entries())
    bytes.writeUInt16BE(Number.parseInt(group, 16), 2 * i);
  return bytes;
}
