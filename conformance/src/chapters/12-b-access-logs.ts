import assert from 'node:assert/strict';
import { waitFor } from '@sluice/testkit';
import type { Event } from '../back-end/back-end.js';
import type { Script } from '../back-end/script.js';
import { connected, echoed, marked } from '../events.js';
import { policyOf, statement } from '../policies.js';
import { type Rule, rule } from '../rule.js';
import { signedInHeaders } from '../signed-handshake.js';
import { newMarker, type Target } from '../target.js';

/** Every line that has come in, of whichever stage. A line that is no JSON stands in `message`. */
function lines(target: Target): Event[] {
  return target.backEnd.calls
    .filter(({ name }) => name === '/http/access-log')
    .flatMap(({ body }) => body.split('\n').filter((line) => line !== ''))
    .map((line) => JSON.parse(line));
}

/** The one line that fits; another one must not come. */
async function lineOf(target: Target, what: string, fits: (line: Event) => boolean): Promise<Event> {
  await waitFor(`the line of ${what}`, () => lines(target).find(fits));
  await new Promise((resolve) => setTimeout(resolve, 300));
  const found = lines(target).filter(fits);
  assert.equal(found.length, 1, `${found.length} lines tell of ${what}`);
  return found[0];
}

/** The line of the marked handshake, found by its user agent: of a refused one nothing else is known. */
async function lineOfHandshake(target: Target, api: string, auth: Script, status: number): Promise<Event> {
  const agent = `agent ${newMarker()}`;
  const refusal = await target.refused(api, { auth, headers: { 'User-Agent': agent } });
  assert.equal(refusal.status, status);
  return await lineOf(target, 'the handshake', (line) => line['identity.userAgent'] === agent);
}

/** Sends a message that ends in an error; tells its line. */
async function lineOfFailure(target: Target, message: object): Promise<Event> {
  const client = await target.connect('logged');
  client.send(message);
  const { requestId } = JSON.parse(await client.next());
  return await lineOf(target, 'the message', (line) => line.requestId === requestId);
}

function failure(title: string, message: object, status: string, text: string, responseType: string): Rule {
  return rule('SL-3', `L1 ${title}: status, message and response type`, async (target) => {
    const line = await lineOfFailure(target, message);
    assert.equal(line.status, status);
    assert.equal(line['error.message'], text);
    assert.equal(line['error.responseType'], responseType);
  });
}

function refusal(title: string, auth: Script, status: number, responseType: string): Rule {
  return rule('SL-3', `L1 a handshake, ${title}: a line with ${status} and ${responseType}`, async (target) => {
    const line = await lineOfHandshake(target, 'logged', auth, status);
    assert.equal(line.eventType, 'CONNECT');
    assert.equal(line.routeKey, '$connect');
    assert.equal(line.status, String(status));
    assert.equal(line['error.responseType'], responseType);
  });
}

/** What all lines of one event say of it. */
function assertSame(line: Event, context: Event): void {
  for (const name of ['apiId', 'stage', 'eventType', 'routeKey', 'connectionId', 'requestId', 'extendedRequestId']) {
    assert.equal(line[name], context[name], name);
  }
  for (const name of ['domainName', 'requestTime', 'requestTimeEpoch', 'connectedAt']) {
    assert.equal(line[name], String(context[name]), name);
  }
  assert.equal(line.messageId, context.messageId ?? '-');
  assert.equal(line['identity.sourceIp'], context.identity.sourceIp);
  assert.equal(line['identity.userAgent'], context.identity.userAgent ?? '-');
}

const unknown = [
  ...['error.message', 'error.responseType', 'error.validationErrorString', 'integrationErrorMessage'],
  ...['identity.accountId', 'identity.caller', 'identity.user', 'identity.userArn', 'identity.apiKey'],
];

const lineRules: Rule[] = [
  rule('SL-3', 'L1 $connect: one line, with the values of its event and - for what is not there', async (target) => {
    const { event } = await connected(target, 'logged', { headers: { 'User-Agent': 'logged/1' } });
    const { requestId } = event.requestContext;
    const line = await lineOf(target, '$connect', (each) => each.requestId === requestId);
    assertSame(line, event.requestContext);
    assert.equal(line.status, '200');
    assert.equal(line.integrationStatus, '200');
    assert.match(line.integrationLatency, /^\d+$/);
    assert.equal(line['authorizer.principalId'], 'user-1');
    for (const name of unknown) assert.equal(line[name], '-', name);
  }),
  rule('SL-3', 'L1 a message: one line', async (target) => {
    const result = policyOf([statement('Allow')], { principalId: 'me', context: { level: 3 } });
    const { client } = await connected(target, 'logged', { auth: { result } });
    const event = await echoed(client, { action: 'twoWay' });
    const { requestId } = event.requestContext;
    const line = await lineOf(target, 'the message', (each) => each.requestId === requestId);
    assertSame(line, event.requestContext);
    assert.equal(line.status, '200');
    assert.equal(line.integrationStatus, '200');
    assert.equal(line['authorizer.principalId'], 'me');
    assert.equal(line['authorizer.level'], '3');
    for (const name of unknown) assert.equal(line[name], '-', name);
  }),
  rule('SL-3', "L1 integrationStatus is that of the function's response, status stays 200", async (target) => {
    const { client, connectionId } = await connected(target, 'logged');
    client.send({ action: 'oneWay', script: { result: { statusCode: 418 } } });
    const line = await lineOf(
      target,
      'the message',
      (each) => each.connectionId === connectionId && each.eventType === 'MESSAGE',
    );
    assert.deepEqual([line.status, line.integrationStatus, line.routeKey], ['200', '418', 'oneWay']);
  }),
  rule('SL-3', 'L1 $disconnect: one line', async (target) => {
    const { client, connectionId } = await connected(target, 'logged');
    await client.close(1000);
    const fits = (line: Event) => line.connectionId === connectionId && line.eventType === 'DISCONNECT';
    const line = await lineOf(target, '$disconnect', fits);
    assert.equal(line.routeKey, '$disconnect');
    assert.equal(line.status, '200');
    assert.equal(line['authorizer.principalId'], 'user-1');
    assert.match(line.requestId, /^[\w+/-]{15}=$/);
  }),
  rule(
    'SL-3',
    'L1 each call of @connections: one line, of CONNECTION_API, with a UUID as requestId',
    async (target) => {
      const { connectionId } = await connected(target, 'logged');
      const path = `/@connections/${encodeURIComponent(connectionId)}`;
      for (const [method, status] of [
        ['POST', 200],
        ['GET', 200],
        ['DELETE', 204],
      ] as const) {
        const answer = await target.management('logged', method, path, method === 'POST' ? { body: 'x' } : {});
        assert.equal(answer.status, status);
        const routeKey = `${method} /@connections/{connectionId}`;
        const fits = (line: Event) => line.connectionId === connectionId && line.routeKey === routeKey;
        const line = await lineOf(target, routeKey, fits);
        assert.equal(line.eventType, 'CONNECTION_API');
        assert.equal(line.status, String(status));
        assert.match(line.requestId, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
        assert.deepEqual([line.apiId, line.stage, line.messageId], ['logged', 'dev', '-']);
      }
      const gone = await target.management('logged', 'POST', path, { body: 'x' });
      assert.equal(gone.status, 410);
      const line = await lineOf(
        target,
        'the 410',
        (each) => each.connectionId === connectionId && each.status === '410',
      );
      assert.equal(line.eventType, 'CONNECTION_API');
    },
  ),
];

const failureRules: Rule[] = [
  refusal('denied', { result: policyOf([statement('Deny')]) }, 403, 'ACCESS_DENIED'),
  refusal('Unauthorized', { fails: { errorMessage: 'Unauthorized' } }, 401, 'UNAUTHORIZED'),
  refusal('its authorizer failed', { fails: { errorMessage: 'x' } }, 500, 'AUTHORIZER_FAILURE'),
  refusal('its authorizer returned nonsense', { raw: 'null' }, 500, 'AUTHORIZER_CONFIGURATION_ERROR'),
  rule('SL-3', "L1 a handshake that $connect refuses: a line with the function's status", async (target) => {
    const agent = `agent ${newMarker()}`;
    const script = { result: { statusCode: 418 } };
    await target.refused('logged', { script, headers: { 'User-Agent': agent } });
    const line = await lineOf(target, 'the handshake', (each) => each['identity.userAgent'] === agent);
    assert.deepEqual([line.status, line.integrationStatus], ['418', '418']);
  }),
  failure('no route', { action: 'nowhere' }, '403', 'Forbidden', 'ACCESS_DENIED'),
  failure('a route without target', { action: 'no-target' }, '500', 'Internal server error', 'API_CONFIGURATION_ERROR'),
  failure('a throttled route', { action: 'closed' }, '429', 'Too Many Requests', 'THROTTLED'),
  failure(
    'a function that throws',
    { action: 'oneWay', script: { fails: { errorMessage: 'x' } } },
    '502',
    'Internal server error',
    'INTEGRATION_FAILURE',
  ),
  failure(
    'a function that is too slow',
    { action: 'oneWay', script: { sleepMs: 2_500 } },
    '504',
    'Endpoint request timed out',
    'INTEGRATION_TIMEOUT',
  ),
  rule('SL-3', 'L1 a message that fits no model: what is wrong with it', async (target) => {
    const line = await lineOfFailure(target, { action: 'validated' });
    assert.equal(line.status, '400');
    assert.equal(line['error.responseType'], 'BAD_REQUEST_BODY');
    assert.equal(line['error.message'], 'Invalid request body');
    assert.match(line['error.validationErrorString'], /address/);
  }),
];

const never = [
  ...['waf.error', 'waf.latency', 'waf.status', 'identity.principalOrgId', 'identity.cognitoIdentityId'],
  ...['identity.cognitoIdentityPoolId', 'identity.cognitoAuthenticationType', 'identity.cognitoAuthenticationProvider'],
];

const variableRules: Rule[] = [
  rule('SL-3', 'L1 the step of a Lambda authorizer', async (target) => {
    const { event } = await connected(target, 'logged', { stage: 'rare' });
    const { requestId } = event.requestContext;
    const line = await lineOf(target, '$connect', (each) => each.requestId === requestId);
    assert.equal(line['authorizer.status'], '200');
    assert.equal(line['authorizer.integrationStatus'], '200');
    assert.match(line['authorizer.latency'], /^\d+$/);
    assert.match(line['authorizer.integrationLatency'], /^\d+$/);
    assert.equal(line['authorizer.error'], '-');
    for (const name of never) assert.equal(line[name], '-', name);
  }),
  rule('SL-3', 'L1 the steps of AWS_IAM, and who signed', async (target) => {
    const { event } = await connected(target, 'logged-iam', await signedInHeaders(target, 'logged-iam', {}));
    const { requestId, identity } = event.requestContext;
    const line = await lineOf(target, '$connect', (each) => each.requestId === requestId);
    assert.equal(line['authorize.status'], '200');
    assert.equal(line['authenticate.status'], '200');
    for (const name of ['accountId', 'caller', 'user', 'userArn'])
      assert.equal(line[`identity.${name}`], identity[name]);
  }),
  rule('SL-3', 'both forms of a variable, - for what is unknown, and text as it is', async (target) => {
    const { options, marker } = marked({ stage: 'text', headers: { 'User-Agent': `text ${newMarker()}` } });
    const { event } = await connected(target, 'logged', options);
    assert.ok(marker !== '');
    const { requestId, identity, connectionId } = event.requestContext;
    const line = await lineOf(target, '$connect', (each) => String(each.message).includes(requestId));
    const expected = `${requestId} [${identity.sourceIp}] - - $contextual 100% ${connectionId}. -`;
    assert.equal(line.message, expected);
  }),
  rule('SL-3', 'error.messageString comes with its quotes', async (target) => {
    const client = await target.connect('logged', { stage: 'text' });
    client.send({ action: 'nowhere' });
    const { requestId } = JSON.parse(await client.next());
    const line = await lineOf(target, 'the message', (each) => String(each.message).includes(requestId));
    assert.ok(line.message.endsWith(' "Forbidden"'), line.message);
  }),
  rule('SL-3', 'what would break a JSON text in a line is escaped', async (target) => {
    const agent = `a "quoted" \\ agent ${newMarker()}`;
    const { event } = await connected(target, 'logged', { headers: { 'User-Agent': agent } });
    const { requestId } = event.requestContext;
    const line = await lineOf(target, '$connect', (each) => each.requestId === requestId);
    assert.equal(line['identity.userAgent'], agent);
  }),
];

export const accessLogRules: Rule[] = [...lineRules, ...failureRules, ...variableRules];
