import { createHash, randomBytes } from 'node:crypto';
import { createConnection, type Socket } from 'node:net';
import { maskedFrame } from './message.js';

export interface WebSocketHandlers {
  /** A whole text message lies in `buffer` from `start` to `end`; valid only during the call. */
  onText(buffer: Buffer, start: number, end: number): void;
  /** All frames of one read from the socket have been handled: the moment to answer them in one write. */
  onReadEnd(): void;
  /** The connection ended or broke a rule; called once. */
  onEnd(reason: string): void;
}

export interface WebSocketConnection {
  /** Sends bytes that already are frames. */
  write(frames: Buffer): void;
  close(): void;
  /**
   * Closes, waits for the server's closing frame, and resets the socket: who comes and goes thousands of times a second would
   * otherwise run into its own ports that wait out their time. Rejects where the server does not answer.
   */
  leave(): Promise<void>;
}

export interface WebSocketAddress {
  port: number;
  path: string;
  /** More header lines, each with its line end. */
  headers?: string;
}

/** Answer to a handshake other than 101. */
export class HandshakeRefused extends Error {
  constructor(readonly status: number) {
    super(`the handshake was answered ${status}`);
    this.name = 'HandshakeRefused';
  }
}

const handshakeTimeoutMs = 15_000;
const closeTimeoutMs = 2_000;

// One buffer for all reads of this process: what a read brings is handled before the next one starts, and only a frame cut
// in two is copied. A stream of allocations per socket would make the generator, not the gateway, the slow part.
const readBuffer = Buffer.allocUnsafeSlow(65_536);

/**
 * A WebSocket client with nothing a load generator does not need, on a bare TCP socket: the `ws` package costs more per
 * message than the gateway it would measure. Rejects with `HandshakeRefused` or the error of the socket.
 */
export function openWebSocket(address: WebSocketAddress, handlers: WebSocketHandlers): Promise<WebSocketConnection> {
  return new Promise((resolve, reject) => {
    const key = randomBytes(16).toString('base64');
    let state: 'handshake' | 'open' | 'leaving' | 'ended' = 'handshake';
    let left: ((error?: Error) => void) | undefined;
    let rest: Buffer | undefined;

    const fail = (error: Error) => {
      if (state === 'ended') return;
      const wasOpen = state === 'open';
      state = 'ended';
      clearTimeout(timer);
      socket.destroy();
      if (left !== undefined) left(error);
      else if (wasOpen) handlers.onEnd(error.message);
      else reject(error);
    };
    const read = (size: number) => {
      if (state === 'ended') return true;
      if (state === 'leaving') {
        // Nothing was asked for: what comes is the closing frame.
        state = 'ended';
        socket.resetAndDestroy();
        left?.();
        return true;
      }
      const fresh = readBuffer.subarray(0, size);
      const bytes = rest === undefined ? fresh : Buffer.concat([rest, fresh]);
      rest = undefined;
      try {
        let offset = 0;
        if (state === 'handshake') {
          offset = handshakeEnd(bytes, key);
          if (offset > 0) {
            state = 'open';
            clearTimeout(timer);
            resolve({ write: (frames) => void socket.write(frames), close: closeNow, leave });
          }
        }
        if (state === 'open') {
          offset = readFrames(bytes, offset, handlers, socket);
          handlers.onReadEnd();
        }
        if (offset < bytes.length) rest = Buffer.from(bytes.subarray(offset));
      } catch (error) {
        fail(error instanceof Error ? error : new Error(String(error)));
      }
      return true;
    };
    const socket = createConnection({
      port: address.port,
      host: '127.0.0.1',
      noDelay: true,
      onread: { buffer: readBuffer, callback: read },
    });
    const timer = setTimeout(() => fail(new Error('the handshake took too long')), handshakeTimeoutMs);
    const closeNow = () => {
      state = 'ended';
      socket.end(maskedFrame(0x8, Buffer.from([0x03, 0xe8])));
      socket.setTimeout(closeTimeoutMs, () => socket.destroy());
    };
    const leave = () =>
      new Promise<void>((resolveLeft, rejectLeft) => {
        state = 'leaving';
        left = (error) => (error === undefined ? resolveLeft() : rejectLeft(error));
        socket.write(maskedFrame(0x8, Buffer.from([0x03, 0xe8])));
        socket.setTimeout(closeTimeoutMs, () => fail(new Error('the server did not answer a close')));
      });
    socket.once('connect', () => socket.write(upgradeRequest(address, key)));
    socket.once('error', fail);
    socket.once('end', () => fail(new Error('the server ended the connection')));
    socket.once('close', () => fail(new Error('the connection was lost')));
  });
}

function upgradeRequest({ port, path, headers = '' }: WebSocketAddress, key: string): string {
  return (
    `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUser-Agent: sluice-bench\r\nConnection: Upgrade\r\n` +
    `Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n${headers}\r\n`
  );
}

/** Where the answer to the handshake ends, 0 while it is incomplete. */
function handshakeEnd(bytes: Buffer, key: string): number {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return 0;
  const head = bytes.toString('latin1', 0, end);
  const status = Number(head.slice(9, 12));
  if (status !== 101) throw new HandshakeRefused(status);
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  if (!head.toLowerCase().includes(`sec-websocket-accept: ${accept.toLowerCase()}`)) {
    throw new Error('the handshake was answered with a wrong Sec-WebSocket-Accept');
  }
  return end + 4;
}

/** Handles the whole frames from `offset` on; returns where the first incomplete one starts. */
function readFrames(bytes: Buffer, offset: number, handlers: WebSocketHandlers, socket: Socket): number {
  let at = offset;
  while (at + 2 <= bytes.length) {
    const first = bytes[at] as number;
    let length = bytes[at + 1] as number;
    let start = at + 2;
    if (length === 126) {
      if (at + 4 > bytes.length) return at;
      length = bytes.readUInt16BE(at + 2);
      start = at + 4;
    } else if (length > 126) {
      throw new Error(`a frame of an unexpected size was received (length byte ${length})`);
    }
    const end = start + length;
    if (end > bytes.length) return at;
    if (first === 0x81) handlers.onText(bytes, start, end);
    else if (first === 0x89) socket.write(maskedFrame(0xa, bytes.subarray(start, end)));
    else if (first === 0x88) throw new Error(`closed by the server: ${closeText(bytes.subarray(start, end))}`);
    else throw new Error(`a frame of an unexpected kind was received (first byte 0x${first.toString(16)})`);
    at = end;
  }
  return at;
}

function closeText(payload: Buffer): string {
  return payload.length < 2 ? 'no status' : `${payload.readUInt16BE(0)} ${payload.toString('utf8', 2)}`;
}
