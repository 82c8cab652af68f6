// The back end of the bench, in a process of its own so that its CPU is not counted: echoes every body.
import uWS from 'uWebSockets.js';

const app = uWS.App();
app.post('/*', (response) => {
  const chunks = [];
  response.onAborted(() => {});
  response.onData((chunk, isLast) => {
    chunks.push(Buffer.from(new Uint8Array(chunk)));
    if (isLast) response.cork(() => response.end(Buffer.concat(chunks)));
  });
});
app.listen('127.0.0.1', 0, (token) => {
  if (!token) process.exit(1);
  process.send({ port: uWS.us_socket_local_port(token) });
});
process.on('disconnect', () => process.exit(0));
