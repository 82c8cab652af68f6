import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { limits } from '@sluice/contracts';
import { describe, expect, it, vi } from 'vitest';
import { atEnd, endAfterEach, frame, RawClient, sleep, until, upgradeRequest } from './edge.fixture.js';
import { ProxyPort } from './proxy-port.js';

endAfterEach();

const switching = 'HTTP/1.1 101 Switching Protocols\r\n\r\n';
const closeFrame = Buffer.from([0x88, 2, 3, 0xe9]);
const request = `PROXY TCP4 203.0.113.9 127.0.0.1 40000 80\r\n${upgradeRequest()}`;

/** The port in front of an edge that the test plays. */
async function startPort(serve: (upstream: Socket) => void) {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-relay-'));
  const upstreamPath = join(directory, 'proxied');
  const upstreams = createServer((upstream) => {
    upstream.on('error', () => {});
    upstream.once('data', () => serve(upstream));
  });
  upstreams.listen(upstreamPath);
  await once(upstreams, 'listening');
  const parts = { host: '127.0.0.1', port: 0, trustedProxies: ['127.0.0.1'], upstreamPath, refused() {} };
  const port = await ProxyPort.listen(parts);
  atEnd(async () => {
    await port.close(0);
    upstreams.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return port;
}

describe('a connection by the PROXY port that the edge closes', () => {
  it('[CN-75] has its close handshake to the end, and leaves no socket behind', async () => {
    const port = await startPort((upstream) => upstream.end(Buffer.concat([Buffer.from(switching), closeFrame])));
    for (let n = 0; n < 3; n++) {
      const client = new RawClient(port.port).write(request);
      const errors: Error[] = [];
      client.socket.on('error', (error) => errors.push(error));
      await until('the close frame', () => client.received.includes(closeFrame));
      client.write(frame(8, Buffer.from([3, 0xe9])));
      client.socket.end();
      await client.end();
      expect(errors).toEqual([]);
    }
    await until('no socket', () => port.socketCount === 0, 1_000);
  });

  it.each([
    ['a 101', switching],
    ['any other answer', 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n'],
  ])('[CN-75] after %s it is not held for a client that never ends its side', async (_what, answer) => {
    const port = await startPort((upstream) => upstream.end(answer));
    const client = new RawClient(port.port);
    // Left half open, as by a client that has gone without a word.
    client.socket.allowHalfOpen = true;
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      client.write(request);
      await once(client.socket, 'end');
      while (vi.getTimerCount() === 0) await new Promise((resolve) => setImmediate(resolve));
      vi.advanceTimersByTime(limits.proxyLingerMs - 1);
      expect(port.socketCount).toBe(1);
      vi.advanceTimersByTime(1);
    } finally {
      vi.useRealTimers();
    }
    await until('no socket', () => port.socketCount === 0, 1_000);
  });
});

// More than the kernel takes for a client that does not read.
const bytes = Buffer.alloc(32_000_000, 'x');

describe('a client that takes nothing of what is left for it', () => {
  it('[CN-75] is cut once nothing has moved for as long as on any other port', async () => {
    const { setTimeout } = Socket.prototype;
    const hurried = vi.spyOn(Socket.prototype, 'setTimeout').mockImplementation(function (this: Socket, ms, then) {
      return setTimeout.call(this, ms === limits.transportSilenceMs ? 300 : ms, then);
    });
    atEnd(() => void hurried.mockRestore());
    const port = await startPort((upstream) => upstream.end(Buffer.concat([Buffer.from(switching), bytes])));
    const client = new RawClient(port.port).write(request);
    await client.answer();
    client.socket.pause();
    await until('no socket', () => port.socketCount === 0);
  });
});

describe('the PROXY port, closed', () => {
  it('[CN-75] sends what the edge has already handed over to a client that reads late', async () => {
    const port = await startPort((upstream) => upstream.end(Buffer.concat([Buffer.from(switching), bytes])));
    const client = new RawClient(port.port).write(request);
    await client.answer();
    client.socket.pause();
    // Counted, not kept: that would be a copy for each chunk.
    let received = client.received.length;
    client.socket.removeAllListeners('data').on('data', (chunk) => {
      received += chunk.length;
    });
    client.socket.pause();
    await sleep(100);
    const closed = port.close(5_000);
    await sleep(200);
    client.socket.resume();
    await closed;
    await client.end();
    expect(received).toBe(switching.length + bytes.length);
  });

  it('[CN-75] is not held up by one that does not read at all, nor by what is idle', async () => {
    const idle = await startPort((upstream) => upstream.write(switching));
    await new RawClient(idle.port).write(request).answer();
    const startedAtMs = performance.now();
    await idle.close(5_000);
    expect(performance.now() - startedAtMs).toBeLessThan(2_000);
    const port = await startPort((upstream) => upstream.end(Buffer.concat([Buffer.from(switching), bytes])));
    const client = new RawClient(port.port).write(request);
    await client.answer();
    client.socket.pause();
    const cutAtMs = performance.now() + 300;
    await port.close(300);
    expect(performance.now()).toBeGreaterThanOrEqual(cutAtMs - 1);
    await until('no socket', () => port.socketCount === 0);
  });
});
