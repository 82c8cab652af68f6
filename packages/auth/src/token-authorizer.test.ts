import { createHmac } from 'node:crypto';
import { type AuthorizerDefinition, limits, type RouteDefinition } from '@sluice/contracts';
import { exportSPKI } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
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
import type { Authorizers } from './authorization.js';
import { createAuthorizers } from './authorizers.js';
import { TokenIssuer } from './token-issuer.fixture.js';

const issuer = new TokenIssuer();
let clockMs: number;
let authorizers: Authorizers;
let key: Awaited<ReturnType<TokenIssuer['addKey']>>;

beforeEach(async () => {
  clockMs = nowMs;
  issuer.respond = undefined;
  issuer.asked.length = 0;
  await issuer.start();
  key = await issuer.addKey('first', { only: true });
  authorizers = createAuthorizers({
    region,
    accountId,
    keys: [],
    prepareFunction: () => expect.unreachable(),
    clock: () => clockMs,
  });
});

afterEach(() => issuer.stop());

function prepare(authorizer: Partial<AuthorizerDefinition> = {}, route: Partial<RouteDefinition> = {}) {
  return authorizers.prepare(
    authorizedRoute(
      { authorizationType: 'JWT', ...route },
      {
        authorizerType: 'JWT',
        authorizerUri: undefined,
        identitySource: ['$request.header.Authorization'],
        jwtConfiguration: { issuer: issuer.url, audience: ['chat'], jwksUri: issuer.jwksUri },
        ...authorizer,
      },
    ),
  );
}

const by = (token: string) => connectRequest({ headers: [['authorization', `Bearer ${token}`]] });
const tokenOf = (claims: Record<string, unknown> = {}) => issuer.token(key, clockMs, claims);
const seconds = (offset: number) => Math.floor(clockMs / 1000) + offset;
const refused = { ok: false, code: 'unauthorized', detail: expect.any(String) };

describe('a JWT authorizer', () => {
  it('[AU-12] lets a good token in, with its claims as texts and its end', async () => {
    const exp = seconds(60);
    const token = await tokenOf({ exp, tenant: 'acme', level: 3, beta: true, roles: ['a'], principalId: 'forged' });
    expect(await ask(prepare(), by(token))).toEqual({
      ok: true,
      authorizer: {
        iss: issuer.url,
        sub: 'user-1',
        principalId: 'user-1',
        aud: 'chat',
        iat: String(seconds(0)),
        exp: String(exp),
        tenant: 'acme',
        level: '3',
        beta: 'true',
      },
      authorizedUntilMs: exp * 1000,
    });
  });

  it('[AU-12] a token without a subject has no principal, whatever its other claims', async () => {
    const outcome = await ask(prepare(), by(await tokenOf({ sub: undefined, principalId: 'forged' })));
    expect(outcome).toMatchObject({ ok: true, authorizer: expect.not.objectContaining({ principalId: 'forged' }) });
  });

  it.each(['RS256', 'PS256', 'ES384', 'EdDSA'])('[AU-12] takes %s', async (alg) => {
    key = await issuer.addKey('other', { alg });
    expect(await ask(prepare(), by(await tokenOf()))).toMatchObject({ ok: true });
  });

  it.each<[what: string, claims: () => Record<string, unknown>]>([
    ['expired', () => ({ exp: seconds(-11) })],
    ['without an end', () => ({ exp: undefined })],
    ['not good yet', () => ({ nbf: seconds(11) })],
    ['of another issuer', () => ({ iss: 'https://issuer.example.com' })],
    ['without an issuer', () => ({ iss: undefined })],
    ['for another audience', () => ({ aud: 'other' })],
    ['for other audiences', () => ({ aud: ['a', 'b'] })],
    ['without an audience', () => ({ aud: undefined })],
    ['with an end that is no number', () => ({ exp: 'never' })],
  ])('[AU-12] refuses a token that is %s', async (_, claims) => {
    expect(await ask(prepare(), by(await tokenOf(claims())))).toEqual(refused);
  });

  it.each<[reason: string, claims: () => Record<string, unknown>]>([
    ['it has expired (exp)', () => ({ exp: seconds(-11) })],
    ['it has no exp', () => ({ exp: undefined })],
    ['it is not valid yet (nbf), or the clocks differ', () => ({ nbf: seconds(11) })],
    ['its exp cannot be taken', () => ({ exp: 'never' })],
  ])('[AU-12] says for the log: %s', async (reason, claims) => {
    const detail = `the token is not valid: ${reason}`;
    expect(await ask(prepare(), by(await tokenOf(claims())))).toMatchObject({ detail });
  });

  it('[AU-12] says for the log what was asked for, and not what the token has', async () => {
    const iss = await ask(prepare(), by(await tokenOf({ iss: `${issuer.url}/` })));
    expect(iss).toMatchObject({ detail: `the token is not valid: its iss is not ${issuer.url}, to the letter` });
    const aud = await ask(prepare(), by(await tokenOf({ aud: 'pl4nted' })));
    expect(aud).toMatchObject({ detail: expect.stringMatching(/has one of chat$/) });
    const scope = await ask(prepare({}, { authorizationScopes: ['a', 'b'] }), by(await tokenOf({ scope: 'pl4nted' })));
    expect(scope).toMatchObject({ detail: 'the token has none of the scopes that the route wants: a, b' });
  });

  it('[AU-12] forgives the clocks a little', async () => {
    const prepared = prepare();
    expect(await ask(prepared, by(await tokenOf({ exp: seconds(-9) })))).toMatchObject({ ok: true });
    expect(await ask(prepared, by(await tokenOf({ nbf: seconds(9) })))).toMatchObject({ ok: true });
  });

  it('[AU-12] the audience may be one of several, or client_id, or any', async () => {
    const prepared = prepare();
    expect(await ask(prepared, by(await tokenOf({ aud: ['x', 'chat'] })))).toMatchObject({ ok: true });
    expect(await ask(prepared, by(await tokenOf({ aud: undefined, client_id: 'chat' })))).toMatchObject({ ok: true });
    const any = prepare({ jwtConfiguration: { issuer: issuer.url, audience: [], jwksUri: issuer.jwksUri } });
    expect(await ask(any, by(await tokenOf({ aud: 'other' })))).toMatchObject({ ok: true });
  });

  it('[AU-12] one of the scopes of the route has to be there', async () => {
    const prepared = prepare({}, { authorizationScopes: ['chat:write', 'chat:admin'] });
    for (const claims of [{ scope: 'a chat:write' }, { scp: ['chat:admin'] }, { scp: 'x chat:admin' }]) {
      expect(await ask(prepared, by(await tokenOf(claims)))).toMatchObject({ ok: true });
    }
    for (const claims of [{}, { scope: 'chat:writer' }, { scp: [1] }, { scope: { 'chat:write': true } }]) {
      expect(await ask(prepared, by(await tokenOf(claims)))).toMatchObject({ ok: false, code: 'access_denied' });
    }
  });

  it('[AU-12] refuses what is not signed by the issuer: no algorithm, a shared secret, another key, a changed text', async () => {
    const prepared = prepare();
    const good = await tokenOf();
    expect(await ask(prepared, by(good))).toMatchObject({ ok: true });
    const [head = '', payload = '', signature = ''] = good.split('.');
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

    // The public key as HMAC secret: what a verifier that believes the header's `alg` falls for.
    const publicKey = await exportSPKI(key.pair.publicKey);
    const hsHead = encode({ alg: 'HS256', kid: 'first' });
    const hsSignature = createHmac('sha256', publicKey).update(`${hsHead}.${payload}`).digest('base64url');
    const changed = encode({ ...JSON.parse(Buffer.from(payload, 'base64url').toString()), sub: 'admin' });
    const stranger = await new TokenIssuer().addKey('first');

    for (const token of [
      `${encode({ alg: 'none' })}.${payload}.`,
      `${encode({ alg: 'none', kid: 'first' })}.${payload}.${signature}`,
      `${hsHead}.${payload}.${hsSignature}`,
      `${encode({ alg: 'RS256', kid: 'first' })}.${payload}.${signature}`,
      `${head}.${changed}.${signature}`,
      `${head}.${payload}.`,
      `${head}.${payload}`,
      'x',
      await issuer.token(stranger, clockMs),
      await issuer.token({ ...key, kid: 'unknown' }, clockMs),
      `${encode({ alg: 'ES256', kid: 'first', crit: ['b64'], b64: false })}.${payload}.${signature}`,
    ]) {
      expect(await ask(prepared, by(token))).toEqual(refused);
    }
  });

  it('[AU-12] tokens without a key id are tried with each key that fits', async () => {
    key = await issuer.addKey(undefined, { only: true });
    const second = await issuer.addKey(undefined);
    const prepared = prepare();
    expect(await ask(prepared, by(await tokenOf()))).toMatchObject({ ok: true });
    expect(await ask(prepared, by(await issuer.token(second, clockMs)))).toMatchObject({ ok: true });
    const stranger = await new TokenIssuer().addKey(undefined);
    expect(await ask(prepared, by(await issuer.token(stranger, clockMs)))).toEqual(refused);
  });

  it('[AU-12] no detail shows any of the token', async () => {
    const secret = 'hunter2';
    const tokens = [
      secret,
      `${secret}.${secret}.${secret}`,
      await tokenOf({ iss: secret }),
      await tokenOf({ aud: secret }),
    ];
    for (const token of tokens) {
      const outcome = await ask(prepare(), by(token));
      expect(outcome).toEqual(refused);
      expect(JSON.stringify(outcome)).not.toContain(secret);
      expect(JSON.stringify(outcome)).not.toContain(token);
    }
  });

  it('[AU-12] a definition that cannot work lets nobody in', async () => {
    for (const prepared of [
      prepare({ authorizerType: 'REQUEST' }),
      prepare({ jwtConfiguration: undefined }),
      prepare({ identitySource: [] }),
      prepare({ identitySource: ['context.stage'] }),
    ]) {
      expect(prepared?.fault).toBeTypeOf('string');
      expect(await ask(prepared, by(await tokenOf()))).toMatchObject({ ok: false, code: 'authorizer_misconfigured' });
    }
  });
});

describe('where the token is', () => {
  it('[AU-12] in a header, with or without Bearer', async () => {
    const prepared = prepare({ identitySource: ['route.request.header.X-Token'] });
    const token = await tokenOf();
    for (const value of [token, `bearer ${token}`, `Bearer  ${token}`]) {
      expect(await ask(prepared, connectRequest({ headers: [['x-token', value]] }))).toMatchObject({ ok: true });
    }
    const twice = connectRequest({
      headers: [
        ['x-token', token],
        ['x-token', token],
      ],
    });
    expect(await ask(prepared, twice)).toEqual(refused);
    expect(await ask(prepared, connectRequest())).toEqual(refused);
    expect(await ask(prepared, connectRequest({ headers: [['x-token', '']] }))).toEqual(refused);
  });

  it('[AU-12] in the query; the first place that has one counts', async () => {
    const token = await tokenOf();
    const queryString = `token=${token}`;
    const prepared = prepare({ identitySource: ['$request.header.Authorization', '$request.querystring.token'] });
    expect(await ask(prepared, connectRequest({ queryString }))).toMatchObject({ ok: true });
    const bad: [string, string][] = [['authorization', 'x']];
    expect(await ask(prepared, connectRequest({ queryString, headers: bad }))).toEqual(refused);
  });

  it('[AU-12] in a sub-protocol, which is then never the answer', async () => {
    const prepared = prepare({ identitySource: ['route.request.header.Sec-WebSocket-Protocol'] });
    const token = await tokenOf();
    const offer = (...values: string[]) =>
      ask(
        prepared,
        connectRequest({ headers: values.map((value): [string, string] => ['sec-websocket-protocol', value]) }),
      );
    expect(await offer(`bearer.${token}, chat`)).toMatchObject({ ok: true, subProtocol: 'chat' });
    expect(await offer('chat', `bearer.${token}`)).toMatchObject({ ok: true, subProtocol: 'chat' });
    expect(await offer(`access_token, ${token}`)).toMatchObject({ ok: true, subProtocol: 'access_token' });
    expect(await offer(`access_token,${token},chat`)).toMatchObject({ ok: true, subProtocol: 'chat' });
    const alone = await offer(`bearer.${token}`);
    expect(alone.ok).toBe(true);
    expect(JSON.stringify(alone)).not.toContain(token);
    for (const value of ['chat', 'access_token', 'bearer.', '', token]) expect(await offer(value)).toEqual(refused);
  });

  it('[AU-12] a token over tokenBytesMax is not looked at', async () => {
    const token = await tokenOf({ filler: 'x'.repeat(limits.tokenBytesMax) });
    expect(await ask(prepare(), by(token))).toEqual({ ...refused, detail: 'there is no token' });
    expect(issuer.asked).toEqual([]);
  });

  it('[AU-9] in a message, which renews the connection of the same principal only', async () => {
    const authorizer = { identitySource: ['$request.header.Authorization', 'route.request.body.auth.token'] };
    const prepared = prepare(authorizer, { routeKey: 'renew' });
    const opened = await ask(prepared, by(await tokenOf()));
    const context = opened.ok
      ? { ...connection, authorizer: opened.authorizer, authorizedUntilMs: opened.authorizedUntilMs }
      : connection;
    clockMs += 60_000;
    const message = (token: string) => messageRequest(JSON.stringify({ auth: { token } }), context, 'renew');
    const exp = seconds(3_600);
    expect(await ask(prepared, message(await tokenOf()))).toMatchObject({ ok: true, authorizedUntilMs: exp * 1000 });
    expect(await ask(prepared, message(await tokenOf({ sub: 'user-2' })))).toEqual(refused);
    expect(await ask(prepared, messageRequest('{}', context, 'renew'))).toEqual(refused);
  });
});

describe('the keys of the issuer', () => {
  it('[AU-13] are fetched once, however many ask at once, and again when no longer fresh', async () => {
    const prepared = prepare();
    const token = await tokenOf();
    await Promise.all([ask(prepared, by(token)), ask(prepare(), by(token)), ask(prepared, by(token))]);
    expect(issuer.asked).toEqual(['/keys']);
    clockMs += limits.issuerKeysFreshMs;
    await ask(prepared, by(token));
    expect(issuer.asked).toHaveLength(1);
    clockMs += 1;
    await ask(prepared, by(token));
    expect(issuer.asked).toHaveLength(2);
  });

  it('[AU-13] a new key is found when a token names it, at most once a cooldown', async () => {
    const prepared = prepare();
    const old = key;
    expect(await ask(prepared, by(await tokenOf()))).toMatchObject({ ok: true });
    key = await issuer.addKey('second', { only: true });
    expect(await ask(prepared, by(await tokenOf()))).toEqual(refused);
    clockMs += limits.issuerCooldownMs;
    expect(await ask(prepared, by(await tokenOf()))).toMatchObject({ ok: true });
    expect(await ask(prepared, by(await issuer.token(old, clockMs)))).toEqual(refused);
    for (let i = 0; i < 20; i++) {
      expect(await ask(prepared, by(await issuer.token({ ...key, kid: `invented-${i}` }, clockMs)))).toEqual(refused);
    }
    expect(issuer.asked).toHaveLength(2);
  });

  it('[AU-13] are found through the discovery document where no address is given', async () => {
    const jwtConfiguration = { issuer: issuer.url, audience: [] };
    expect(await ask(prepare({ jwtConfiguration }), by(await tokenOf()))).toMatchObject({ ok: true });
    expect(issuer.asked).toEqual(['/.well-known/openid-configuration', '/keys']);
  });

  it.each<[what: string, document: () => object]>([
    ['of another issuer', () => ({ issuer: 'https://issuer.example.com', jwks_uri: issuer.jwksUri })],
    ['without keys', () => ({ issuer: issuer.url })],
    ['with keys in a file', () => ({ issuer: issuer.url, jwks_uri: 'file:///etc/passwd' })],
  ])('[AU-13] a discovery document %s is not believed', async (_, document) => {
    issuer.respond = (path) => (path === '/keys' ? undefined : { status: 200, body: JSON.stringify(document()) });
    const prepared = prepare({ jwtConfiguration: { issuer: issuer.url, audience: [] } });
    expect(await ask(prepared, by(await tokenOf()))).toMatchObject({ ok: false, code: 'authorizer_failed' });
    expect(issuer.asked).toEqual(['/.well-known/openid-configuration']);
  });

  it.each(['http://169.254.169.254/keys', 'http://10.0.0.1/keys', 'http://localhost:1/keys'])(
    '[AU-13] keys that a discovery document puts at %s are not fetched',
    async (jwks_uri) => {
      issuer.respond = () => ({ status: 200, body: JSON.stringify({ issuer: issuer.url, jwks_uri }) });
      const prepared = prepare({ jwtConfiguration: { issuer: issuer.url, audience: [] } });
      expect(await ask(prepared, by(await tokenOf()))).toEqual({
        ok: false,
        code: 'authorizer_failed',
        detail: 'the issuer has an address that egress.allow does not list',
      });
    },
  );

  it('[AU-13] nor from a metadata address, wherever it is written', async () => {
    const jwtConfiguration = { issuer: issuer.url, audience: [], jwksUri: 'http://169.254.169.254/keys' };
    expect(await ask(prepare({ jwtConfiguration }), by(await tokenOf()))).toMatchObject({ code: 'authorizer_failed' });
  });

  it.each<[what: string, status: number, body: () => string | Buffer]>([
    ['an error', 500, () => '{}'],
    ['no JSON', 200, () => '<html>'],
    ['no key set', 200, () => '{"keys":{}}'],
    ['too much', 200, () => Buffer.alloc(limits.issuerDocumentBytesMax + 1, ' ')],
    ['a redirect', 302, () => ''],
  ])("[AU-13] %s from the issuer is its failure, not the client's", async (_, status, body) => {
    issuer.respond = () => ({ status, body: body() });
    const prepared = prepare();
    const token = await tokenOf();
    const outcome = await ask(prepared, by(token));
    expect(outcome).toMatchObject({ ok: false, code: 'authorizer_failed' });
    expect(JSON.stringify(outcome)).not.toContain(token);
    // Asked again only after a while, and then it works.
    issuer.respond = undefined;
    expect(await ask(prepared, by(token))).toMatchObject({ ok: false, code: 'authorizer_failed' });
    clockMs += limits.issuerRetryDelayMs;
    expect(await ask(prepared, by(token))).toMatchObject({ ok: true });
    expect(issuer.asked).toHaveLength(2);
  });

  it('[AU-13] while it is away known keys go on working, for a day, and unknown ones are its failure', async () => {
    const prepared = prepare();
    expect(await ask(prepared, by(await tokenOf()))).toMatchObject({ ok: true });
    await issuer.stop();
    clockMs += limits.issuerKeysFreshMs + 1;
    expect(await ask(prepared, by(await tokenOf()))).toMatchObject({ ok: true });
    const unknown = await issuer.token({ ...key, kid: 'second' }, clockMs);
    expect(await ask(prepared, by(unknown))).toMatchObject({ ok: false, code: 'authorizer_failed' });
    clockMs += limits.issuerKeysStaleMsMax;
    expect(await ask(prepared, by(await tokenOf()))).toMatchObject({ ok: false, code: 'authorizer_failed' });
    await issuer.start();
    clockMs += limits.issuerRetryDelayMs;
    expect(await ask(prepared, by(await tokenOf()))).toMatchObject({ ok: true });
  });

  it('[AU-13] one that never answers holds a handshake for issuerTimeoutMs and no longer', async () => {
    issuer.respond = () => 'hang';
    const startMs = performance.now();
    expect(await ask(prepare(), by(await tokenOf()))).toMatchObject({
      ok: false,
      code: 'authorizer_failed',
      detail: 'the issuer cannot be asked: no answer in time',
    });
    expect(performance.now() - startMs).toBeLessThan(2 * limits.issuerTimeoutMs);
  }, 20_000);
});
