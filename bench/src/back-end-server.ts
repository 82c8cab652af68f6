import type { HttpResponse } from 'uWebSockets.js';
import { uWebSockets } from './micro-web-sockets.js';

/**
 * The back end of the HTTP rows: `/echo` answers the body it was sent, `/id` the connection id that the gateway names. A
 * process of its own, so that its cost is never counted as the gateway's.
 */
uWebSockets
  .App()
  .post('/echo', (response) => {
    collect(response, (body) => response.end(body));
  })
  .post('/id', (response, request) => {
    const connectionId = request.getHeader('x-sluice-connection-id');
    collect(response, () => response.end(connectionId));
  })
  .any('/*', (response) => {
    response.writeStatus('404 Not Found').end();
  })
  .listen('127.0.0.1', 0, (listening) => {
    if (listening === false) throw new Error('the back end could not listen');
    process.send?.({ port: uWebSockets.us_socket_local_port(listening) });
  });

function collect(response: HttpResponse, answer: (body: Buffer) => void): void {
  const earlier: Buffer[] = [];
  let aborted = false;
  response.onAborted(() => {
    aborted = true;
  });
  response.onData((chunk, isLast) => {
    // The chunk is the library's memory, valid only inside this callback: the last one is used here, the others are copied.
    if (!isLast) earlier.push(Buffer.from(Buffer.from(chunk)));
    else if (!aborted) {
      const body = earlier.length === 0 ? Buffer.from(chunk) : Buffer.concat([...earlier, Buffer.from(chunk)]);
      response.cork(() => answer(body));
    }
  });
}

process.once('disconnect', () => process.exit(0));
