import { randomBytes } from 'node:crypto';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { waitFor } from '@sluice/testkit';
import { NotApplicable } from '../rule.js';
import type { HandshakeOptions, Target } from '../target.js';

/** The answer to a request, as it came over the wire. */
export interface RawAnswer {
  status: number;
  /** By lower-case name; of several of one name the last. */
  headers: Record<string, string>;
  body: string;
}

/** A TCP (or TLS) connection that the rule writes to byte by byte: for what no client library would send. */
export class RawConnection {
  private received = Buffer.alloc(0);
  ended = false;

  private constructor(private readonly socket: Socket) {
    socket.on('data', (chunk) => {
      this.received = Buffer.concat([this.received, chunk]);
    });
    socket.on('error', () => {});
    socket.once('close', () => {
      this.ended = true;
    });
    socket.once('end', () => {
      this.ended = true;
    });
  }

  static async open(address: string): Promise<RawConnection> {
    const { protocol, hostname, port } = new URL(address);
    const secure = protocol === 'wss:' || protocol === 'https:';
    const place = { host: hostname, port: Number(port || (secure ? 443 : 80)) };
    const socket = secure ? connectTls({ ...place, servername: hostname }) : connectTcp(place);
    const raw = new RawConnection(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once(secure ? 'secureConnect' : 'connect', resolve);
      socket.once('error', reject);
    });
    return raw;
  }

  get bytes(): Buffer {
    return this.received;
  }

  write(data: string | Uint8Array): void {
    this.socket.write(data);
  }

  /** The end of a client whose machine is gone: no close frame, no FIN. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  destroy(): void {
    this.socket.destroy();
  }

  /** The answer once it is complete; undefined where the connection ends or `timeoutMs` passes before that. */
  async answer(timeoutMs = 5_000): Promise<RawAnswer | undefined> {
    const found = () => parseAnswer(this.received) ?? (this.ended ? 'none' : undefined);
    const answer = await waitFor('an answer', found, timeoutMs).catch(() => 'none' as const);
    return answer === 'none' ? undefined : answer;
  }

  /** The next frame behind the head of the 101. */
  frame(timeoutMs = 5_000): Promise<{ opcode: number; fin: boolean; payload: Buffer }> {
    return waitFor('a frame', () => parseFrame(afterHead(this.received)), timeoutMs);
  }
}

/** The lines of a handshake; the rule may change or add some. */
export function upgradeLines(target: Target, api: string, options: HandshakeOptions = {}): string[] {
  const { host, pathname, search } = new URL(target.url(api, options));
  return [
    `GET ${pathname}${search} HTTP/1.1`,
    `Host: ${host}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    'Sec-WebSocket-Version: 13',
  ];
}

/** Sends a head and tells the answer; undefined where there is none. `at`: an address of the host that the head names. */
export async function rawAnswer(
  target: Target,
  lines: readonly string[],
  { at = target.url('connections'), body = '', timeoutMs }: { at?: string; body?: string; timeoutMs?: number } = {},
): Promise<RawAnswer | undefined> {
  const raw = await RawConnection.open(at);
  try {
    raw.write(`${lines.join('\r\n')}\r\n\r\n${body}`);
    return await raw.answer(timeoutMs);
  } finally {
    raw.destroy();
  }
}

/** A WebSocket connection without a library on the client's side. */
export async function rawUpgrade(target: Target, api: string, options?: HandshakeOptions): Promise<RawConnection> {
  const raw = await RawConnection.open(target.url(api));
  raw.write(`${upgradeLines(target, api, options).join('\r\n')}\r\n\r\n`);
  const answer = await raw.answer();
  if (answer?.status !== 101) throw new Error(`the handshake was answered ${answer?.status}: ${answer?.body}`);
  return raw;
}

/** A frame of a client, masked with zeros; `unmasked` breaks RFC 6455. Payloads of at most 65535 bytes. */
export function clientFrame(
  opcode: number,
  payload: Uint8Array | string,
  { fin = true, unmasked = false, reserved = 0 } = {},
): Buffer {
  const bytes = Buffer.from(payload);
  const long = bytes.length > 125;
  const first = (fin ? 0x80 : 0) | reserved | opcode;
  const mask = unmasked ? 0 : 0x80;
  const head = long ? [first, mask | 126, bytes.length >> 8, bytes.length & 0xff] : [first, mask | bytes.length];
  return Buffer.concat([Buffer.from(head), Buffer.alloc(unmasked ? 0 : 4), bytes]);
}

/** Rules about hosts and paths: where every API has an address of its own they cannot be put to the test. */
export function requireOneAddress(target: Target): void {
  if (Object.keys(target.options.apis ?? {}).length > 0) {
    throw new NotApplicable('the APIs have addresses of their own, which take no other Host or path');
  }
}

function parseAnswer(bytes: Buffer): RawAnswer | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const [first = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const status = Number(first.split(' ')[1]);
  const rest = bytes.subarray(end + 4);
  const length = Number(headers['content-length'] ?? 0);
  if (rest.length < length) return undefined;
  return { status, headers, body: status === 101 ? '' : rest.subarray(0, length).toString() };
}

function afterHead(bytes: Buffer): Buffer {
  return bytes.subarray(bytes.indexOf('\r\n\r\n') + 4);
}

function parseFrame(bytes: Buffer): { opcode: number; fin: boolean; payload: Buffer } | undefined {
  const [first = 0, second = 0] = bytes;
  if (bytes.length < 2) return undefined;
  const long = second === 126;
  const length = long ? bytes.readUInt16BE(2) : second;
  const start = long ? 4 : 2;
  if (bytes.length < start + length) return undefined;
  return { opcode: first & 0x0f, fin: (first & 0x80) !== 0, payload: bytes.subarray(start, start + length) };
}
