import assert from 'node:assert/strict';
import { lineOf } from '../access-log-lines.js';
import type { Event } from '../back-end/back-end.js';
import { connected, marked } from '../events.js';
import { policyOf, statement } from '../policies.js';
import { type Rule, rule } from '../rule.js';
import { signedInHeaders } from '../signed-handshake.js';
import { newMarker } from '../target.js';
import { echoed } from '../wire/connection-events.js';

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
  rule('SL-3', 'L1 without $connect and $disconnect routes: lines all the same', async (target) => {
    const agent = `agent ${newMarker()}`;
    const client = await target.connect('logged-bare', { headers: { 'User-Agent': agent } });
    await client.close(1000);
    for (const kind of ['CONNECT', 'DISCONNECT']) {
      const fits = (line: Event) => line['identity.userAgent'] === agent && line.eventType === kind;
      const line = await lineOf(target, kind, fits);
      assert.deepEqual([line.status, line.integrationStatus], ['200', '-']);
    }
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
  rule('SL-3', 'L1 the step of an authorizer that denies', async (target) => {
    const auth = { result: policyOf([statement('Deny')]) };
    const { requestId } = JSON.parse((await target.refused('logged', { stage: 'rare', auth })).body);
    const line = await lineOf(target, '$connect', (each) => each.requestId === requestId);
    assert.equal(line['authorizer.status'], '403');
    assert.match(line['authorizer.error'], /explicit deny/);
    assert.equal(line['authorizer.integrationStatus'], '200');
    assert.equal(line['integration.latency'], '-', 'no integration was called');
  }),
  rule('SL-3', 'L1 the call of the integration, with the request id that it answered with', async (target) => {
    const { event } = await connected(target, 'logged', { stage: 'rare' });
    const { requestId } = event.requestContext;
    const line = await lineOf(target, '$connect', (each) => each.requestId === requestId);
    assert.match(line['integration.latency'], /^\d+$/);
    assert.equal(line['integration.integrationStatus'], '200');
    assert.equal(line['integration.error'], '-');
    assert.match(line.awsEndpointRequestId, /^[0-9a-f-]{36}$/);
    assert.equal(line['integration.requestId'], line.awsEndpointRequestId);
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

export const accessLogRules: Rule[] = [...lineRules, ...variableRules];
