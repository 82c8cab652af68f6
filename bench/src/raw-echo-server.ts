import { uWebSockets } from './micro-web-sockets.js';

/**
 * The floor: what uWebSockets.js itself costs, with the edge's transport settings and nothing behind it. Every ratio of the
 * benchmark is to this process.
 */
uWebSockets
  .App()
  .ws('/*', {
    compression: uWebSockets.DISABLED,
    idleTimeout: 0,
    sendPingsAutomatically: false,
    maxPayloadLength: 131_072,
    message: (socket, message) => {
      socket.send(message, false, false);
    },
  })
  .listen('127.0.0.1', 0, (listening) => {
    if (listening === false) throw new Error('the raw echo server could not listen');
    process.send?.({ port: uWebSockets.us_socket_local_port(listening) });
  });

process.once('disconnect', () => process.exit(0));
