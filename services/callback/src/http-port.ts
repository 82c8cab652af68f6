import type { HttpResponse, TemplatedApp, us_listen_socket } from 'uWebSockets.js';
import type { ManagementResponse } from '@sluice/contracts';
import { limits } from '@sluice/contracts';

const statusLines: Record<number, string> = {
  200: '200 OK',
  204: '204 No Content',
  400: '400 Bad Request',
  403: '403 Forbidden',
  408: '408 Request Timeout',
  410: '410 Gone',
  413: '413 Payload Too Large',
  429: '429 Too Many Requests',
  431: '431 Request Header Fields Too Large',
  500: '500 Internal Server Error',
  503: '503 Service Unavailable',
};

/** Writes a whole answer; the length header is there for an empty body too. With `close` the connection ends with it. */
export function writeResponse(to: HttpResponse, response: ManagementResponse, method: string, close: boolean): void {
  to.cork(() => {
    to.writeStatus(statusLines[response.status] ?? `${response.status} Unknown`);
    for (const [name, value] of response.headers) to.writeHeader(name, value);
    if (method === 'HEAD') {
      // The length as an argument would leave the answer open: the connection would take no further request.
      to.writeHeader('Content-Length', String(Buffer.byteLength(response.body)));
      if (close) to.writeHeader('Connection', 'close');
      to.endWithoutBody();
    } else if (response.status === 204) to.endWithoutBody(0, close);
    else to.end(response.body, close);
  });
}

/** A listening port of this service. */
export interface HttpPort {
  readonly port: number;
  /** TCP connections that are open now, idle ones included. */
  readonly connectionCount: number;
  /** New connections are refused from now on; those that are open go on. */
  stopListening(): void;
  /** Cuts whatever is open. */
  close(): void;
}

/** The option is there, its type is not. */
type Uws = typeof import('uWebSockets.js') & { LIBUS_LISTEN_EXCLUSIVE_PORT: number };

/** The library takes host, port and options together; its types know only two of them at a time. */
interface ExactListen {
  listen(host: string, port: number, options: number, listening: (socket: us_listen_socket | false) => void): void;
}

/** Serves every request of an address by `serve`. Rejects where the port is taken or the address is not ours. */
export async function openHttpPort(
  host: string,
  port: number,
  serve: Parameters<TemplatedApp['any']>[1],
): Promise<HttpPort> {
  const uws = await loadUws();
  let connectionCount = 0;
  const countConnection = (_: unknown, change: unknown) => {
    connectionCount += Number(change);
  };
  const app = uws.App().filter(countConnection).any('/*', serve);
  // Without this option two processes could share one port, and each would see half of the requests.
  const exclusive = uws.LIBUS_LISTEN_EXCLUSIVE_PORT;
  const listening = await new Promise<us_listen_socket | false>((resolve) => {
    (app as unknown as ExactListen).listen(host, port, exclusive, resolve);
  });
  if (listening === false) {
    app.close();
    throw new Error(
      `cannot listen on ${host}:${port}: the port is in use, or the address is not one of this machine; ` +
        'choose another with --port and --host (SLUICE_PORT, SLUICE_HOST), or end the process that holds it',
    );
  }
  let open = true;
  return {
    port: uws.us_socket_local_port(listening),
    get connectionCount() {
      return connectionCount;
    },
    stopListening() {
      if (open) uws.us_listen_socket_close(listening);
      open = false;
    },
    close() {
      app.close();
    },
  };
}

/**
 * Loads the library when the first port is opened. It reads the size of its head buffer from the environment as it loads,
 * and its own 4 KiB are less than a request signed with a session token may have.
 */
async function loadUws(): Promise<Uws> {
  process.env['UWS_HTTP_MAX_HEADERS_SIZE'] ??= String(limits.transportHeaderBytesMax); // set, never read (house: allow process.env)
  const module = (await import('uWebSockets.js')) as Uws & { default?: Uws };
  return module.default ?? module;
}
