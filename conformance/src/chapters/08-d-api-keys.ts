import assert from 'node:assert/strict';
import { connected, disconnectOf, isOf, marked } from '../events.js';
import { policyOf, statement } from '../policies.js';
import { NotApplicable, type Rule, rule } from '../rule.js';
import type { HandshakeOptions, Target } from '../target.js';
import { echoed } from '../wire/connection-events.js';

/** Value of a key of `conformance/sluice.yaml`. */
const keyValue = (name: string) => `conformance-key-${name}-0000000000`;
const withKey = (name: string): HandshakeOptions => ({ headers: { 'x-api-key': keyValue(name) } });

/** 403 `Forbidden`, and `$connect` is not called. */
function refused(title: string, options: HandshakeOptions, api = 'keys'): Rule {
  return rule('AU-7', `${title}: 403`, async (target) => {
    const { options: all, marker } = marked(options);
    const refusal = await target.refused(api, all);
    assert.equal(refusal.status, 403, refusal.body);
    assert.equal(refusal.body, '{"message":"Forbidden"}');
    assert.equal(refusal.headers['x-amzn-errortype'], 'ForbiddenException');
    assert.deepEqual(await target.backEnd.settled(isOf(marker, 'integration')), []);
  });
}

function identifiedBy(name: string): HandshakeOptions {
  return { auth: { result: policyOf([statement('Allow')], { usageIdentifierKey: keyValue(name) }) } };
}

/** Sends messages until one is refused; tells how many were answered, and the text of the refusal. */
async function messagesUntilRefused(target: Target, name: string, most: number): Promise<[number, string]> {
  const client = await target.connect('keys', { stage: 'metered', ...withKey(name) });
  for (let count = 0; count < most; count++) {
    client.send({ action: 'twoWay', script: { result: { statusCode: 200, body: 'ok' } } });
    const answer = await client.next();
    if (answer !== 'ok') return [count, JSON.parse(answer).message];
  }
  return [most, ''];
}

export const apiKeyRules: Rule[] = [
  rule('AU-7', 'a key of a plan with the stage: 101, and identity has it on every event', async (target) => {
    const { client, event, connectionId } = await connected(target, 'keys', withKey('gold'));
    const { identity } = event.requestContext;
    assert.equal(identity.apiKey, keyValue('gold'));
    assert.equal(typeof identity.apiKeyId, 'string');
    assert.deepEqual((await echoed(client, { action: 'twoWay' })).requestContext.identity, identity);
    await client.close(1000);
    assert.deepEqual((await disconnectOf(target, connectionId)).requestContext.identity, identity);
  }),
  refused('no key', {}),
  refused('an empty key', { headers: { 'x-api-key': '' } }),
  refused('a key that nobody has', { headers: { 'x-api-key': keyValue('nobody') } }),
  refused('a key without its last character', { headers: { 'x-api-key': keyValue('gold').slice(0, -1) } }),
  refused('a key that is not enabled', withKey('disabled')),
  refused('a key of no plan', withKey('unplanned')),
  refused('a key whose plan has another stage', { ...withKey('gold'), stage: 'metered' }),
  refused('two keys', { headers: { 'x-api-key': [keyValue('gold'), keyValue('nobody')] } }),
  refused('the key in the query instead', { query: { 'x-api-key': keyValue('gold') } }),
  rule('AU-7', 'usageIdentifierKey of the authorizer, where the API takes it from there: 101', async (target) => {
    const { event } = await connected(target, 'keys-authorizer', identifiedBy('gold'));
    assert.equal(event.requestContext.identity.apiKey, keyValue('gold'));
  }),
  refused('an authorizer that names none', {}, 'keys-authorizer'),
  refused('an authorizer that names a wrong one', identifiedBy('nobody'), 'keys-authorizer'),
  refused('the header, where the authorizer has to name the key', withKey('gold'), 'keys-authorizer'),
  rule('AU-7', "the plan's rate: connects and messages of one key, then 429 and Too Many Requests", async (target) => {
    const [answered, text] = await messagesUntilRefused(target, 'slow', 20);
    assert.equal(text, 'Too Many Requests', `${answered} messages passed a burst of 3`);
    assert.ok(answered <= 3, `${answered} messages passed a burst of 3, of which the connect took one`);
    const refusal = await target.refused('keys', { stage: 'metered', ...withKey('slow') });
    assert.equal(refusal.status, 429);
    assert.equal(refusal.body, '{"message":"Too Many Requests"}');
  }),
  rule('AU-7', "the rate of one key is not another's", async (target) => {
    const client = await target.connect('keys', { stage: 'metered', ...withKey('slow-too') });
    for (let count = 0; count < 2; count++) await echoed(client, { action: 'twoWay' });
  }),
  rule('AU-7', "the plan's quota: connects and messages of one key, then Limit Exceeded", async (target) => {
    const first = await target.connect('keys', { stage: 'metered', ...withKey('few') }).catch(() => undefined);
    if (first === undefined) throw new NotApplicable('the quota of this day was used up by an earlier run');
    const [answered, text] = await messagesUntilRefused(target, 'few', 20);
    assert.equal(text, 'Limit Exceeded', `${answered} messages passed a quota of 5`);
    assert.equal(answered, 3, 'messages in a quota of 5, of which two connects took one each');
    const refusal = await target.refused('keys', { stage: 'metered', ...withKey('few') });
    assert.equal(refusal.status, 429);
    assert.equal(refusal.body, '{"message":"Limit Exceeded"}');
    assert.equal(refusal.headers['x-amzn-errortype'], 'LimitExceededException');
  }),
];
