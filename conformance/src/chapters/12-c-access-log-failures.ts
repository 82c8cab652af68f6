import assert from 'node:assert/strict';
import { lineOf } from '../access-log-lines.js';
import type { Event } from '../back-end/back-end.js';
import type { Script } from '../back-end/script.js';
import { connected } from '../events.js';
import { policyOf, statement } from '../policies.js';
import { type Rule, rule } from '../rule.js';
import { newMarker, type Target } from '../target.js';

/** The line of the marked handshake, found by its user agent: of a refused one nothing else is known. */
async function lineOfHandshake(
  target: Target,
  api: string,
  auth: Script,
  status: number,
  stage = 'dev',
): Promise<Event> {
  const agent = `agent ${newMarker()}`;
  const refusal = await target.refused(api, { stage, auth, headers: { 'User-Agent': agent } });
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

/** The lines of what was refused or failed (spec 12 §12.3). */
export const accessLogFailureRules: Rule[] = [
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
  rule('SL-3', 'L1 a handshake over its rate: a line with 429 and THROTTLED', async (target) => {
    const line = await lineOfHandshake(target, 'logged', {}, 429, 'closed');
    assert.deepEqual([line.status, line['error.responseType']], ['429', 'THROTTLED']);
    assert.equal(line['authorizer.principalId'], '-', 'the authorizer was asked before the throttle');
  }),
  rule('SL-3', 'L1 a call of @connections that is not signed: a line with 403', async (target) => {
    const { connectionId } = await connected(target, 'logged');
    const path = `/@connections/${encodeURIComponent(connectionId)}`;
    await target.management('logged', 'POST', path, { body: 'x', signed: false });
    const fits = (line: Event) => line.connectionId === connectionId && line.eventType === 'CONNECTION_API';
    const line = await lineOf(target, 'the call', fits);
    assert.equal(line.status, '403');
    assert.equal(line['error.responseType'], 'MISSING_AUTHENTICATION_TOKEN');
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
