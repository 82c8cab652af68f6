import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type StartedCallback, startCallback } from './testing/start-callback.js';

let service: StartedCallback;
let id: string;
const sockets: Socket[] = [];

beforeEach(async () => {
  service = await startCallback({ limits: { bodyTimeoutMs: 400 } });
  id = service.edge.connect('chat/dev');
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await service.callback.stop();
});

interface Peer {
  socket: Socket;
  text: () => string;
  closed: Promise<void>;
}

function open(...parts: string[]): Peer {
  const socket = connect(service.port, '127.0.0.1');
  sockets.push(socket);
  let text = '';
  socket.on('data', (data) => {
    text += data.toString('latin1');
  });
  socket.on('error', () => {});
  for (const part of parts) socket.write(part, 'latin1');
  return { socket, text: () => text, closed: new Promise((resolve) => socket.on('close', () => resolve())) };
}

const head = (...headers: string[]) =>
  `POST /dev/@connections/${id} HTTP/1.1\r\n${['Host: h', ...headers].join('\r\n')}\r\n\r\n`;
const until = (condition: () => boolean) => expect.poll(condition, { timeout: 5_000, interval: 5 }).toBe(true);
const statuses = (peer: Peer) => [...peer.text().matchAll(/HTTP\/1\.1 (\d{3})/g)].map((match) => match[1]);

describe('content length', () => {
  it.each([
    ['negative', ['Content-Length: -1']],
    ['signed', ['Content-Length: +1']],
    ['hexadecimal', ['Content-Length: 0x1']],
    ['empty', ['Content-Length: ']],
    ['a list', ['Content-Length: 1, 1']],
    ['twice, alike', ['Content-Length: 1', 'Content-Length: 1']],
    ['twice, different', ['Content-Length: 1', 'Content-Length: 2']],
    ['beyond all numbers', [`Content-Length: ${'9'.repeat(30)}`]],
    ['beside chunks', ['Content-Length: 1', 'Transfer-Encoding: chunked']],
    ['another coding', ['Transfer-Encoding: gzip, chunked']],
    ['coding twice', ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked']],
    ['host twice', ['Host: other', 'Content-Length: 1']],
    ['authorization twice', ['Authorization: a', 'Authorization: b', 'Content-Length: 1']],
  ])('[CB-30] %s: 400, the connection ends, nothing is delivered', async (_, headers) => {
    const peer = open(head(...headers), 'x');
    await peer.closed;
    expect(statuses(peer)).toEqual(['400']);
    expect(service.edge.commands).toEqual([]);
  });

  it('[CB-30] absent: an empty message; what follows is the next request', async () => {
    const peer = open(head());
    await until(() => statuses(peer).length === 1);
    peer.socket.write(`${head('Content-Length: 1')}x`);
    await until(() => statuses(peer).length === 2);
    expect(statuses(peer)).toEqual(['200', '200']);
    expect(service.edge.received(id)).toEqual(['', 'x']);
  });

  it('[CB-30] a second request before the first answer ends the connection; answers are never mixed up', async () => {
    service.edge.mode = 'silent';
    const peer = open(`${head('Content-Length: 1')}x${head('Content-Length: 1')}y`);
    await peer.closed;
    expect(statuses(peer)).toEqual([]);
    expect(service.edge.commands.length).toBeLessThan(2);
  });

  it('[CB-7] declared over the limit: 413 at once, and the connection goes on behind the body', async () => {
    const peer = open(head('Content-Length: 131073'));
    await until(() => statuses(peer).length === 1);
    peer.socket.write('x'.repeat(131_073));
    peer.socket.write(`${head('Content-Length: 1')}y`);
    await until(() => statuses(peer).length === 2);
    expect(statuses(peer)).toEqual(['413', '200']);
    expect(service.edge.received(id)).toEqual(['y']);
  });

  it('[CB-30] declared far over the limit: 413 and the end', async () => {
    const peer = open(head('Content-Length: 999999999999'));
    await peer.closed;
    expect(statuses(peer)).toEqual(['413']);
  });

  it('[CB-30] a body shorter than declared, then silence: cut, and forgotten', async () => {
    const peer = open(head('Content-Length: 10'), 'abc');
    const started = performance.now();
    await peer.closed;
    expect(performance.now() - started).toBeLessThan(2_000);
    expect(statuses(peer)).toEqual(['408']);
    expect(service.edge.commands).toEqual([]);
  });

  it('[CB-30] a body that drips is cut all the same', async () => {
    const peer = open(head('Content-Length: 1000'));
    const drip = setInterval(() => peer.socket.write('x'), 20);
    await peer.closed;
    clearInterval(drip);
    expect(statuses(peer)).toEqual(['408']);
  });

  it('[CB-30] a caller that leaves in the middle of its body is forgotten', async () => {
    const peer = open(head('Content-Length: 10', 'Expect: 100-continue'));
    await until(() => peer.text().includes('100 Continue'));
    peer.socket.destroy();
    const aborted = async () => (await service.telemetry.metrics.managementRequestsTotal.get()).values;
    await expect.poll(async () => (await aborted()).map(({ labels }) => labels.code)).toEqual(['aborted']);
    await service.callback.stop();
    expect(service.edge.commands).toEqual([]);
  });
});

describe('chunked bodies', () => {
  const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;

  it('[CB-1] are put together', async () => {
    const peer = open(head('Transfer-Encoding: chunked'), chunk('one '), chunk('two'), '0\r\n\r\n');
    await until(() => statuses(peer).length === 1);
    expect(service.edge.received(id)).toEqual(['one two']);
  });

  it('[CB-7] are counted: 131072 bytes pass, one more is 413', async () => {
    const half = chunk('x'.repeat(65_536));
    const peer = open(head('Transfer-Encoding: chunked'), half, half, '0\r\n\r\n');
    await until(() => statuses(peer).length === 1);
    peer.socket.write(`${head('Transfer-Encoding: chunked')}${half}${half}${chunk('y')}0\r\n\r\n`);
    await until(() => statuses(peer).length === 2);
    expect(statuses(peer)).toEqual(['200', '413']);
    expect(service.edge.received(id).map((text) => text.length)).toEqual([131_072]);
  });

  it('[CB-30] without end are cut after a megabyte', async () => {
    const peer = open(head('Transfer-Encoding: chunked'));
    const part = chunk('x'.repeat(65_536));
    for (let i = 0; i < 40; i++) peer.socket.write(part);
    await peer.closed;
    expect(statuses(peer).slice(0, 1)).toEqual(['413']);
    expect(service.edge.commands).toEqual([]);
  });

  it('[CB-30] with a broken length end in 400', async () => {
    const peer = open(head('Transfer-Encoding: chunked'), 'zz\r\nabc\r\n');
    await peer.closed;
    expect(statuses(peer)).toEqual(['400']);
  });
});

describe('heads', () => {
  it('[CB-30] over 10240 bytes are 431', async () => {
    const peer = open(head(`X-Long: ${'x'.repeat(10_300)}`, 'Content-Length: 0'));
    await peer.closed;
    expect(statuses(peer)).toEqual(['431']);
  });

  it.each([
    'GET / HTTP/1.0\r\nHost: h\r\n\r\n',
    'POST / HTTP/1.1\r\nX-A: no host\r\n\r\n',
    'nonsense\r\n\r\n',
    '\0\0\0\0\r\n\r\n',
    'POST /a\r\nb HTTP/1.1\r\nHost: h\r\n\r\n',
  ])('[CB-30] %j is refused and its connection ended', async (text) => {
    const peer = open(text);
    await peer.closed;
    expect(peer.text()).toMatch(/^$|^HTTP\/1\.1 (400|505)/);
    expect(service.edge.commands).toEqual([]);
  });

  it('[CB-30] a caller in the way does not hinder the others', async () => {
    for (let i = 0; i < 200; i++) open(head('Content-Length: 100000'), 'x');
    const peer = open(`${head('Content-Length: 1')}y`);
    await until(() => statuses(peer).length === 1);
    expect(statuses(peer)).toEqual(['200']);
  });
});
