import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';

/** A TCP balancer that gives each connection to the next port in turn, so that neighbouring clients land on different edges. */
export async function startBalancer(ports: readonly number[]): Promise<{ port: number; stop(): Promise<void> }> {
  const sockets = new Set<Socket>();
  let turn = 0;
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const port = ports[turn++ % ports.length] ?? 0;
    const edge = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
    for (const [from, to] of [
      [client, edge],
      [edge, client],
    ] as const) {
      sockets.add(from);
      from.setNoDelay(true);
      from.pipe(to);
      // A reset on one side has to be a reset on the other: rules look at how a connection ended.
      from.on('error', () => to.resetAndDestroy());
      from.once('close', () => {
        sockets.delete(from);
        to.end();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
