import { connect, createServer, type Socket } from 'node:net';

/** A way to a server that can be cut for good: to Redis it looks as if the process behind it had been killed. */
export interface CuttableProxy {
  readonly url: string;
  cut(): Promise<void>;
  /** Destroys the connections that stand; new ones are let through. */
  shake(): void;
  /** Nothing comes through the connections that stand, and nothing closes them; new ones work. */
  freeze(): void;
  /** New connections go to another server, as when a name is given a new address; those that stand stay. */
  redirect(port: number): void;
}

export async function startProxy(targetPort: number): Promise<CuttableProxy> {
  const sockets = new Set<Socket>();
  let target = targetPort;
  const hold = (socket: Socket, peer: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      peer.destroy();
    });
  };
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1');
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
    freeze() {
      for (const socket of sockets) socket.unpipe().pause();
    },
    redirect(port) {
      target = port;
    },
    cut() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      shake();
      return closed;
    },
  };
}
