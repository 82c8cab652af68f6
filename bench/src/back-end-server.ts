import type { HttpResponse } from 'uWebSockets.js';
import { uWebSockets } from './micro-web-sockets.js';

/** What the back end is told: the keys of the issuer in whose place it answers. */
export interface IssuerKeysMessage {
  keySet: string;
}

let keySet = '';

/**
 * The back end of all rows: `/echo` answers the body it was sent, `/id` the connection id that the gateway names, the Invoke API
 * what a function would that echoes, `/jwks` the keys that it was told, and `/v1/traces` what a collector says. A process of its own, so that its cost is never counted
 * as the gateway's.
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
  .post('/2015-03-31/functions/:name/invocations', (response, request) => {
    // A row that were signed by mistake, or not signed by mistake, would be answered and measured all the same.
    const isSigned = request.getHeader('authorization').startsWith('AWS4-HMAC-SHA256 ');
    const signatureFits = isSigned === (request.getParameter(0) === 'echo-signed');
    collect(response, (body) => {
      if (!signatureFits) response.writeStatus('403 Forbidden').end('{"message":"signed by mistake, or not signed"}');
      else response.end(functionResult(body));
    });
  })
  .post('/v1/traces', (response) => {
    collect(response, () => response.writeHeader('content-type', 'application/json').end('{}'));
  })
  .get('/jwks', (response) => {
    response.writeHeader('content-type', 'application/json').end(keySet);
  })
  .any('/*', (response) => {
    response.writeStatus('404 Not Found').end();
  })
  .listen('127.0.0.1', 0, (listening) => {
    if (listening === false) throw new Error('the back end could not listen');
    const port = uWebSockets.us_socket_local_port(listening);
    process.send?.({ port });
  });

function functionResult(event: Buffer): string {
  const { body } = JSON.parse(event.toString()) as { body: string };
  return JSON.stringify({ statusCode: 200, body });
}

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

process.on('message', (message: IssuerKeysMessage) => {
  keySet = message.keySet;
});
process.once('disconnect', () => process.exit(0));
