import { connect, createServer } from 'node:net';

/**
 * A TCP relay that hands on to the client only so many bytes a second: what a client on a bad link is to the gateway. k6 reads
 * its sockets as fast as they deliver, so that without the relay no client of it is ever slow. The relay keeps nothing: it reads from
 * the gateway only what it may hand on, so that the rest waits in the kernel's buffers and then in the gateway.
 */
export function startSlowLink({ host, port, target, bytesPerSecond }) {
  const [targetHost, targetPort] = splitAddress(target);
  const server = createServer((client) => relay(client, connect(targetPort, targetHost), bytesPerSecond));
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve(server));
  });
}

const sliceMs = 50;
/** First byte of a close frame that is not fragmented; k6 writes one by itself. */
const closeFrame = 0x88;

function relay(client, gateway, bytesPerSecond) {
  const sliceBytes = Math.max(1, Math.floor((bytesPerSecond * sliceMs) / 1_000));
  const end = () => {
    clearInterval(timer);
    client.destroy();
    gateway.destroy();
  };
  // Paused mode: read(n) takes what is allowed, and the stream's own buffer stays at its high-water mark.
  const handOn = () => {
    const chunk = gateway.read(Math.min(sliceBytes, gateway.readableLength || sliceBytes));
    if (chunk !== null) client.write(chunk);
  };
  const timer = setInterval(handOn, sliceMs);
  client.pipe(gateway);
  // The answer to the client's close frame would have to wait behind all that it has not read: a client that leaves is let go.
  client.on('data', (chunk) => {
    if (chunk[0] === closeFrame) setTimeout(end, sliceMs);
  });
  gateway.once('end', end);
  for (const socket of [client, gateway]) {
    socket.on('error', end);
    socket.once('close', end);
  }
  // Without a listener the socket would not start to read.
  gateway.on('readable', () => {});
}

function splitAddress(address) {
  const at = address.lastIndexOf(':');
  if (at < 0) throw new Error(`SLOW_LINK_TARGET is "${address}": it has to be host:port`);
  return [address.slice(0, at), Number(address.slice(at + 1))];
}
