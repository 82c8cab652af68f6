import assert from 'node:assert/strict';
import type { WebSocketClient } from '@sluice/testkit';
import { type Chapter, NotApplicable, rule } from '../rule.js';
import type { Target } from '../target.js';
import { endOf } from '../wire/connection-events.js';
import { rawAnswer, upgradeLines } from '../wire/raw-connection.js';

const messageBytesMax = 131_072;
const frameBytesMax = 32_768;
const tooBig = { code: 1009, reason: 'Message too big' };

/** A message of exactly this many bytes whose function replies `taken`. */
function messageOf(bytes: number): Buffer {
  const message = { script: { result: { statusCode: 200, body: 'taken' } }, padding: '' };
  return Buffer.from(JSON.stringify({ ...message, padding: 'x'.repeat(bytes - JSON.stringify(message).length) }));
}

/** Sends it in frames of at most 32768 bytes, as the model service wants it. */
function sendInFrames(client: WebSocketClient, message: Buffer): void {
  for (let start = 0; start < message.length; start += frameBytesMax) {
    const end = start + frameBytesMax;
    client.socket.send(message.subarray(start, end), { binary: false, fin: end >= message.length });
  }
}

/** The rules that count what a client sends end like this. */
async function closesWithTooBig(target: Target, client: WebSocketClient, connectionId: string): Promise<void> {
  const closed = await Promise.race([client.closed, client.next().then((text) => `it was answered ${text}`)]);
  assert.deepEqual(closed, tooBig);
  assert.deepEqual(await endOf(target, connectionId), tooBig);
}

export const quotas: Chapter = {
  number: '14',
  name: 'quotas',
  rules: [
    rule('QU-1', 'M13: 131072 bytes in frames of 32768 are taken', async (target) => {
      const client = await target.connect('connections');
      sendInFrames(client, messageOf(messageBytesMax));
      assert.equal(await client.next(), 'taken');
    }),
    rule('QU-1', 'M14: 131073 bytes close with 1009, also in the event', async (target) => {
      const { client, connectionId } = await target.connectKnown('connections');
      sendInFrames(client, messageOf(messageBytesMax + 1));
      await closesWithTooBig(target, client, connectionId);
    }),
    rule('QU-1', 'so does a message of over 1 MiB', async (target) => {
      const { client, connectionId } = await target.connectKnown('connections');
      client.socket.on('error', () => {});
      sendInFrames(client, messageOf(1_100_000));
      assert.equal((await endOf(target, connectionId)).code, 1009);
    }),
    rule('QU-2', 'M14: one frame of 32769 bytes closes with 1009', async (target) => {
      const client = await target.connect('connections');
      client.socket.send(messageOf(frameBytesMax + 1), { binary: false });
      const end = await Promise.race([client.closed, client.next()]);
      if (end === 'taken') throw new NotApplicable('not met: this gateway sees whole messages only, and says so');
      assert.deepEqual(end, tooBig);
    }),
    rule('QU-2', 'messageBytesMax 32768 is as strict to a client that does not fragment', async (target) => {
      const { client, connectionId } = await target.connectKnown('connections-strict');
      client.socket.send(messageOf(frameBytesMax), { binary: false });
      assert.equal(await client.next(), 'taken');
      client.socket.send(messageOf(frameBytesMax + 1), { binary: false });
      await closesWithTooBig(target, client, connectionId);
    }),
    rule('QU-3', 'messageBytesMax of an API moves the bound of posts', async (target) => {
      const { client, connectionId } = await target.connectKnown('connections-strict');
      const post = (bytes: number) =>
        target.management('connections-strict', 'POST', `/@connections/${connectionId}`, { body: 'x'.repeat(bytes) });
      assert.equal((await post(frameBytesMax)).status, 200);
      assert.equal((await client.next()).length, frameBytesMax);
      assert.equal((await post(frameBytesMax + 1)).status, 413);
    }),
    rule('QU-7', 'a rate of zero refuses every message of its route, and nothing else', async (target) => {
      const client = await target.connect('errors');
      for (let count = 0; count < 3; count++) {
        client.send({ action: 'throttled' });
        assert.equal(JSON.parse(await client.next()).message, 'Too Many Requests');
      }
      client.send({ action: 'twoWay', script: { result: { statusCode: 200, body: 'open' } } });
      assert.equal(await client.next(), 'open');
    }),
    rule('QU-9', 'an address of 4096 characters is taken, a longer one is 414', async (target) => {
      const address = (length: number) => {
        const [first = '', ...rest] = upgradeLines(target, 'connections');
        const [method = '', path = '', version = ''] = first.split(' ');
        return [`${method} ${`${path}?p=`.padEnd(length, 'x')} ${version}`, ...rest];
      };
      assert.equal((await rawAnswer(target, address(4096)))?.status, 101);
      assert.equal((await rawAnswer(target, address(4097)))?.status, 414);
    }),
    rule('QU-10', 'headers of more than 10240 bytes are 431', async (target) => {
      const lines = (bytes: number) => {
        const own = upgradeLines(target, 'connections');
        const present = own.slice(1).reduce((sum, line) => sum + line.length + 2, 0);
        return [...own, `X-Padding: ${'x'.repeat(bytes - present - 'X-Padding: '.length - 2)}`];
      };
      assert.equal((await rawAnswer(target, lines(10_240)))?.status, 101);
      assert.equal((await rawAnswer(target, lines(10_241)))?.status, 431);
    }),
    rule('QU-12', 'a client that does not read: its callbacks get 429, and it is closed with 1008', async (target) => {
      const { client, connectionId } = await target.connectKnown('connections');
      client.socket.pause();
      const body = 'x'.repeat(messageBytesMax);
      const path = `/@connections/${connectionId}`;
      let answer = await target.management('connections', 'POST', path, { body });
      for (let sent = 1; answer.status === 200 && sent < 400; sent++) {
        answer = await target.management('connections', 'POST', path, { body });
      }
      assert.equal(answer.status, 429, `it was answered ${answer.status}`);
      assert.equal(answer.headers.get('x-amzn-errortype'), 'LimitExceededException');
      assert.equal(answer.body, '{"message":"Limit exceeded"}');
      assert.equal((await endOf(target, connectionId, 14_000)).code, 1008);
    }),
  ],
};
