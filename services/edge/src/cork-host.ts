import type { HttpResponse, us_listen_socket } from 'uWebSockets.js';
import { connect, type Socket } from 'node:net';

/**
 * Runs the acceptance of a held upgrade where it is safe.
 *
 * `res.upgrade` outside of an upgrade handler wants to run inside `res.cork`. But when the upgraded socket keeps its address,
 * this build's cork takes the WebSocket's memory for the response's and may shut the connection down right after its 101: it
 * did for about one in ten first connections of a process (upstream compares the socket's context now). While another
 * response is corked, `cork` only calls its callback and looks at nothing afterwards. So one response is kept open for this
 * alone: that of a request which this process sends to itself over loopback, on a port that is closed again at once.
 *
 * The price is that the 101 leaves in about 25 small writes instead of one, some 130 µs, for upgrades that waited for a
 * verdict. See docs/uwebsockets.md for the way to a build without the fault.
 */
export class CorkHost {
  private response: HttpResponse | undefined;
  private client: Socket | undefined;
  private closed = false;

  constructor(private readonly library: typeof import('uWebSockets.js')) {}

  /** Opens the response that is kept; rejects where this process cannot reach itself over loopback. */
  async open(): Promise<void> {
    const app = this.library.App();
    const held = new Promise<void>((resolve) => {
      app.any('/*', (res) => {
        res.onAborted(() => this.reopen(res));
        this.response = res;
        resolve();
      });
    });
    const listening = await new Promise<us_listen_socket | false>((resolve) => app.listen('127.0.0.1', 0, resolve));
    if (listening === false)
      throw new Error('cannot listen on 127.0.0.1, which held upgrades need to be accepted safely');
    try {
      this.client = connect(this.library.us_socket_local_port(listening), '127.0.0.1');
      this.client.on('error', () => {});
      this.client.unref();
      this.client.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
      await held;
    } finally {
      this.library.us_listen_socket_close(listening);
    }
  }

  /** Calls `accept` now. Inside an upgrade handler the library has corked the socket itself, and nothing is needed. */
  run(accept: () => void): void {
    if (this.response === undefined) accept();
    else this.response.cork(accept);
  }

  close(): void {
    this.closed = true;
    this.response = undefined;
    this.client?.destroy();
  }

  private reopen(lost: HttpResponse): void {
    if (this.response === lost) this.response = undefined;
    if (!this.closed) this.open().catch(() => {});
  }
}
