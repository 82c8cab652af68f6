import assert from 'node:assert/strict';
import type { WebSocketClient } from '@sluice/testkit';
import type { Event } from '../back-end/back-end.js';
import { connected, disconnectOf } from '../events.js';
import { type Chapter, type Rule, rule } from '../rule.js';
import { newMarker, type Target } from '../target.js';
import { echoed } from '../wire/connection-events.js';
import { eventRules } from './05-a-events.js';
import { resultRules } from './05-b-results.js';

/** What an authorizer returns that allows the handshake, with more in it. */
function allowing(target: Target, more: object): object {
  const { region, accountId } = target.options;
  const Resource = `arn:aws:execute-api:${region}:${accountId}:events-authorized/dev/$connect`;
  return {
    policyDocument: {
      Version: '2012-10-17',
      Statement: [{ Action: 'execute-api:Invoke', Effect: 'Allow', Resource }],
    },
    ...more,
  };
}

const authorizer: Rule[] = [
  rule(
    'LE-4',
    'A5 the context as texts with principalId, on every event; integrationLatency on CONNECT only',
    async (target) => {
      const context = { tenant: 'acme', level: 3, half: 0.5, beta: true, empty: '' };
      const result = allowing(target, { principalId: 'user-1', context });
      const { client, event, connectionId } = await connected(target, 'events-authorized', { auth: { result } });
      const texts = { tenant: 'acme', level: '3', half: '0.5', beta: 'true', empty: '', principalId: 'user-1' };
      const { integrationLatency, ...members } = event.requestContext.authorizer;
      assert.deepEqual(members, texts);
      assert.equal(typeof integrationLatency, 'number');
      const message = await echoed(client, { action: 'twoWay' });
      assert.deepEqual(message.requestContext.authorizer, texts);
      await client.close(1000);
      assert.deepEqual((await disconnectOf(target, connectionId)).requestContext.authorizer, texts);
    },
  ),
  rule('LE-4', 'principalId is absent where the authorizer returned none', async (target) => {
    const { client, event } = await connected(target, 'events-authorized', { auth: { result: allowing(target, {}) } });
    assert.deepEqual(Object.keys(event.requestContext.authorizer), ['integrationLatency']);
    const message = await echoed(client, { action: 'twoWay' });
    assert.deepEqual(message.requestContext.authorizer ?? {}, {});
  }),
  rule('LE-4', 'without an authorizer there is no such member', async (target) => {
    const { event } = await connected(target, 'events');
    assert.ok(!('authorizer' in event.requestContext));
  }),
];

/** The next frame, with what it was. */
function nextFrame(socket: WebSocketClient['socket']): Promise<{ data: Buffer; isBinary: boolean }> {
  return new Promise((resolve) => {
    socket.once('message', (data: Buffer, isBinary) => resolve({ data, isBinary }));
  });
}

const binary: Rule[] = [
  rule('LE-8', 'a binary frame is the body as base64, with isBase64Encoded true', async (target) => {
    const bytes = Buffer.concat([Buffer.from([0, 255, 254]), Buffer.from(newMarker())]);
    const client = await target.connect('events-binary');
    client.send(bytes);
    const body = bytes.toString('base64');
    const { event } = await target.backEnd.seen(
      'the MESSAGE event',
      (call: { event: Event }) => call.event?.body === body,
    );
    assert.equal(event.isBase64Encoded, true);
    assert.equal(event.requestContext.routeKey, '$default');
  }),
  rule('LE-8', 'a text frame is text as ever', async (target) => {
    const client = await target.connect('events-binary');
    const event = await echoed(client, { action: 'twoWay' });
    assert.equal(event.isBase64Encoded, false);
  }),
  rule('LE-8', 'a reply with isBase64Encoded true is a binary frame, another one is text', async (target) => {
    const client = await target.connect('events-binary');
    const bytes = Buffer.from([1, 2, 255, 0]);
    const result = { statusCode: 200, body: bytes.toString('base64'), isBase64Encoded: true };
    const first = nextFrame(client.socket);
    client.send({ action: 'twoWay', script: { result } });
    assert.deepEqual(await first, { data: bytes, isBinary: true });
    const second = nextFrame(client.socket);
    client.send({ action: 'twoWay', script: { result: { statusCode: 200, body: 'text' } } });
    assert.deepEqual(await second, { data: Buffer.from('text'), isBinary: false });
  }),
  rule('CN-74', 'a binary message over the size of text closes with 1009 as well', async (target) => {
    const client = await target.connect('events-binary');
    client.send(Buffer.alloc(131_073));
    assert.equal((await client.closed).code, 1009);
  }),
];

export const lambdaEvents: Chapter = {
  number: '05',
  name: 'Lambda events and results',
  rules: [...eventRules, ...authorizer, ...resultRules, ...binary],
};
