import assert from 'node:assert/strict';
import type { Script } from '../back-end/script.js';
import { connected, isOf, marked } from '../events.js';
import { deniedExplicitly, notAllowed, policyOf, routeArn, type Statement, statement } from '../policies.js';
import { type Rule, rule } from '../rule.js';
import type { HandshakeOptions, Target } from '../target.js';

/** The event of the authorizer of one handshake. */
async function authorizerEventOf(target: Target, options: HandshakeOptions) {
  const { options: all, marker } = marked(options);
  await target.connect('authorized', all);
  const { event } = await target.backEnd.seen("the authorizer's event", isOf(marker, 'authorizer'));
  return { event, marker };
}

const eventRules: Rule[] = [
  rule('AU-4', 'its members, in this order, with empty maps where there is nothing', async (target) => {
    const { event } = await authorizerEventOf(target, {});
    assert.deepEqual(Object.keys(event), [
      ...['type', 'methodArn', 'headers', 'multiValueHeaders', 'queryStringParameters'],
      ...['multiValueQueryStringParameters', 'stageVariables', 'requestContext'],
    ]);
    assert.equal(event.type, 'REQUEST');
    assert.equal(event.methodArn, routeArn(target, 'authorized'));
    assert.deepEqual(event.queryStringParameters, {});
    assert.deepEqual(event.multiValueQueryStringParameters, {});
    assert.deepEqual(event.stageVariables, {});
  }),
  rule('AU-4', 'its requestContext, with the ids of the CONNECT event', async (target) => {
    const { event, marker } = await authorizerEventOf(target, {});
    assert.deepEqual(Object.keys(event.requestContext), [
      ...['routeKey', 'eventType', 'extendedRequestId', 'requestTime', 'messageDirection', 'stage', 'connectedAt'],
      ...['requestTimeEpoch', 'identity', 'requestId', 'domainName', 'connectionId', 'apiId'],
    ]);
    const connect = await target.backEnd.seen('the CONNECT event', isOf(marker, 'integration'));
    const { authorizer, ...context } = connect.event.requestContext;
    assert.deepEqual(event.requestContext, context);
    assert.equal(event.requestContext.routeKey, '$connect');
    assert.equal(event.requestContext.eventType, 'CONNECT');
  }),
  rule(
    'AU-4',
    'its headers: those of the CONNECT event, and Connection, Upgrade and content-length',
    async (target) => {
      const { event, marker } = await authorizerEventOf(target, { headers: { 'X-Twice': ['a', 'b'] } });
      const { Connection, Upgrade, 'content-length': length, ...rest } = event.headers;
      assert.match(Connection, /^upgrade$/i);
      assert.match(Upgrade, /^websocket$/i);
      assert.equal(length, '0');
      const connect = await target.backEnd.seen('the CONNECT event', isOf(marker, 'integration'));
      assert.deepEqual(rest, connect.event.headers);
      assert.deepEqual(event.multiValueHeaders['X-Twice'], ['a', 'b']);
      assert.deepEqual(Object.keys(event.multiValueHeaders), Object.keys(event.headers));
      assert.match(event.headers['X-Amzn-Trace-Id'], /^Root=1-[0-9a-f]{8}-[0-9a-f]{24}/);
    },
  ),
  rule('AU-4', 'its query and stage variables, where there are some', async (target) => {
    const query: [string, string][] = [
      ['k', '1'],
      ['k', '2 ü'],
    ];
    const { event } = await authorizerEventOf(target, { stage: 'vars', query });
    assert.deepEqual(event.queryStringParameters, { k: '2 ü' });
    assert.deepEqual(event.multiValueQueryStringParameters, { k: ['1', '2 ü'] });
    assert.deepEqual(event.stageVariables, { tenant: 'acme' });
    assert.equal(event.methodArn, routeArn(target, 'authorized', { stage: 'vars' }));
  }),
  rule('AU-4', 'headers are spelled as identity sources spell them', async (target) => {
    const { options, marker } = marked({ headers: { headerauth1: 'h' }, query: { QueryString1: 'q' } });
    await target.connect('identity', options);
    const { event } = await target.backEnd.seen("the authorizer's event", isOf(marker, 'authorizer'));
    assert.equal(event.headers.HeaderAuth1, 'h');
  }),
];

type Policy = (target: Target) => Statement[];

function allows(title: string, policy: Policy): Rule {
  return rule('AU-5', `${title}: allowed`, async (target) => {
    const { event } = await connected(target, 'authorized', { auth: { result: policyOf(policy(target)) } });
    assert.equal(event.requestContext.authorizer.principalId, 'user-1');
  });
}

/** Refused by the policy: the status, the text, no `$connect` and no `$disconnect`. */
function refuses(title: string, policy: Policy, message = notAllowed): Rule {
  return rule('AU-5', `${title}: 403`, async (target) => {
    await assertRefused(target, { result: policyOf(policy(target)) }, 403, [message]);
  });
}

async function assertRefused(target: Target, auth: Script, status: number, messages: (string | null)[]): Promise<void> {
  const { options, marker } = marked({ auth });
  const refusal = await target.refused('authorized', options);
  assert.equal(refusal.status, status, refusal.body);
  const { message, connectionId, requestId, ...rest } = JSON.parse(refusal.body);
  assert.ok(messages.includes(message), `the message is ${JSON.stringify(message)}`);
  assert.deepEqual(rest, {});
  assert.equal(refusal.headers['x-amz-apigw-id'], requestId);
  const { event } = await target.backEnd.seen("the authorizer's event", isOf(marker, 'authorizer'));
  assert.equal(event.requestContext.connectionId, connectionId);
  const later = await target.backEnd.settled(
    (call) => call.event?.type !== 'REQUEST' && call.event?.requestContext?.connectionId === connectionId,
  );
  assert.deepEqual(later, [], 'an integration heard of a connection that was refused');
}

const here: (target: Target) => string = (target) => routeArn(target, 'authorized');
const anywhere = { IpAddress: { 'aws:SourceIp': ['0.0.0.0/0', '::/0'] } };
const elsewhere = { IpAddress: { 'aws:SourceIp': '203.0.113.0/24' } };

const policyRules: Rule[] = [
  allows('Action and Resource as texts', (target) => [statement('Allow', { Resource: here(target) })]),
  allows('lists, of which one fits', (target) => [
    statement('Allow', {
      Action: ['execute-api:ManageConnections', 'execute-api:Invoke'],
      Resource: ['x', here(target)],
    }),
  ]),
  allows('* over the stage', (target) => [
    statement('Allow', { Resource: here(target).replace('$connect', '*'), Action: 'execute-api:*' }),
  ]),
  allows('? for one character', (target) => [statement('Allow', { Resource: here(target).replace('dev', 'd?v') })]),
  allows('NotAction of something else', () => [
    { Effect: 'Allow', NotAction: 'execute-api:ManageConnections', Resource: '*' },
  ]),
  allows('NotResource of something else', (target) => [
    { Effect: 'Allow', Action: '*', NotResource: routeArn(target, 'other') },
  ]),
  allows('a condition on the source address that holds', () => [statement('Allow', { Condition: anywhere })]),
  allows('a Deny of another route', (target) => [
    statement('Allow'),
    statement('Deny', { Resource: routeArn(target, 'authorized', { routeKey: 'secret' }) }),
  ]),
  allows('a Deny whose condition does not hold', () => [
    statement('Allow'),
    statement('Deny', { Condition: elsewhere }),
  ]),
  refuses('A3 an explicit Deny, beside an Allow', () => [statement('Allow'), statement('Deny')], deniedExplicitly),
  refuses(
    'a Deny with a condition that holds',
    () => [statement('Allow'), statement('Deny', { Condition: anywhere })],
    deniedExplicitly,
  ),
  refuses('A3 no Allow: another route', (target) => [
    statement('Allow', { Resource: routeArn(target, 'authorized', { routeKey: 'other' }) }),
  ]),
  refuses('no Allow: another stage', (target) => [
    statement('Allow', { Resource: routeArn(target, 'authorized', { stage: 'vars' }) }),
  ]),
  refuses('no Allow: another action', () => [statement('Allow', { Action: 'execute-api:ManageConnections' })]),
  refuses('no Allow: a condition that does not hold', () => [statement('Allow', { Condition: elsewhere })]),
  refuses('no Allow: NotAction of this', () => [{ Effect: 'Allow', NotAction: 'execute-api:Invoke', Resource: '*' }]),
  refuses('no Allow: NotResource of this', (target) => [
    { Effect: 'Allow', Action: 'execute-api:Invoke', NotResource: here(target) },
  ]),
  refuses('no statement at all', () => []),
];

/** What makes a result none: 500 with an empty or null message, and why an authorizer fails: 500. */
function fails(title: string, auth: Script | ((target: Target) => Script), status = 500): Rule {
  return rule('AU-5', `${title}: ${status}`, async (target) => {
    const script = typeof auth === 'function' ? auth(target) : auth;
    const isUnfit = script.result !== undefined || script.raw !== undefined;
    const messages = status === 401 ? ['Unauthorized'] : isUnfit ? ['', null] : ['Internal server error'];
    await assertRefused(target, script, status, messages);
  });
}

const allowed = policyOf([statement('Allow')]);

const failureRules: Rule[] = [
  fails('A2 the function fails with Unauthorized', { fails: { errorMessage: 'Unauthorized' } }, 401),
  fails('A4 it fails otherwise', { fails: { errorMessage: 'boom' } }),
  fails('unauthorized in another case is another failure', { fails: { errorMessage: 'unauthorized' } }),
  fails('it may not be invoked', { status: 403 }),
  fails('it is not there', { status: 404 }),
  fails('its result is not JSON', { raw: 'not json' }),
  fails('its result is null', { raw: 'null' }),
  fails('no policyDocument', { result: { principalId: 'user-1' } }),
  fails('a policyDocument without statements', { result: { policyDocument: { Version: '2012-10-17' } } }),
  fails('a statement without Effect', { result: policyOf([{ ...statement('Allow'), Effect: 'Perhaps' as 'Allow' }]) }),
  fails('a list in the context', { result: { ...allowed, context: { list: [1] } } }),
  fails('a map in the context', { result: { ...allowed, context: { map: {} } } }),
  fails('a resource of 513 characters', { result: policyOf([statement('Allow', { Resource: 'x'.repeat(513) })]) }),
  fails('a result over 8 KB', { result: allowed, padBytes: 8_192 }),
];

const passageRules: Rule[] = [
  rule('AU-5', 'A9 two handshakes with the same token: the authorizer runs twice', async (target) => {
    const first = await connected(target, 'authorized', { query: { token: 'same' } });
    const second = await connected(target, 'authorized', { query: { token: 'same' } });
    for (const { marker } of [first, second]) {
      const calls = await target.backEnd.settled(isOf(marker, 'authorizer'), 50);
      assert.equal(calls.length, 1);
    }
  }),
  rule('AU-5', 'it runs before $connect, which is asked only then', async (target) => {
    const { marker, call } = await connected(target, 'authorized', { auth: { sleepMs: 200 } });
    const authorizer = await target.backEnd.seen('its event', isOf(marker, 'authorizer'));
    assert.ok(call.atMs - authorizer.atMs >= 150, '$connect was called before the authorizer had answered');
  }),
  rule('AU-1', 'later messages are not authorized again', async (target) => {
    const { client, connectionId } = await connected(target, 'authorized', {});
    client.send({ action: 'twoWay', script: { result: { statusCode: 200, body: 'in' } } });
    assert.equal(await client.next(), 'in');
    const asked = ({ event }: { event?: { type?: string; requestContext?: { connectionId?: string } } }) =>
      event?.type === 'REQUEST' && event.requestContext?.connectionId === connectionId;
    assert.equal((await target.backEnd.settled(asked)).length, 1);
  }),
  rule('AU-8', 'a statement with a Principal, as resource policies have, is a bad policy: 500', async (target) => {
    await assertRefused(target, { result: policyOf([statement('Allow', { Principal: '*' })]) }, 500, ['', null]);
  }),
  rule('AU-5', 'principalId and context are in $context.authorizer of templates', async (target) => {
    const result = { ...allowed, principalId: 'me', context: { level: 3 } };
    const client = await target.connect('authorized', { auth: { result } });
    client.send({ action: 'template' });
    assert.equal(await client.next(), 'me 3 []');
  }),
];

export const authorizerRules: Rule[] = [...eventRules, ...policyRules, ...failureRules, ...passageRules];
