import assert from 'node:assert/strict';
import type { WebSocketClient } from '@sluice/testkit';
import { connected, disconnectOf, isOf, marked } from '../events.js';
import { type Rule, rule } from '../rule.js';
import type { HandshakeOptions, Target } from '../target.js';

/** Sends messages at once; tells the answers, in no order: `in`, or the text of the error frame. A refusal may overtake. */
async function answersTo(client: WebSocketClient, action: string, count: number): Promise<string[]> {
  for (let n = 0; n < count; n++) client.send({ action, script: { result: { statusCode: 200, body: 'in' } } });
  const answers: string[] = [];
  for (let n = 0; n < count; n++) {
    const answer = await client.next();
    answers.push(answer === 'in' ? answer : JSON.parse(answer).message);
  }
  return answers.sort();
}

const tooMany = 'Too Many Requests';

/** Of a bucket that hardly refills: some pass, at most as many as it holds, and the rest is refused. */
function assertBounded(answers: string[], burst: number): void {
  const passed = answers.filter((answer) => answer === 'in').length;
  const refused = answers.filter((answer) => answer === tooMany).length;
  assert.equal(passed + refused, answers.length, `the answers were ${answers}`);
  assert.ok(passed >= 1, 'nothing passed');
  assert.ok(passed <= burst, `${passed} messages passed a bucket of ${burst}`);
}

/** Connects, and is refused with 429, as often as it is tried; tells the statuses. */
async function statusesOf(target: Target, options: HandshakeOptions, count: number): Promise<number[]> {
  const attempts = Array.from({ length: count }, () =>
    target.connect('throttled', options).then(
      () => 101,
      (error: { refusal?: { status: number } }) => error.refusal?.status ?? 0,
    ),
  );
  return await Promise.all(attempts);
}

const keyed = (name: string): HandshakeOptions => ({
  stage: 'ordered',
  headers: { 'x-api-key': `conformance-key-${name}-0000000000` },
});

export const throttleRules: Rule[] = [
  rule('SL-2', 'M15 a throttled route: the frame Too Many Requests, and the connection stays', async (target) => {
    const client = await target.connect('throttled');
    assertBounded(await answersTo(client, 'limited', 6), 3);
    assert.deepEqual(await answersTo(client, 'free', 3), ['in', 'in', 'in']);
  }),
  rule('SL-2', 'what is refused is not called', async (target) => {
    const client = await target.connect('throttled');
    const { marker } = marked({});
    client.send({ action: 'closed', marker });
    assert.equal(JSON.parse(await client.next()).message, tooMany);
    assert.deepEqual(await target.backEnd.settled(({ body }) => body.includes(marker)), []);
  }),
  rule('SL-2', 'one bucket for all connections of a route, whichever node they are on', async (target) => {
    const clients = await Promise.all([1, 2, 3, 4].map(() => target.connect('throttled')));
    const answers = await Promise.all(clients.map((client) => answersTo(client, 'shared', 3)));
    assertBounded(answers.flat(), 4);
  }),
  rule('SL-2', 'it refills at its rate', async (target) => {
    const client = await target.connect('throttled');
    assert.deepEqual(await answersTo(client, 'refilled', 2), [tooMany, 'in']);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    assert.deepEqual(await answersTo(client, 'refilled', 1), ['in']);
  }),
  rule('SL-2', "the stage's default is a bucket for each route", async (target) => {
    const client = await target.connect('throttled', { stage: 'defaults' });
    assertBounded(await answersTo(client, 'limited', 4), 2);
    assertBounded(await answersTo(client, 'shared', 4), 2);
  }),
  rule('SL-2', "a route's own settings come before the stage's default", async (target) => {
    const client = await target.connect('throttled', { stage: 'defaults' });
    assert.deepEqual(new Set(await answersTo(client, 'free', 10)), new Set(['in']));
  }),
  rule('SL-2', 'H13 connects of 1/s, three attempts: some get in, others 429', async (target) => {
    const statuses = await statusesOf(target, { stage: 'connects' }, 4);
    assert.ok(statuses.includes(101), `nobody got in: ${statuses}`);
    assert.ok(statuses.filter((status) => status === 429).length >= 2, `the statuses were ${statuses}`);
  }),
  rule('SL-2', 'O5 429 is {"message":"Too Many Requests"}, and $connect is not called', async (target) => {
    const { options, marker } = marked({ stage: 'closed' });
    const refusal = await target.refused('throttled', options);
    assert.equal(refusal.status, 429);
    assert.equal(refusal.body, '{"message":"Too Many Requests"}');
    assert.equal(refusal.headers['x-amzn-errortype'], 'TooManyRequestsException');
    assert.deepEqual(await target.backEnd.settled(isOf(marker, 'integration')), []);
  }),
  rule('SL-2', 'a throttled handshake is refused before its authorizer is asked', async (target) => {
    const { options, marker } = marked({ stage: 'closed' });
    assert.equal((await target.refused('logged', options)).status, 429);
    assert.deepEqual(await target.backEnd.settled(isOf(marker, 'authorizer')), []);
  }),
  rule('SL-2', '$disconnect is not throttled', async (target) => {
    const { client, connectionId } = await connected(target, 'throttled', { stage: 'disconnects' });
    await client.close(1000);
    await disconnectOf(target, connectionId);
  }),
  rule('SL-2', 'the usage plan comes before the route: what the plan refuses takes nothing from it', async (target) => {
    const tight = await target.connect('keys', keyed('tight'));
    // The connect has taken one of the plan's two tokens; the route has two as well.
    assert.deepEqual(await answersTo(tight, 'twoWay', 4), [tooMany, tooMany, tooMany, 'in']);
    const loose = await target.connect('keys', keyed('loose'));
    assert.deepEqual(await answersTo(loose, 'twoWay', 2), [tooMany, 'in']);
  }),
  rule('SL-2', 'what no route matches is counted against the default of the stage', async (target) => {
    const client = await target.connect('throttled', { stage: 'defaults' });
    const answers = await answersTo(client, 'nowhere', 4);
    const passed = answers.filter((answer) => answer === 'Forbidden').length;
    assert.ok(passed >= 1 && passed <= 2, `the answers were ${answers}`);
    assert.deepEqual(new Set(answers), new Set(['Forbidden', tooMany]));
  }),
];
