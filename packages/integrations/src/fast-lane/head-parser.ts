/** What a response head says about the answer, as far as a client must act on it. One object is reused per socket. */
export class AnswerHead {
  status = 0;
  /** -1 where the head has no Content-Length. */
  contentLength = -1;
  chunked = false;
  /** HTTP/1.1, whose connections persist unless the head says `close`; false for HTTP/1.0. */
  persistent = true;
  /** From `Keep-Alive: timeout=N`; 0 where the head says `Connection: close`, -1 where it says nothing. */
  keepAliveSeconds = -1;
  headers: [name: string, value: string][] | undefined = undefined;
}

export const headIncomplete = 0;
export const headInvalid = -1;

const cr = 13;
const lf = 10;
const space = 32;
const tab = 9;
const colon = 58;

/** RFC 9110 token characters. */
export const isTokenByte = byteTable("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
/** Field values: visible ASCII, blank, tab, obs-text. No NUL, no bare CR or LF. */
export const isValueByte = new Uint8Array(256).map((_, byte) =>
  Number(byte === tab || (byte >= space && byte !== 127)),
);

function byteTable(characters: string): Uint8Array {
  const table = new Uint8Array(256);
  for (const character of characters) table[character.charCodeAt(0)] = 1;
  return table;
}

const protocol = Buffer.from('HTTP/1.');
const contentLengthName = Buffer.from('content-length');
const transferEncodingName = Buffer.from('transfer-encoding');
const connectionName = Buffer.from('connection');
const keepAliveName = Buffer.from('keep-alive');

/**
 * Parses a response head that begins at `start`. Returns the offset behind its blank line, `headIncomplete` where the bytes
 * end before that, or `headInvalid` for anything RFC 9112 does not allow. Where implementations disagree about what a head
 * means (two lengths, length and encoding, folded lines, blanks before a colon, bare line feeds), two answers could be mixed
 * up, so each of these is invalid.
 */
export function parseHead(bytes: Buffer, start: number, end: number, head: AnswerHead, keepHeaders: boolean): number {
  head.contentLength = -1;
  head.chunked = false;
  head.keepAliveSeconds = -1;
  head.headers = keepHeaders ? [] : undefined;
  let at = parseStatusLine(bytes, start, end, head);
  while (at > 0) {
    if (at >= end) return headIncomplete;
    if (bytes[at] === cr) {
      if (at + 1 >= end) return headIncomplete;
      if (bytes[at + 1] !== lf) return headInvalid;
      // A length and an encoding contradict each other; an encoding in HTTP/1.0 was never defined.
      return head.chunked && head.contentLength !== -1 ? headInvalid : at + 2;
    }
    at = parseField(bytes, at, end, head);
  }
  return at;
}

function parseStatusLine(bytes: Buffer, start: number, end: number, head: AnswerHead): number {
  let at = start;
  for (let i = 0; i < protocol.length; i++, at++) {
    if (at >= end) return headIncomplete;
    if (bytes[at] !== protocol[i]) return headInvalid;
  }
  if (at + 5 >= end) return headIncomplete;
  const minor = bytes[at] as number;
  if ((minor !== 49 && minor !== 48) || bytes[at + 1] !== space) return headInvalid;
  head.persistent = minor === 49;
  let status = 0;
  for (let i = at + 2; i < at + 5; i++) {
    const digit = (bytes[i] as number) - 48;
    if (digit < 0 || digit > 9) return headInvalid;
    status = status * 10 + digit;
  }
  if (status < 100 || status > 599) return headInvalid;
  head.status = status;
  at += 5;
  // The blank behind the status is required, but a server that has no reason often drops it; no ambiguity comes from that.
  if (bytes[at] === space) while (at < end && isValueByte[bytes[at] as number] === 1) at++;
  return lineEnd(bytes, at, end);
}

function lineEnd(bytes: Buffer, at: number, end: number): number {
  if (at >= end) return headIncomplete;
  if (bytes[at] !== cr) return headInvalid;
  if (at + 1 >= end) return headIncomplete;
  return bytes[at + 1] === lf ? at + 2 : headInvalid;
}

function parseField(bytes: Buffer, start: number, end: number, head: AnswerHead): number {
  let at = start;
  while (at < end && isTokenByte[bytes[at] as number] === 1) at++;
  if (at >= end) return headIncomplete;
  const nameLength = at - start;
  if (nameLength === 0 || bytes[at] !== colon) return headInvalid;
  at++;
  while (at < end && (bytes[at] === space || bytes[at] === tab)) at++;
  const valueStart = at;
  while (at < end && isValueByte[bytes[at] as number] === 1) at++;
  const next = lineEnd(bytes, at, end);
  if (next <= 0) return next;
  let valueEnd = at;
  while (valueEnd > valueStart && (bytes[valueEnd - 1] === space || bytes[valueEnd - 1] === tab)) valueEnd--;
  if (!actOnField(bytes, start, nameLength, valueStart, valueEnd, head)) return headInvalid;
  head.headers?.push([bytes.latin1Slice(start, start + nameLength), bytes.latin1Slice(valueStart, valueEnd)]);
  return next;
}

/** False where the field contradicts the protocol or another field. */
function actOnField(
  bytes: Buffer,
  nameStart: number,
  nameLength: number,
  valueStart: number,
  valueEnd: number,
  head: AnswerHead,
): boolean {
  if (nameLength === 14 && isName(bytes, nameStart, contentLengthName)) {
    const length = decimal(bytes, valueStart, valueEnd);
    if (length === -1 || (head.contentLength !== -1 && head.contentLength !== length)) return false;
    head.contentLength = length;
  } else if (nameLength === 17 && isName(bytes, nameStart, transferEncodingName)) {
    // `chunked` alone: a second field, another coding or HTTP/1.0 leaves the framing open to reading.
    if (head.chunked || !head.persistent) return false;
    if (bytes.latin1Slice(valueStart, valueEnd).toLowerCase() !== 'chunked') return false;
    head.chunked = true;
  } else if (nameLength === 10 && isName(bytes, nameStart, connectionName)) {
    const value = bytes.latin1Slice(valueStart, valueEnd).toLowerCase();
    if (value !== 'keep-alive' && value.split(',').some((token) => token.trim() === 'close')) head.keepAliveSeconds = 0;
  } else if (nameLength === 10 && isName(bytes, nameStart, keepAliveName)) {
    const timeout = /(?:^|[,\s])timeout\s*=\s*(\d{1,6})(?:$|[,\s])/i.exec(bytes.latin1Slice(valueStart, valueEnd));
    // Smallest of all that is said, so that `Connection: close` (0) stands whatever the order.
    if (timeout !== null) head.keepAliveSeconds = smaller(head.keepAliveSeconds, Number(timeout[1]));
  }
  return true;
}

function smaller(known: number, said: number): number {
  return known === -1 ? said : Math.min(known, said);
}

function isName(bytes: Buffer, start: number, lowerCaseName: Buffer): boolean {
  for (let i = 0; i < lowerCaseName.length; i++) {
    if (((bytes[start + i] as number) | 0x20) !== lowerCaseName[i]) return false;
  }
  return true;
}

/** Digits only, at most 15 of them (exact in a double); -1 for anything else. */
function decimal(bytes: Buffer, start: number, end: number): number {
  if (end === start || end - start > 15) return -1;
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = (bytes[at] as number) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}
