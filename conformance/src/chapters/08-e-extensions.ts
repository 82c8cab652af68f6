import assert from 'node:assert/strict';
import type { Script } from '../back-end/script.js';
import { connected, isOf, marked } from '../events.js';
import { deniedExplicitly, notAllowed, policyOf, routeArn, statement } from '../policies.js';
import { type Rule, rule } from '../rule.js';
import { signedInHeaders } from '../signed-handshake.js';
import { newMarker, type Target } from '../target.js';

const reply = { result: { statusCode: 200, body: 'in' } };

/** Sends a message to a route with an authorizer; tells its answer: `in`, or the text of the error frame. */
async function verdictOn(target: Target, message: object, api = 'authorized-messages'): Promise<string> {
  const client = await target.connect(api);
  client.send({ script: reply, ...message });
  const answer = await client.next();
  return answer === 'in' ? answer : JSON.parse(answer).message;
}

function message(title: string, body: object, expected: string): Rule {
  return rule('AU-9', title, async (target) => {
    const marker = newMarker();
    assert.equal(await verdictOn(target, { ...body, marker }), expected);
    if (expected === 'in') return;
    const calls = await target.backEnd.settled(
      (call) => call.event?.type !== 'REQUEST' && (call.event?.body ?? '').includes(marker),
    );
    assert.deepEqual(calls, [], 'the integration was called');
  });
}

const guarded = (auth: Script) => ({ action: 'guarded', user: { token: 't' }, auth });

const messageRules: Rule[] = [
  message('a message that its authorizer allows', guarded({}), 'in'),
  message('no identity in the body: Unauthorized', { action: 'guarded', user: {} }, 'Unauthorized'),
  message('an empty identity: Unauthorized', { action: 'guarded', user: { token: '' } }, 'Unauthorized'),
  message('the function fails with Unauthorized', guarded({ fails: { errorMessage: 'Unauthorized' } }), 'Unauthorized'),
  message('the function fails otherwise', guarded({ fails: { errorMessage: 'x' } }), 'Internal server error'),
  message('an explicit Deny', guarded({ result: policyOf([statement('Deny')]) }), deniedExplicitly),
  message('no Allow', guarded({ result: policyOf([]) }), notAllowed),
  message('a result that is none', guarded({ raw: 'null' }), ''),
  rule('AU-9', 'the event: of a message, with its body, and empty maps', async (target) => {
    const marker = newMarker();
    await verdictOn(target, { ...guarded({}), marker });
    const { event } = await target.backEnd.seen(
      "the authorizer's event",
      (call) => call.event?.type === 'REQUEST' && (call.event.body ?? '').includes(marker),
    );
    assert.equal(event.methodArn, routeArn(target, 'authorized-messages', { routeKey: 'guarded' }));
    assert.equal(event.requestContext.eventType, 'MESSAGE');
    assert.equal(event.requestContext.routeKey, 'guarded');
    assert.deepEqual([event.headers, event.queryStringParameters], [{}, {}]);
    assert.equal(JSON.parse(event.body).marker, marker);
    assert.equal(event.isBase64Encoded, false);
  }),
  rule('AU-9', "what it returns is in this message's event only", async (target) => {
    const client = await target.connect('authorized-messages');
    const result = policyOf([statement('Allow')], { context: { level: 3 } });
    client.send({ ...guarded({ result }), script: { echo: true } });
    const { authorizer } = JSON.parse(await client.next()).requestContext;
    assert.equal(authorizer.level, '3');
    client.send({ action: 'open', script: { echo: true } });
    assert.deepEqual(JSON.parse(await client.next()).requestContext.authorizer ?? {}, {});
  }),
  rule('AU-9', 'AWS_IAM: the key that signed the handshake has to cover the route', async (target) => {
    const mayConnect = { accessKeyId: 'AKIDONEROUTE', secretAccessKey: 'one-route-secret' };
    for (const [credentials, expected] of [
      [target.options.credentials, 'in'],
      [mayConnect, 'Forbidden'],
    ] as const) {
      const client = await target.connect(
        'iam',
        await signedInHeaders(target, 'iam', { credentials: { ...credentials } }),
      );
      client.send({ action: 'signed', script: reply });
      const answer = await client.next();
      assert.equal(answer === 'in' ? answer : JSON.parse(answer).message, expected);
    }
  }),
];

/** How often the authorizer is called for these handshakes, one after another. */
async function callsFor(target: Target, count: number, auth: Script): Promise<{ calls: number; statuses: number[] }> {
  const { options, marker } = marked({ query: { token: newMarker() }, auth });
  const statuses: number[] = [];
  for (let handshake = 0; handshake < count; handshake++) {
    const end = target.connect('authorized-cached', options).then(
      () => 101,
      (error: { refusal?: { status: number } }) => error.refusal?.status ?? 0,
    );
    statuses.push(await end);
  }
  const calls = await target.backEnd.settled(isOf(marker, 'authorizer'));
  return { calls: calls.length, statuses };
}

// Each process of a cluster keeps results of its own.
const handshakes = 12;
const processesMax = 4;

const cacheRules: Rule[] = [
  rule('AU-10', 'authorizerResultTtlInSeconds: what an authorizer allowed is kept', async (target) => {
    const { calls, statuses } = await callsFor(target, handshakes, {});
    assert.deepEqual(new Set(statuses), new Set([101]));
    assert.ok(calls >= 1 && calls <= processesMax, `${handshakes} handshakes asked the authorizer ${calls} times`);
  }),
  rule('AU-10', 'handshakes of one identity that come at once share a call', async (target) => {
    const { options, marker } = marked({ query: { token: newMarker() }, auth: { sleepMs: 300 } });
    await Promise.all(Array.from({ length: handshakes }, () => target.connect('authorized-cached', options)));
    const calls = await target.backEnd.settled(isOf(marker, 'authorizer'), 50);
    assert.ok(calls.length <= processesMax, `${handshakes} handshakes asked the authorizer ${calls.length} times`);
  }),
  rule('AU-10', 'so is what it denied', async (target) => {
    const { calls, statuses } = await callsFor(target, handshakes, { result: policyOf([statement('Deny')]) });
    assert.deepEqual(new Set(statuses), new Set([403]));
    assert.ok(calls >= 1 && calls <= processesMax, `${handshakes} handshakes asked the authorizer ${calls} times`);
  }),
  rule('AU-10', 'a failure is not', async (target) => {
    const { calls, statuses } = await callsFor(target, 6, { fails: { errorMessage: 'x' } });
    assert.deepEqual([calls, new Set(statuses)], [6, new Set([500])]);
  }),
  rule('AU-10', 'another identity is asked about anew, and the context is kept with the result', async (target) => {
    const result = (tenant: string) => policyOf([statement('Allow')], { context: { tenant } });
    for (const tenant of ['a', 'b']) {
      const query = { token: newMarker() };
      for (let handshake = 0; handshake < 3; handshake++) {
        const { event } = await connected(target, 'authorized-cached', { query, auth: { result: result(tenant) } });
        assert.equal(event.requestContext.authorizer.tenant, tenant);
      }
    }
  }),
];

function atAddress(title: string, auth: Script, status: number, text: string): Rule {
  return rule('AU-11', `${title}: ${status}`, async (target) => {
    const refusal = await target.refused('authorized-http', { auth });
    assert.equal(refusal.status, status);
    assert.equal(JSON.parse(refusal.body).message, text);
  });
}

const addressRules: Rule[] = [
  rule('AU-11', 'an authorizer at an address gets the event by POST, and its result counts', async (target) => {
    const auth = { result: policyOf([statement('Allow')], { context: { a: 1 } }) };
    const { event, marker } = await connected(target, 'authorized-http', { auth });
    assert.equal(event.requestContext.authorizer.a, '1');
    const call = await target.backEnd.seen('the POST', isOf(marker, 'authorizer'));
    assert.equal(call.way, 'http');
    assert.equal(call.method, 'POST');
    assert.equal(call.name, '/http/authorizer');
    assert.equal(call.event.methodArn, routeArn(target, 'authorized-http'));
  }),
  atAddress('it answers 401', { status: 401 }, 401, 'Unauthorized'),
  atAddress('it answers 403', { status: 403 }, 403, notAllowed),
  atAddress('it answers 500', { status: 500 }, 500, 'Internal server error'),
  atAddress('it answers 404', { status: 404 }, 500, 'Internal server error'),
  atAddress('it denies', { result: policyOf([statement('Deny')]) }, 403, deniedExplicitly),
  atAddress('its result is none', { raw: 'null' }, 500, ''),
];

export const extensionRules: Rule[] = [...messageRules, ...cacheRules, ...addressRules];
