import { limits, type RouteDefinition } from '@sluice/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  accountId,
  authorizedRoute,
  connection,
  connectRequest,
  messageRequest,
  nowMs,
  region,
} from './authorization.fixture.js';
import type {
  AuthorizationOutcome,
  AuthorizationRequest,
  Authorizers,
  PreparedAuthorization,
} from './authorization.js';
import { createAuthorizers } from './authorizers.js';
import { TokenIssuer } from './token-issuer.fixture.js';
import { VerifiedTokens } from './verified-tokens.js';

const issuer = new TokenIssuer();
let clockMs: number;
let authorizers: Authorizers;
let key: Awaited<ReturnType<TokenIssuer['addKey']>>;

beforeEach(async () => {
  clockMs = nowMs;
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

function prepare(audience = ['chat'], route: Partial<RouteDefinition> = {}): PreparedAuthorization {
  const prepared = authorizers.prepare(
    authorizedRoute(
      { authorizationType: 'JWT', ...route },
      {
        authorizerType: 'JWT',
        authorizerUri: undefined,
        identitySource: ['$request.header.Authorization', '$request.body.token'],
        jwtConfiguration: { issuer: issuer.url, audience, jwksUri: issuer.jwksUri },
      },
    ),
  );
  if (prepared === undefined) throw new Error('nothing was prepared');
  return prepared;
}

const by = (token: string) => connectRequest({ headers: [['authorization', token]] });
const tokenOf = (claims: Record<string, unknown> = {}) => issuer.token(key, clockMs, claims);

/** A signature takes a while, what is kept is there at once: that is how the two can be told apart. */
function ask(
  prepared: PreparedAuthorization,
  request: AuthorizationRequest,
): Promise<{ outcome: AuthorizationOutcome; atOnce: boolean }> {
  return new Promise((resolve) => {
    let atOnce = true;
    prepared.authorize(request, (outcome) => resolve({ outcome, atOnce }));
    atOnce = false;
  });
}

/** A token that the authorizer knows; the first one of all only brings the keys. */
async function knownToken(prepared: PreparedAuthorization, claims: Record<string, unknown> = {}): Promise<string> {
  await ask(prepared, by(await tokenOf({ sub: 'who brings the keys' })));
  const token = await tokenOf(claims);
  expect(await ask(prepared, by(token))).toMatchObject({ outcome: { ok: true }, atOnce: false });
  return token;
}

describe('a token that was verified', () => {
  it('[AU-12] is good again without its signature, with the same outcome', async () => {
    const prepared = prepare();
    const token = await tokenOf({ tenant: 'acme' });
    await knownToken(prepared);
    const first = await ask(prepared, by(token));
    const second = await ask(prepared, by(token));
    expect([first.atOnce, second.atOnce]).toEqual([false, true]);
    expect(first.outcome).toMatchObject({ ok: true, authorizer: { tenant: 'acme', principalId: 'user-1' } });
    expect(second.outcome).toEqual(first.outcome);
  });

  it('[AU-12] vouches for no other text: every character is part of what was verified', async () => {
    const prepared = prepare();
    const token = await knownToken(prepared);
    for (const at of [0, token.indexOf('.') + 1, token.lastIndexOf('.') + 1]) {
      const other = `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`;
      for (let turn = 0; turn < 2; turn++) {
        const { outcome, atOnce } = await ask(prepared, by(other));
        expect([outcome.ok, atOnce]).toEqual([false, false]);
      }
    }
  });

  it('[AU-12] ends when it ends', async () => {
    const prepared = prepare();
    const token = await knownToken(prepared, { exp: Math.floor(clockMs / 1000) + 60 });
    clockMs += 59_000;
    expect(await ask(prepared, by(token))).toMatchObject({ outcome: { ok: true }, atOnce: true });
    clockMs += 1_000 + limits.tokenLeewayMs - 1_000;
    expect(await ask(prepared, by(token))).toMatchObject({ outcome: { ok: true }, atOnce: false });
    clockMs += 2_000;
    const { outcome } = await ask(prepared, by(token));
    expect(outcome).toMatchObject({
      ok: false,
      code: 'unauthorized',
      detail: 'the token is not valid: it has expired (exp)',
    });
  });

  it('[AU-13] is refused once the issuer has withdrawn its key', async () => {
    const prepared = prepare();
    const token = await knownToken(prepared);
    await issuer.addKey('second', { only: true });
    clockMs += limits.issuerKeysFreshMs;
    expect(await ask(prepared, by(token))).toMatchObject({ outcome: { ok: true }, atOnce: true });
    clockMs += 1;
    for (let turn = 0; turn < 2; turn++) {
      expect(await ask(prepared, by(token))).toMatchObject({
        outcome: { ok: false, code: 'unauthorized' },
        atOnce: false,
      });
    }
  });

  it('[AU-12] grants on each route what that route asks for', async () => {
    const token = await knownToken(prepare(), { scope: 'chat:read' });
    const other = await ask(prepare(['another audience']), by(token));
    expect(other).toMatchObject({ outcome: { ok: false, code: 'unauthorized' }, atOnce: true });
    const scoped = (scope: string) => ask(prepare(['chat'], { authorizationScopes: [scope] }), by(token));
    expect(await scoped('chat:write')).toMatchObject({ outcome: { ok: false, code: 'access_denied' }, atOnce: true });
    expect(await scoped('chat:read')).toMatchObject({ outcome: { ok: true }, atOnce: true });
  });

  it("[AU-9] hands nobody else's connection over", async () => {
    const prepared = prepare(['chat'], { routeKey: 'renew' });
    const token = await knownToken(prepared);
    const opened = { ...connection, authorizedUntilMs: clockMs + 1_000 };
    const message = (principalId: string) =>
      ask(prepared, messageRequest(JSON.stringify({ token }), { ...opened, authorizer: { principalId } }, 'renew'));
    expect(await message('user-1')).toMatchObject({ outcome: { ok: true }, atOnce: true });
    expect(await message('user-2')).toMatchObject({ outcome: { ok: false, code: 'unauthorized' }, atOnce: true });
  });
});

describe('what is kept of verified tokens', () => {
  const keySet = {};
  const payload = { sub: 'a', exp: nowMs / 1000 + 60 };

  it('is bounded, and what was used last stays', () => {
    const verified = new VerifiedTokens();
    for (let i = 0; i < limits.verifiedTokensMax; i++) verified.keep(`token-${i}`, keySet, payload);
    expect(verified.find('token-0', keySet, nowMs)).toBe(payload);
    verified.keep('one more', keySet, payload);
    const found = (token: string) => verified.find(token, keySet, nowMs) !== undefined;
    expect(['token-0', 'token-1', 'token-2', 'one more'].map(found)).toEqual([true, false, true, true]);
  });

  it('holds only with the same keys, between its times, and for tokens that are not too long', () => {
    const verified = new VerifiedTokens();
    const keep = (token: string, more = {}) => verified.keep(token, keySet, { ...payload, ...more });
    keep('of other keys');
    expect(verified.find('of other keys', {}, nowMs)).toBeUndefined();
    keep('not yet', { nbf: nowMs / 1000 + 1 });
    expect(verified.find('not yet', keySet, nowMs)).toBeUndefined();
    keep('no more');
    expect(verified.find('no more', keySet, nowMs + 60_000)).toBeUndefined();
    const longest = 'x'.repeat(limits.verifiedTokenBytesMax);
    keep(longest);
    keep(`${longest}x`);
    expect(verified.find(longest, keySet, nowMs)).toEqual(payload);
    expect(verified.find(`${longest}x`, keySet, nowMs)).toBeUndefined();
  });
});
