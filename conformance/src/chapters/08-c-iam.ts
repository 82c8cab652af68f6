import assert from 'node:assert/strict';
import { connected, disconnectOf, isOf, marked } from '../events.js';
import { type Rule, rule } from '../rule.js';
import { type SigningOptions, signedInHeaders, signedInQuery } from '../signed-handshake.js';
import type { HandshakeOptions, Target } from '../target.js';
import { echoed } from '../wire/connection-events.js';

type Sign = (target: Target, api: string, options: SigningOptions) => Promise<HandshakeOptions>;

const forms: [name: string, sign: Sign][] = [
  ['headers', signedInHeaders],
  ['query', signedInQuery],
];

const temporary = {
  accessKeyId: 'AKIDTEMPORARY',
  secretAccessKey: 'temporary-secret',
  sessionToken: 'session+token/=',
};
const elsewhere = { accessKeyId: 'AKIDELSEWHERE', secretAccessKey: 'elsewhere-secret' };
const minutesMs = 60_000;

type Given = SigningOptions | (() => SigningOptions);

const optionsOf = (given: Given) => (typeof given === 'function' ? given() : given);

function accepted(title: string, given: Given): Rule[] {
  return forms.map(([form, sign]) =>
    rule('AU-6', `A8 signed in its ${form}, ${title}: 101`, async (target) => {
      const options = optionsOf(given);
      const { event } = await connected(target, 'iam', await sign(target, 'iam', options));
      const { accessKeyId } = options.credentials ?? target.options.credentials;
      assert.equal(event.requestContext.identity.accessKey, accessKeyId);
    }),
  );
}

function refused(title: string, given: Given, change = (signed: HandshakeOptions) => signed): Rule[] {
  return forms.map(([form, sign]) =>
    rule('AU-6', `A8 signed in its ${form}, ${title}: 403`, async (target) => {
      await assertForbidden(target, change(await sign(target, 'iam', optionsOf(given))));
    }),
  );
}

async function assertForbidden(
  target: Target,
  options: HandshakeOptions,
  message = 'Forbidden',
  errorType = 'ForbiddenException',
): Promise<void> {
  const { options: all, marker } = marked(options);
  const refusal = await target.refused('iam', all);
  assert.equal(refusal.status, 403, refusal.body);
  assert.equal(refusal.body, JSON.stringify({ message }));
  assert.equal(refusal.headers['x-amzn-errortype'], errorType);
  assert.match(refusal.headers['x-amzn-requestid'] as string, /^[0-9a-f-]{36}$/);
  assert.deepEqual(await target.backEnd.settled(isOf(marker, 'integration')), []);
}

const identity = ['userArn', 'accountId', 'caller', 'accessKey', 'user'];

export const iamRules: Rule[] = [
  rule('AU-6', 'A8 unsigned: 403 Missing Authentication Token', async (target) => {
    await assertForbidden(target, {}, 'Missing Authentication Token', 'MissingAuthenticationTokenException');
  }),
  ...accepted('as it should be', {}),
  ...accepted('with more in the query, which is signed too', { query: { room: 'ä/b', a: '1' } }),
  ...accepted('with a session token', { credentials: temporary }),
  ...accepted('four minutes ago', () => ({ at: new Date(Date.now() - 4 * minutesMs), expiresInSeconds: 600 })),
  rule('AU-6', 'signed in its query over UNSIGNED-PAYLOAD: 101', async (target) => {
    const headers = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
    await target.connect('iam', await signedInQuery(target, 'iam', { headers }));
  }),
  ...refused('with another secret', {
    credentials: { accessKeyId: 'AKIDCONFORMANCE', secretAccessKey: 'wrong-secret' },
  }),
  ...refused('by a key that is not known', { credentials: { ...elsewhere, accessKeyId: 'AKIDNOBODY' } }),
  ...refused('by a key that may only do other things', { credentials: elsewhere }),
  ...refused('for another service', { service: 'lambda' }),
  ...refused('for another region', { region: 'eu-west-9' }),
  ...refused('by a temporary key without its token', {
    credentials: { accessKeyId: temporary.accessKeyId, secretAccessKey: temporary.secretAccessKey },
  }),
  ...refused('six minutes ago, good for one', () => ({
    at: new Date(Date.now() - 6 * minutesMs),
    expiresInSeconds: 60,
  })),
  ...refused('six minutes ahead', () => ({ at: new Date(Date.now() + 6 * minutesMs) })),
  ...refused('for another stage', { stage: 'other' }, (signed) => ({ ...signed, stage: 'dev' })),
  ...refused('with something put into the query', { query: { a: '1' } }, (signed) => ({
    ...signed,
    query: { ...(signed.query as Record<string, string>), a: '2' },
  })),
  rule('AU-6', 'a header that is no signature: 403', async (target) => {
    const signed = await signedInHeaders(target, 'iam', {});
    const cut = String(signed.headers?.['authorization']).replace(/, ?Signature=.*/, '');
    for (const authorization of [cut, 'Bearer abc', 'AWS4-HMAC-SHA256']) {
      await assertForbidden(target, { headers: { ...signed.headers, authorization } });
    }
  }),
  rule('AU-6', 'signed in both: 403', async (target) => {
    const inHeaders = await signedInHeaders(target, 'iam', {});
    const inQuery = await signedInQuery(target, 'iam', {});
    await assertForbidden(target, { ...inQuery, headers: inHeaders.headers ?? {} });
  }),
  rule('AU-6', 'the caller is in the identity of every event', async (target) => {
    const { client, event, connectionId } = await connected(target, 'iam', await signedInHeaders(target, 'iam', {}));
    const known = event.requestContext.identity;
    const { accessKeyId } = target.options.credentials;
    assert.equal(known.accountId, target.options.accountId);
    assert.equal(known.accessKey, accessKeyId);
    for (const name of identity) assert.equal(typeof known[name], 'string', `identity.${name}`);
    assert.match(known.userArn, /^arn:aws[\w-]*:(?:iam|sts)::\d{12}:/);
    assert.deepEqual((await echoed(client, { action: 'twoWay' })).requestContext.identity, known);
    await client.close(1000);
    assert.deepEqual((await disconnectOf(target, connectionId)).requestContext.identity, known);
  }),
];
