import type {
  HttpRequest,
  HttpResponse,
  TemplatedApp,
  us_listen_socket,
  us_socket_context_t,
  WebSocket,
} from 'uWebSockets.js';
import { limits, sourceIpOf } from '@sluice/contracts';
import type { Connection } from './connection.js';
import { CorkHost } from './cork-host.js';
import { headerOf, type RequestHead } from './handshake-request.js';
import type { HttpAnswer } from './http-answer.js';
import { sendAnswer } from './send-answer.js';

/** Answers one request to `@connections`. */
export type ServeManagement = (res: HttpResponse, req: HttpRequest) => void;

/** What the edge does with what arrives at its port. Handlers run inside the library's callbacks and must not throw. */
export interface PortHandlers {
  upgrade(request: PendingUpgrade): void;
  /** A request that asks for no upgrade. */
  request(head: RequestHead): HttpAnswer;
  /** A request to `@connections`; undefined where this port does not serve them. */
  serveManagement: ServeManagement | undefined;
  message(connection: Connection, message: ArrayBuffer, isBinary: boolean): void;
  ping(connection: Connection): void;
  pong(connection: Connection): void;
  /** The kernel has taken something of what was queued. */
  writable(connection: Connection): void;
  /** The socket is gone; its object must not be used any more. */
  closed(connection: Connection, code: number, reason: string): void;
}

interface UserData {
  connection: Connection;
}

/** TCP connections of the port that are no WebSockets. The library tells of the opening and end of those only. */
interface PlainConnections {
  count: number;
}

/** The port that clients connect to. The only file of the edge that knows uWebSockets.js. */
export class SocketServer {
  private constructor(
    private readonly apps: (TemplatedApp | undefined)[],
    private readonly corkHost: CorkHost,
    private readonly plain: PlainConnections,
    readonly port: number,
  ) {}

  /** Connections that speak HTTP or nothing yet: callers of `@connections` between two requests among them. */
  get plainConnectionCount(): number {
    return this.plain.count;
  }

  /** Rejects with a message for the operator where the address cannot be had. */
  static async listen(host: string, port: number, handlers: PortHandlers, proxiedPath?: string): Promise<SocketServer> {
    const library = await loadLibrary();
    const app = library.App();
    const corkHost = new CorkHost(library);
    await corkHost.open();
    const plain: PlainConnections = { count: 0 };
    const countPlain = (_: unknown, change: unknown) => {
      plain.count += Number(change);
    };
    app.filter(countPlain);
    app.ws<UserData>('/*', behavior(library, handlers, corkHost, plain, peerOf));
    app.any('/*', (res, req) => answerPlainRequest(res, req, handlers));
    const listening = await new Promise<us_listen_socket | false>((resolve) => {
      (app as unknown as ExclusiveListener).listen(host, port, exclusivePort, resolve);
    });
    if (listening === false) {
      corkHost.close();
      app.close();
      throw new Error(
        `cannot listen on ${host}:${port}: the port is in use, or the address is not one of this machine; ` +
          'choose another with --port and --host (SLUICE_PORT, SLUICE_HOST), or end the process that holds it',
      );
    }
    const proxied = proxiedPath === undefined ? undefined : library.App();
    const server = new SocketServer([app, proxied], corkHost, plain, library.us_socket_local_port(listening));
    try {
      if (proxied !== undefined) await listenProxied(proxied, proxiedPath ?? '', library, handlers, corkHost);
    } catch (error) {
      server.close();
      throw error;
    }
    return server;
  }

  /** Cuts everything that is still open. */
  close(): void {
    this.corkHost.close();
    for (const app of this.apps) app?.close();
  }
}

async function loadLibrary(): Promise<typeof import('uWebSockets.js')> {
  // Read by the library once, when it is loaded, as the longest request head it assembles. Its default of 4 KiB is below
  // the service's limits; 16 KiB hold a longest URL and all headers.
  process.env['UWS_HTTP_MAX_HEADERS_SIZE'] = String(limits.transportHeaderBytesMax); // set, never read (house: allow process.env)
  const loaded = await import('uWebSockets.js');
  return 'default' in loaded ? (loaded.default as typeof import('uWebSockets.js')) : loaded;
}

/** A form of `listen` that the library has and its types leave out. */
interface ExclusiveListener {
  listen(host: string, port: number, options: number, done: (listening: us_listen_socket | false) => void): void;
}

// LIBUS_LISTEN_EXCLUSIVE_PORT: without it two gateways silently share a port, and each gets half of the clients.
const exclusivePort = 1;

function behavior(
  library: typeof import('uWebSockets.js'),
  handlers: PortHandlers,
  corkHost: CorkHost,
  plain: PlainConnections,
  addressOf: (res: HttpResponse) => string,
) {
  const connectionOf = (ws: WebSocket<UserData>) => ws.getUserData().connection;
  return {
    maxPayloadLength: limits.transportMessageBytesMax,
    compression: library.DISABLED,
    // Deadlines, pings and queue limits are the edge's own (lifetime.ts, outbound.ts): 0 turns the library's off.
    sendPingsAutomatically: false,
    maxBackpressure: 0,
    // For sockets that are no longer ours: after `end` the library alone holds them, until their queue has been taken.
    idleTimeout: limits.transportSilenceMs / 1_000,
    upgrade(res: HttpResponse, req: HttpRequest, context: us_socket_context_t) {
      handlers.upgrade(new PendingUpgrade(readHead(req, addressOf(res)), res, context, corkHost));
    },
    open(ws: WebSocket<UserData>) {
      plain.count--;
      connectionOf(ws).socket = ws;
    },
    message(ws: WebSocket<UserData>, message: ArrayBuffer, isBinary: boolean) {
      handlers.message(connectionOf(ws), message, isBinary);
    },
    ping: (ws: WebSocket<UserData>) => handlers.ping(connectionOf(ws)),
    pong: (ws: WebSocket<UserData>) => handlers.pong(connectionOf(ws)),
    drain: (ws: WebSocket<UserData>) => handlers.writable(connectionOf(ws)),
    close(ws: WebSocket<UserData>, code: number, reason: ArrayBuffer) {
      handlers.closed(connectionOf(ws), code, Buffer.from(reason).toString());
    },
  };
}

/** An upgrade request whose answer is owed: exactly one of `accept` and `refuse`, and neither once it is `aborted`. */
export class PendingUpgrade {
  /** The client has gone away; the library has let go of the request. */
  aborted = false;
  onAborted: (() => void) | undefined;
  private answered = false;

  constructor(
    readonly head: RequestHead,
    private readonly res: HttpResponse,
    private readonly context: us_socket_context_t,
    private readonly corkHost: CorkHost,
  ) {
    res.onAborted(() => {
      this.aborted = true;
      this.onAborted?.();
    });
  }

  /** Sends the 101 and gives the connection its socket; false where the client has gone. An empty `protocol` names none. */
  accept(connection: Connection, protocol: string): boolean {
    if (!this.take()) return false;
    const key = headerOf(this.head, 'sec-websocket-key');
    // Extensions are never negotiated: what the client offers goes to the integration only.
    const upgrade = () => this.res.upgrade<UserData>({ connection }, key, protocol, '', this.context);
    this.corkHost.run(() => this.res.cork(upgrade));
    return true;
  }

  /** False where the client has gone, or has its answer. */
  refuse(answer: HttpAnswer): boolean {
    if (!this.take()) return false;
    this.res.cork(() => sendAnswer(this.res, answer, false));
    return true;
  }

  private take(): boolean {
    if (this.aborted || this.answered) return false;
    this.answered = true;
    return true;
  }
}

function peerOf(res: HttpResponse): string {
  return sourceIpOf(new Uint8Array(res.getRemoteAddress()));
}

/** Only where nobody but our own `ProxyPort` can connect: the library believes every prelude. */
function proxiedPeerOf(res: HttpResponse): string {
  return sourceIpOf(new Uint8Array(res.getProxiedRemoteAddress()));
}

/** A listener on a Unix socket, for handshakes that come by `ProxyPort`. */
async function listenProxied(
  app: TemplatedApp,
  path: string,
  library: typeof import('uWebSockets.js'),
  handlers: PortHandlers,
  corkHost: CorkHost,
): Promise<void> {
  app.ws<UserData>('/*', behavior(library, handlers, corkHost, { count: 0 }, proxiedPeerOf));
  app.any('/*', (res, req) => {
    const answer = handlers.request(readHead(req, proxiedPeerOf(res)));
    sendAnswer(res, { ...answer, close: true }, req.getMethod() === 'head');
  });
  const listening = await new Promise<us_listen_socket | false>((resolve) => app.listen_unix(resolve, path));
  if (listening === false)
    throw new Error(
      `cannot listen on ${path}, which edge.proxyProtocol needs; is the folder for temporary files writable?`,
    );
}

function readHead(req: HttpRequest, sourceIp: string): RequestHead {
  const headers: RequestHead['headers'] = [];
  req.forEach((name, value) => {
    headers.push([name, value]);
  });
  return { method: req.getMethod(), path: req.getUrl(), queryString: req.getQuery() ?? '', headers, sourceIp };
}

function answerPlainRequest(res: HttpResponse, req: HttpRequest, handlers: PortHandlers): void {
  if (handlers.serveManagement !== undefined && isManagementPath(req.getUrl())) {
    handlers.serveManagement(res, req);
    return;
  }
  const head = readHead(req, peerOf(res));
  sendAnswer(res, handlers.request(head), head.method === 'head');
}

/** Callers send `@` as it is, encoded, or encoded again by a careful client (spec 09 §9.1). */
function isManagementPath(path: string): boolean {
  return managementMarker.test(path);
}

const managementMarker = /\/(?:@|%(?:25)?40)connections/;
