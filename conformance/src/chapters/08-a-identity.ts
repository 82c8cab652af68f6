import assert from 'node:assert/strict';
import { isOf, marked } from '../events.js';
import { unauthorized } from '../policies.js';
import { type Rule, rule } from '../rule.js';
import type { HandshakeOptions } from '../target.js';

const complete: HandshakeOptions = { headers: { HeaderAuth1: 'h' }, query: { QueryString1: 'q' } };

/** A handshake that lacks an identity source: 401, and neither authorizer nor integration hears of it. */
function isMissing(title: string, options: HandshakeOptions, api = 'identity'): Rule {
  return rule('AU-3', `A1 ${title}: 401, and the function is not invoked`, async (target) => {
    const { options: all, marker } = marked(options);
    const refusal = await target.refused(api, all);
    assert.equal(refusal.status, 401);
    assert.match(
      refusal.body,
      /^\{"message": "Unauthorized", "connectionId":"[\w+/-]+=+", "requestId":"[\w+/-]+=+"\}$/,
    );
    assert.equal(JSON.parse(refusal.body).message, unauthorized);
    assert.equal(refusal.headers['x-amz-apigw-id'], JSON.parse(refusal.body).requestId);
    const calls = await target.backEnd.settled(
      (call) => isOf(marker, 'authorizer')(call) || isOf(marker, 'integration')(call),
    );
    assert.deepEqual(calls, []);
  });
}

/** The authorizer runs, and lets the handshake in. */
function isThere(title: string, options: HandshakeOptions, api = 'identity'): Rule {
  return rule('AU-3', `${title}: the function is invoked`, async (target) => {
    const { options: all, marker } = marked(options);
    await target.connect(api, all);
    await target.backEnd.seen("the authorizer's event", isOf(marker, 'authorizer'));
  });
}

export const identityRules: Rule[] = [
  isThere('every identity source has a value', complete),
  isMissing('a header is missing', { query: { QueryString1: 'q' } }),
  isMissing('a header is empty', { ...complete, headers: { HeaderAuth1: '' } }),
  isMissing('a query parameter is missing', { headers: { HeaderAuth1: 'h' } }),
  isMissing('a query parameter is empty', { ...complete, query: { QueryString1: '' } }),
  isMissing('a query parameter in another case', { ...complete, query: { querystring1: 'q' } }),
  isMissing('the last of several query parameters is empty', {
    ...complete,
    query: [
      ['QueryString1', 'q'],
      ['QueryString1', ''],
    ],
  }),
  isThere('a header in another case', { ...complete, headers: { HEADERAUTH1: 'h' } }),
  isThere('a header that comes twice', { ...complete, headers: { HeaderAuth1: ['h', 'i'] } }),
  isMissing('a stage variable that the stage has not', { ...complete, stage: 'bare' }),
  isThere('every variable of the context that resolves', { headers: { 'User-Agent': 'x' } }, 'identity-context'),
  isMissing('identity.userAgent of a client that names none', {}, 'identity-context'),
  isMissing('context.eventType, which never resolves', {}, 'identity-event-type'),
  isMissing('context.messageDirection, which never resolves', {}, 'identity-direction'),
  isThere('no identity source', {}, 'authorized'),
  isThere('one empty text as identity source', {}, 'identity-empty'),
  rule('AU-2', 'identityValidationExpression is stored and not applied', async (target) => {
    const { options, marker } = marked(complete);
    await target.connect('identity', options);
    await target.backEnd.seen("the authorizer's event", isOf(marker, 'authorizer'));
  }),
];
