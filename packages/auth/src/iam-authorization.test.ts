import { createHash, createHmac } from 'node:crypto';
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AccessKey } from './access-key.js';
import {
  accountId,
  ask,
  authorizedRoute,
  connection,
  connectRequest,
  messageRequest,
  nowMs,
  region,
} from './authorization.fixture.js';
import { createAuthorizers } from './authorizers.js';

const key: AccessKey = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCY',
  allow: ['arn:aws:execute-api:*:*:chat/dev/$connect'],
};
const temporary: AccessKey = { ...key, accessKeyId: 'ASIAEXAMPLE', sessionToken: 'IQoJb3JpZ2luX2VjEXAMPLE==' };
const elsewhere: AccessKey = { ...key, accessKeyId: 'AKIDELSEWHERE', allow: ['arn:aws:execute-api:*:*:chat/prod/*'] };
const authorizers = createAuthorizers({
  region,
  accountId,
  keys: [key, temporary, elsewhere],
  prepareFunction: () => {
    throw new Error('AWS_IAM calls nobody');
  },
  clock: () => nowMs,
});
const guard = authorizers.prepare(authorizedRoute({ authorizationType: 'AWS_IAM' }));

type Query = Record<string, string>;

interface Signing {
  by?: AccessKey;
  query?: Query;
  path?: string;
  atMs?: number;
  expiresIn?: number;
  region?: string;
  service?: string;
  headers?: Record<string, string>;
}

function signerOf({ by = key, region: signedRegion = region, service = 'execute-api' }: Signing): SignatureV4 {
  const { accessKeyId, secretAccessKey, sessionToken } = by;
  const credentials = { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
  return new SignatureV4({ credentials, region: signedRegion, service, sha256: Sha256, applyChecksum: false });
}

function unsigned({ path = '/dev', query = {}, headers = {} }: Signing) {
  return {
    protocol: 'wss:',
    hostname: 'chat.example.com',
    method: 'GET',
    path,
    query,
    headers: { host: 'chat.example.com', ...headers },
  };
}

function queryText(query: Record<string, string | string[] | null | undefined>): string {
  return Object.entries(query)
    .flatMap(([name, values]) =>
      [values].flat().map((value) => `${encodeURIComponent(name)}=${encodeURIComponent(value ?? '')}`),
    )
    .join('&');
}

const browserHeaders: [string, string][] = [
  ['host', 'chat.example.com'],
  ['connection', 'upgrade'],
  ['upgrade', 'websocket'],
  ['origin', 'https://app.example.com'],
];

async function presigned(signing: Signing = {}) {
  const { atMs = nowMs, expiresIn = 300 } = signing;
  const signed = await signerOf(signing).presign(unsigned(signing), { signingDate: new Date(atMs), expiresIn });
  const query = { ...(signed.query as Query) };
  return { query, request: handshakeOf(query, signing.path) };
}

function handshakeOf(query: Query, rawPath = '/dev', headers = browserHeaders) {
  return connectRequest({ headers, queryString: queryText(query), rawPath });
}

async function signedInHeaders(signing: Signing = {}) {
  const signed = await signerOf(signing).sign(unsigned(signing), { signingDate: new Date(signing.atMs ?? nowMs) });
  const headers = Object.entries(signed.headers).map(([name, value]): [string, string] => [name.toLowerCase(), value]);
  return connectRequest({
    headers: [...headers, ['connection', 'upgrade']],
    queryString: queryText(signing.query ?? {}),
    rawPath: signing.path ?? '/dev',
  });
}

/** What no signer of AWS would sign; the parameters are in canonical order already. */
function signedByHand(query: [name: string, value: string][]) {
  const text = query.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
  const signedHeaders = query.find(([name]) => name === 'X-Amz-SignedHeaders')?.[1] ?? '';
  const value = browserHeaders.find(([name]) => name === signedHeaders)?.[1] ?? '';
  const sha256 = (data: string) => createHash('sha256').update(data).digest('hex');
  const hmac = (secret: string | Buffer, data: string) => createHmac('sha256', secret).update(data).digest();
  const canonical = `GET\n/dev\n${text}\n${signedHeaders}:${value}\n\n${signedHeaders}\n${sha256('')}`;
  const scope = ['20260925', region, 'execute-api', 'aws4_request'];
  const signingKey = scope.reduce<string | Buffer>(hmac, `AWS4${key.secretAccessKey}`);
  const toSign = `AWS4-HMAC-SHA256\n20260925T002229Z\n${scope.join('/')}\n${sha256(canonical)}`;
  const signature = hmac(signingKey, toSign).toString('hex');
  return connectRequest({
    headers: browserHeaders,
    queryString: `${text}&X-Amz-Signature=${signature}`,
    rawPath: '/dev',
  });
}

const identity = {
  accountId,
  caller: 'AKIDEXAMPLE',
  user: 'AKIDEXAMPLE',
  userArn: 'arn:aws:iam::123456789012:user/AKIDEXAMPLE',
  accessKey: 'AKIDEXAMPLE',
};
const missing = { ok: false, code: 'authentication_missing', detail: expect.any(String) };
const failed = { ok: false, code: 'authentication_failed', detail: expect.any(String) };

describe('AWS_IAM on the handshake', () => {
  it('[AU-6] A8: unsigned is refused as such', async () => {
    expect(await ask(guard, connectRequest({ headers: browserHeaders }))).toEqual(missing);
    expect(await ask(guard, connectRequest({ headers: browserHeaders, queryString: 'token=x' }))).toEqual(missing);
  });

  it('[AU-6] A8: signed in its headers or in its query it gets in, and says who it is', async () => {
    expect(await ask(guard, await signedInHeaders())).toEqual({ ok: true, identity });
    expect(await ask(guard, (await presigned()).request)).toEqual({ ok: true, identity });
  });

  it('[AU-6] with a security token', async () => {
    const accessKey = temporary.accessKeyId;
    expect(await ask(guard, await signedInHeaders({ by: temporary }))).toMatchObject({
      ok: true,
      identity: { accessKey },
    });
    const { query, request } = await presigned({ by: temporary });
    expect(await ask(guard, request)).toMatchObject({ ok: true, identity: { accessKey } });
    const { 'X-Amz-Security-Token': _, ...without } = query;
    expect(await ask(guard, handshakeOf(without))).toEqual(failed);
  });

  it('[AU-6] the path is the one that was sent; one that was not kept is that of the stage', async () => {
    for (const path of ['/dev/', '/chat/dev', '/a%20b', '/']) {
      expect(await ask(guard, (await presigned({ path })).request)).toMatchObject({ ok: true });
      expect(await ask(guard, await signedInHeaders({ path }))).toMatchObject({ ok: true });
    }
    const { query } = await presigned();
    const withoutPath = connectRequest({ headers: browserHeaders, queryString: queryText(query) });
    expect(await ask(guard, withoutPath)).toMatchObject({ ok: true });
    expect(await ask(guard, handshakeOf(query, '/prod'))).toEqual(failed);
  });

  it('[AU-6] what the AWS signer presigns verifies, whatever other parameters there are; changed, it does not', async () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }).filter((each) => each.isWellFormed());
    const parameters = fc.dictionary(
      text.filter((name) => !/^x-amz-/i.test(name)),
      text,
      { maxKeys: 4 },
    );
    await fc.assert(
      fc.asyncProperty(parameters, fc.constantFrom(key, temporary), fc.nat(), async (query, by, where) => {
        const { query: signed, request } = await presigned({ query, by });
        expect(await ask(guard, request)).toMatchObject({ ok: true, identity: { accessKey: by.accessKeyId } });

        const names = Object.keys(signed);
        const name = names[where % names.length] as string;
        const { [name]: value = '', ...rest } = signed;
        expect(await ask(guard, handshakeOf({ ...rest, [name]: `${value}0` }))).toMatchObject({ ok: false });
        expect(await ask(guard, handshakeOf(rest))).toMatchObject({ ok: false });
        expect(await ask(guard, handshakeOf({ ...signed, 'x-more': '1' }))).toMatchObject({ ok: false });
      }),
      { numRuns: 150 },
    );
  });

  it('[AU-6] UNSIGNED-PAYLOAD is taken in the query', async () => {
    const headers = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
    const { query, request } = await presigned({ headers });
    expect(query['X-Amz-Content-Sha256'] ?? query['x-amz-content-sha256']).toBe('UNSIGNED-PAYLOAD');
    expect(await ask(guard, request)).toMatchObject({ ok: true });
    expect(await ask(guard, await signedInHeaders({ headers }))).toEqual(failed);
  });

  it.each<[what: string, signing: Signing, ok: boolean]>([
    ['at its last second', { atMs: nowMs - 300_000, expiresIn: 300 }, true],
    ['after it', { atMs: nowMs - 301_000, expiresIn: 300 }, false],
    ['a week old and good for a week', { atMs: nowMs - 604_800_000, expiresIn: 604_800 }, true],
    ['five minutes ahead', { atMs: nowMs + 300_000 }, true],
    ['further ahead', { atMs: nowMs + 301_000 }, false],
    ['for another region', { region: 'eu-west-1' }, false],
    ['for another service', { service: 's3' }, false],
    ['with a key that is not known', { by: { ...key, accessKeyId: 'AKIDUNKNOWN' } }, false],
    ['with another secret', { by: { ...key, secretAccessKey: 'x' } }, false],
    ['with a token where there is none', { by: { ...key, sessionToken: 'x' } }, false],
    ['with a key that may not invoke the route', { by: elsewhere }, false],
  ])('[AU-6] presigned %s', async (_, signing, ok) => {
    expect(await ask(guard, (await presigned(signing)).request)).toEqual(ok ? { ok, identity } : failed);
  });

  it.each<[what: string, signing: Signing, ok: boolean]>([
    ['five minutes old', { atMs: nowMs - 300_000 }, true],
    ['older', { atMs: nowMs - 301_000 }, false],
    ['five minutes ahead', { atMs: nowMs + 300_000 }, true],
    ['further ahead', { atMs: nowMs + 301_000 }, false],
    ['with another secret', { by: { ...key, secretAccessKey: 'x' } }, false],
    ['with a key that may not invoke the route', { by: elsewhere }, false],
    ['with a query', { query: { room: 'a b+c', token: '%' } }, true],
  ])('[AU-6] signed in headers %s', async (_, signing, ok) => {
    expect(await ask(guard, await signedInHeaders(signing))).toEqual(ok ? { ok, identity } : failed);
  });

  it('[AU-6] expiry is a number from 1 to 604800, signed or not', async () => {
    const { query } = await presigned();
    for (const expires of ['0', '604801', '-1', '1e3', '', '300.5', '0300000000']) {
      expect(await ask(guard, handshakeOf({ ...query, 'X-Amz-Expires': expires }))).toEqual(failed);
    }
  });

  it('[AU-6] a good signature does not make up for an expiry over a week, an unsigned host or a repeated parameter', async () => {
    const queryOf = (expires: string, signedHeaders = 'host', more: [string, string][] = []): [string, string][] => [
      ['X-Amz-Algorithm', 'AWS4-HMAC-SHA256'],
      ['X-Amz-Credential', 'AKIDEXAMPLE/20260925/us-east-1/execute-api/aws4_request'],
      ['X-Amz-Date', '20260925T002229Z'],
      ['X-Amz-Expires', expires],
      ...more,
      ['X-Amz-SignedHeaders', signedHeaders],
    ];
    expect(await ask(guard, signedByHand(queryOf('604800')))).toEqual({ ok: true, identity });
    for (const expires of ['604801', '0', '-1', '300.5', '']) {
      expect(await ask(guard, signedByHand(queryOf(expires)))).toEqual(failed);
    }
    expect(await ask(guard, signedByHand(queryOf('300', 'origin')))).toEqual(failed);
    expect(await ask(guard, signedByHand(queryOf('300', 'host', [['X-Amz-Expires', '300']])))).toEqual(failed);
  });

  it('[AU-6] a query that is signed in part, twice, or beside a header is refused', async () => {
    const { query } = await presigned();
    for (const name of Object.keys(query)) {
      const { [name]: _, ...rest } = query;
      expect(await ask(guard, handshakeOf(rest))).toEqual(failed);
    }
    const doubled = `${queryText(query)}&X-Amz-Expires=604800`;
    expect(await ask(guard, connectRequest({ headers: browserHeaders, queryString: doubled }))).toEqual(failed);
    const both: [string, string][] = [...browserHeaders, ['authorization', 'Bearer x']];
    expect(await ask(guard, handshakeOf(query, '/dev', both))).toEqual(failed);
    expect(await ask(guard, handshakeOf(query, '/dev', [...browserHeaders, ['x-amz-meta', 'x']]))).toEqual(failed);
    expect(await ask(guard, handshakeOf({ ...query, 'X-Amz-SignedHeaders': 'origin' }))).toEqual(failed);
    expect(await ask(guard, handshakeOf(query, '/dev', [['host', 'other.example.com']]))).toEqual(failed);
    const otherScheme = connectRequest({ headers: [...browserHeaders, ['authorization', 'Bearer x']] });
    expect(await ask(guard, otherScheme)).toEqual(failed);
  });

  it('[AU-6] never throws, and no detail shows what was sent', async () => {
    const parameter = fc.constantFrom('X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Date', 'X-Amz-Signature', 'x');
    const pairs = fc.array(fc.tuple(parameter, fc.string({ unit: 'binary-ascii' })), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(pairs, async (each) => {
        const queryString = each.map(([name, value]) => `${name}=hunter2${value}`).join('&');
        const outcome = await ask(guard, connectRequest({ headers: browserHeaders, queryString }));
        expect(outcome.ok).toBe(false);
        expect(JSON.stringify(outcome)).not.toContain('hunter2');
      }),
    );
  });

  it('two keys with one id are refused', () => {
    const options = { region, accountId, keys: [key, key], prepareFunction: () => expect.unreachable() };
    expect(() => createAuthorizers(options)).toThrow(RangeError);
  });
});

describe('AWS_IAM on a message', () => {
  const send = authorizers.prepare(authorizedRoute({ authorizationType: 'AWS_IAM', routeKey: 'send' }));

  it('[AU-9] the key of the handshake has to cover the route too', async () => {
    const opened = createAuthorizers({
      region,
      accountId,
      keys: [{ ...key, allow: ['arn:aws:execute-api:*:*:chat/*/send'] }],
      prepareFunction: () => expect.unreachable(),
    }).prepare(authorizedRoute({ authorizationType: 'AWS_IAM', routeKey: 'send' }));
    const signed = messageRequest('{}', { ...connection, identity });
    expect(await ask(opened, signed)).toEqual({ ok: true, identity });
    expect(await ask(send, signed)).toEqual(failed);
    expect(await ask(send, messageRequest('{}'))).toEqual(missing);
    const gone = { ...connection, identity: { ...identity, accessKey: 'AKIDGONE' } };
    expect(await ask(opened, messageRequest('{}', gone))).toEqual(failed);
  });
});
