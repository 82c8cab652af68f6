import { createServer, type Server, type Socket } from 'node:net';

/** What the server does to one request; `body` is the answer's body, unique to the request. */
export type Script = (peer: Peer, body: string) => void | Promise<void>;

/** A test's side of one request. */
export interface Peer {
  socket: Socket;
  random(): number;
  /** Writes the text in pieces of random size with random pauses. */
  dribble(text: string): Promise<void>;
  /** Whether the connection has carried no other request since. */
  isLast(): boolean;
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** A small seeded generator (mulberry32), so that a failing run can be repeated. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/**
 * A server that does to each request what the script of its `x-case` says. Counts what a client must never do: a request
 * begun before the last one was answered, or a head that does not fit its body.
 */
export class HostileServer {
  readonly violations: string[] = [];
  readonly seen = new Map<number, number>();
  connections = 0;
  private readonly sockets = new Set<Socket>();
  private readonly server: Server;

  constructor(private readonly scriptOf: (caseNumber: number) => { script: Script; body: string; seed: number }) {
    // Without a delay, so that no piece waits in the kernel for an acknowledgement of the last one.
    this.server = createServer({ noDelay: true }, (socket) => this.accept(socket));
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return address.port;
  }

  get open(): number {
    return this.sockets.size;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private accept(socket: Socket): void {
    this.connections++;
    this.sockets.add(socket);
    let received = Buffer.alloc(0);
    let requests = 0;
    let inWork = 0;
    socket.on('error', () => {});
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('data', async (chunk: Buffer) => {
      if (inWork !== 0) this.violations.push('a request before the answer to the last one');
      received = Buffer.concat([received, chunk]);
      const headEnd = received.indexOf('\r\n\r\n');
      if (headEnd === -1) return;
      const head = received.toString('latin1', 0, headEnd);
      const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? '0');
      if (received.length < headEnd + 4 + length) return;
      if (received.length > headEnd + 4 + length) this.violations.push('bytes behind a request');
      const body = received.toString('utf8', headEnd + 4);
      const caseNumber = Number(/^x-case: (\d+)$/im.exec(head)?.[1]);
      if (!body.startsWith(`${caseNumber}:`)) this.violations.push('a body that is not of its head');
      received = Buffer.alloc(0);
      const request = ++requests;
      inWork = request;
      this.seen.set(caseNumber, (this.seen.get(caseNumber) ?? 0) + 1);
      const { script, body: answer, seed } = this.scriptOf(caseNumber);
      const random = seeded(seed);
      // Cleared before the last bytes go out: the client may send its next request as soon as it has them.
      const done = () => {
        if (inWork === request) inWork = 0;
      };
      const isLast = () => requests === request;
      await script({ socket, random, isLast, dribble: (text) => dribble(socket, random, text, done) }, answer);
      done();
    });
  }
}

async function dribble(socket: Socket, random: () => number, text: string, beforeLast: () => void): Promise<void> {
  const bytes = Buffer.from(text, 'latin1');
  const pieces = 1 + Math.floor(random() * 5);
  let at = 0;
  for (let piece = 1; piece <= pieces && at < bytes.length; piece++) {
    const end =
      piece === pieces ? bytes.length : Math.min(bytes.length, at + 1 + Math.floor(random() * (bytes.length - at)));
    if (end === bytes.length) beforeLast();
    if (!socket.destroyed) socket.write(bytes.subarray(at, end));
    at = end;
    if (at < bytes.length && random() < 0.5) await pause(random() * 4);
  }
}
