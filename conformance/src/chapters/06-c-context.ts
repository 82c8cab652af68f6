import assert from 'node:assert/strict';
import type { Event } from '../back-end/back-end.js';
import { called, connected } from '../exchange.js';
import { type Rule, rule } from '../rule.js';

const handshake = {
  auth: { result: policyWith({ tenant: 'acme', level: 3 }) },
  headers: { 'X-Client': 'c', 'User-Agent': 'conformance' },
};

function policyWith(context: object): object {
  const statement = { Action: 'execute-api:Invoke', Effect: 'Allow', Resource: '*' };
  return { principalId: 'user-7', policyDocument: { Version: '2012-10-17', Statement: [statement] }, context };
}

const id = /^[\w-]{15}=$/;

/** What holds on every event. */
function checkVariables(event: Event, apiId: string): void {
  assert.equal(event.apiId, apiId);
  assert.equal(event.stage, 'dev');
  assert.match(event.accountId, /^\d{12}$/);
  assert.match(event.connectionId, /^[\w-]{15}=$|^[\w-]{18}==$/);
  assert.match(event.domainName, /^\S+$/);
  assert.match(event.requestId, id);
  assert.equal(event.extendedRequestId, event.requestId);
  assert.match(event.connectedAt, /^\d{13}$/);
  assert.match(event.requestTimeEpoch, /^\d{13}$/);
  assert.ok(Number(event.connectedAt) <= Number(event.requestTimeEpoch));
  assert.match(event.requestTime, /^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/);
  assert.match(event.sourceIp, /^[\da-f.:]+$/);
  assert.equal(event.userAgent, 'conformance');
  assert.equal(event.principalId, 'user-7');
  assert.equal(event.tenant, 'acme');
  assert.equal(event.level, '3');
  for (const name of ['nobody', 'user', 'apiKey', 'none']) assert.equal(event[name], '', name);
}

export const contexts: Rule[] = [
  rule('MT-6', '$context on $connect, with what the authorizer said', async (target) => {
    const { call } = await connected(target, 'context', handshake);
    checkVariables(call.event, 'context');
    assert.equal(call.event.eventType, 'CONNECT');
    assert.equal(call.event.routeKey, '$connect');
    assert.equal(call.event.messageId, '');
  }),
  rule('MT-5', '$input.params() has header and query of the handshake, on $connect', async (target) => {
    const { call } = await connected(target, 'context', handshake);
    assert.equal(call.event.params, `c|${call.event.marker}|c|0|`);
  }),
  rule('MT-6', '$context on a message', async (target) => {
    const { call } = await called(target, 'context', {}, handshake);
    checkVariables(call.event, 'context');
    assert.equal(call.event.eventType, 'MESSAGE');
    assert.equal(call.event.routeKey, '$default');
    assert.match(call.event.messageId, id);
    assert.notEqual(call.event.messageId, call.event.requestId);
  }),
];
