import { connect, createServer, type Server, type Socket } from 'node:net';
import { AddressRanges, limits, plainIp } from '@sluice/contracts';
import { monotonicMs } from './clock.js';
import { readPrelude, writePrelude } from './proxy-prelude.js';

export interface ProxyPortParts {
  host: string;
  /** 0 takes any free port. */
  port: number;
  /** Ranges of the load balancers; everybody else is cut off. */
  trustedProxies: readonly string[];
  /** The edge's own listener, which nobody but this port can reach. */
  upstreamPath: string;
  /** A connection was cut before its handshake began, and why. */
  refused(reason: 'proxy_untrusted' | 'proxy_prelude'): void;
}

/**
 * The port for load balancers that speak the PROXY protocol. uWebSockets.js reads preludes of version 2 by itself, but from anybody,
 * before every request of a connection, and not where they come in a segment of their own (docs/uwebsockets.md): a client behind the
 * balancer could send one more and be whomever it likes. So a prelude is read here, strictly and once, and its connection goes on to
 * the edge's own listener behind one that we have written. Of the client no more than one request head gets there before the 101.
 */
export class ProxyPort {
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async listen(parts: ProxyPortParts): Promise<ProxyPort> {
    const trusted = new AddressRanges(parts.trustedProxies);
    const server = createServer({ noDelay: true });
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) =>
        reject(
          new Error(
            `cannot listen on ${parts.host}:${parts.port} (edge.proxyProtocol): ${error.message}; choose another port there, or end the process that holds it`,
          ),
        ),
      );
      server.listen(parts.port, parts.host, resolve);
    });
    const address = server.address();
    const opened = new ProxyPort(server, typeof address === 'object' && address !== null ? address.port : parts.port);
    server.on('connection', (socket) => {
      opened.keep(socket);
      const peer = plainIp(socket.remoteAddress ?? '');
      if (trusted.has(peer)) takePrelude(socket, peer, parts, (upstream) => opened.keep(upstream));
      else {
        parts.refused('proxy_untrusted');
        socket.destroy();
      }
    });
    return opened;
  }

  /** Sockets that are held, of both sides. */
  get socketCount(): number {
    return this.sockets.size;
  }

  /** Stops listening, and cuts what is left once no byte waits or moves any more, but after this long at the latest. */
  async close(flushMsMax: number): Promise<void> {
    this.server.close();
    const deadlineMs = monotonicMs() + flushMsMax;
    let writtenBefore: number | undefined;
    while (this.sockets.size > 0 && monotonicMs() < deadlineMs) {
      const sockets = [...this.sockets];
      const written = sockets.reduce((sum, { bytesWritten }) => sum + bytesWritten, 0);
      // What the kernel has taken is sent whatever becomes of us. Bytes may still be on their way from one socket to the other.
      if (written === writtenBefore && sockets.every(({ writableLength }) => writableLength === 0)) break;
      writtenBefore = written;
      await new Promise((resolve) => setTimeout(resolve, limits.deadlineTickMs));
    }
    for (const socket of this.sockets) socket.destroy();
  }

  private keep(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => this.sockets.delete(socket));
  }
}

/** Collects the prelude and the request head behind it, then begins the relay. */
function takePrelude(socket: Socket, peer: string, parts: ProxyPortParts, keep: (upstream: Socket) => void): void {
  let bytes: Buffer = Buffer.alloc(0);
  const refuse = () => {
    parts.refused('proxy_prelude');
    socket.destroy();
  };
  // Ends with the head: an open connection has no timer here.
  const deadline = setTimeout(refuse, limits.proxyPreludeMsMax);
  socket.once('close', () => clearTimeout(deadline));
  const onData = (chunk: Buffer) => {
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
    const prelude = readPrelude(bytes);
    if (prelude.kind === 'malformed') return refuse();
    if (prelude.kind === 'incomplete') return;
    const request = bytes.subarray(prelude.byteLength);
    // A second prelude would be read in place of ours; and nothing but a handshake is served here.
    if (!handshakeStart.startsWith(request.toString('latin1', 0, handshakeStart.length))) return refuse();
    const headEnd = request.indexOf('\r\n\r\n');
    if (headEnd === -1 && request.length <= limits.transportHeaderBytesMax) return;
    if (headEnd === -1) return refuse();
    clearTimeout(deadline);
    socket.off('data', onData);
    socket.pause();
    const head = request.subarray(0, headEnd + 4);
    const upstream = connect({ path: parts.upstreamPath });
    keep(upstream);
    upstream.write(Buffer.concat([writePrelude(prelude.sourceIp ?? peer), head]));
    relay(socket, upstream, request.subarray(headEnd + 4));
  };
  socket.on('data', onData);
}

const handshakeStart = 'GET ';
const switching = Buffer.from('HTTP/1.1 101', 'latin1');

/** Bytes both ways, but none of the client's before the edge has answered 101: there may be no second request, nor a prelude before it. */
function relay(socket: Socket, upstream: Socket, early: Buffer): void {
  let answer: Buffer = Buffer.alloc(0);
  const onAnswer = (chunk: Buffer) => {
    answer = Buffer.concat([answer, chunk]);
    if (answer.length < switching.length) return;
    upstream.off('data', onAnswer);
    upstream.pause();
    socket.write(answer);
    upstream.pipe(socket);
    if (!answer.subarray(0, switching.length).equals(switching)) return void socket.resume();
    if (early.length > 0) upstream.write(early);
    socket.pipe(upstream);
  };
  upstream.on('data', onAnswer);
  socket.setTimeout(limits.transportSilenceMs, () => socket.destroy());
  // A connection that breaks on one side breaks on the other; one that ends has its last bytes sent by the pipe.
  socket.once('close', () => upstream.destroy());
  upstream.once('close', () => (socket.destroyed ? undefined : part(socket, upstream)));
}

/**
 * The edge is done with a client. What the client still sends, the answer to a close frame first of all, is read and thrown away: unread,
 * its end would never be seen, and cut with it unread, the connection would be reset under the frame that is on its way to the client.
 */
function part(socket: Socket, upstream: Socket): void {
  socket.unpipe(upstream);
  socket.resume();
  socket.end(() => {
    if (socket.destroyed) return;
    const linger = setTimeout(() => socket.destroy(), limits.proxyLingerMs).unref();
    socket.once('close', () => clearTimeout(linger));
  });
}
