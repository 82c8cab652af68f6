/** A WebSocket frame as a client may send it, right or wrong (RFC 6455 §5.2). */
export interface ClientFrame {
  fin?: boolean;
  /** The three reserved bits, 0 to 7. */
  rsv?: number;
  opcode: number;
  payload: Uint8Array;
  /** Undefined: none, which only servers may. */
  mask?: Buffer | undefined;
  /** Bytes of the extended length; unset: the shortest form. */
  lengthBytes?: 2 | 8;
  /** What the head says, where it lies. */
  claimedLength?: bigint;
}

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export function encodeFrame({ fin = true, rsv = 0, opcode, payload, mask, ...form }: ClientFrame): Buffer {
  const length = form.claimedLength ?? BigInt(payload.length);
  const lengthBytes = form.lengthBytes ?? (length < 126n ? 0 : length < 65_536n ? 2 : 8);
  const head = Buffer.alloc(2 + lengthBytes);
  head[0] = (fin ? 0x80 : 0) | ((rsv & 7) << 4) | (opcode & 15);
  const short = lengthBytes === 0 ? Number(length & 0x7fn) : lengthBytes === 2 ? 126 : 127;
  head[1] = (mask === undefined ? 0 : 0x80) | short;
  if (lengthBytes === 2) head.writeUInt16BE(Number(length & 0xffffn), 2);
  if (lengthBytes === 8) head.writeBigUInt64BE(BigInt.asUintN(64, length), 2);
  if (mask === undefined) return Buffer.concat([head, payload]);
  return Buffer.concat([head, mask, payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0))]);
}

export interface ServerFrame {
  fin: boolean;
  rsv: number;
  opcode: number;
  masked: boolean;
  payload: Buffer;
}

/** The first frame of what a server sent, and what is after it; undefined where it is not whole yet. */
export function readServerFrame(bytes: Buffer): { frame: ServerFrame; rest: Buffer } | undefined {
  if (bytes.length < 2) return undefined;
  const [first, second] = [bytes.readUInt8(0), bytes.readUInt8(1)];
  const short = second & 0x7f;
  const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
  const start = 2 + lengthBytes;
  if (bytes.length < start) return undefined;
  const length = lengthBytes === 0 ? short : Number(padded(bytes.subarray(2, start)).readBigUInt64BE(0));
  if (bytes.length < start + length) return undefined;
  const masked = (second & 0x80) !== 0;
  const payload = bytes.subarray(start, start + length);
  const frame = { fin: first >= 0x80, rsv: (first >> 4) & 7, opcode: first & 15, masked, payload };
  return { frame, rest: bytes.subarray(start + length) };
}

function padded(length: Buffer): Buffer {
  return Buffer.concat([Buffer.alloc(8 - length.length), length]);
}
