import { connect, createServer, type Socket } from 'node:net';

/** A way to a server that can be cut for good: to Redis it looks as if the process behind it had been killed. */
export interface CuttableProxy {
  readonly url: string;
  cut(): Promise<void>;
  /** Destroys the connections that stand; new ones are let through. */
  shake(): void;
}

export async function startProxy(targetPort: number): Promise<CuttableProxy> {
  const sockets = new Set<Socket>();
  const hold = (socket: Socket, peer: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      peer.destroy();
    });
  };
  const server = createServer((near) => {
    const far = connect(targetPort, '127.0.0.1');
    hold(near, far);
    hold(far, near);
    near.pipe(far);
    far.pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  const shake = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `redis://127.0.0.1:${address.port}`,
    shake,
    cut() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      shake();
      return closed;
    },
  };
}
