import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import type { JWTPayload } from 'jose';
import type { TokenOptions } from '../back-end/token-issuer.js';
import { connected, disconnectOf, isOf, marked } from '../events.js';
import { notAllowed } from '../policies.js';
import { type Rule, rule } from '../rule.js';
import type { HandshakeOptions, Target } from '../target.js';

const bearer = (token: string): HandshakeOptions => ({ headers: { Authorization: `Bearer ${token}` } });

function accepted(title: string, claims: JWTPayload, options?: TokenOptions): Rule {
  return rule('AU-12', `${title}: 101`, async (target) => {
    const { event } = await connected(target, 'tokens', bearer(await target.backEnd.token(claims, options)));
    assert.equal(event.requestContext.authorizer.principalId, 'user-1');
  });
}

function refused(title: string, claims: JWTPayload, options?: TokenOptions): Rule {
  return rule('AU-12', `${title}: 401`, async (target) => {
    await assertUnauthorized(target, bearer(await target.backEnd.token(claims, options)));
  });
}

async function assertUnauthorized(target: Target, options: HandshakeOptions): Promise<void> {
  const { options: all, marker } = marked(options);
  const refusal = await target.refused('tokens', all);
  assert.equal(refusal.status, 401, refusal.body);
  assert.equal(JSON.parse(refusal.body).message, 'Unauthorized');
  assert.deepEqual(await target.backEnd.settled(isOf(marker, 'integration')), []);
}

const nowSeconds = () => Math.floor(Date.now() / 1000);

const tokenRules: Rule[] = [
  accepted('a token of the issuer', {}),
  accepted('the audience among several', { aud: ['other', 'chat'] }),
  accepted('the audience in client_id', { aud: 'somewhere', client_id: 'chat' }),
  refused('expired a minute ago', {}, { expiresInSeconds: -60 }),
  refused('without exp', {}, { expiresInSeconds: undefined }),
  rule('AU-12', 'not before a minute from now: 401', async (target) => {
    await assertUnauthorized(target, bearer(await target.backEnd.token({ nbf: nowSeconds() + 60 })));
  }),
  refused('another issuer', { iss: 'https://other.example.com' }),
  refused('another audience', { aud: 'other' }),
  refused('signed by another key under the same name', {}, { signedBy: 'forged' }),
  refused('signed by a key that the issuer has not', {}, { signedBy: 'unknown' }),
  rule('AU-12', 'no token, two tokens, none at all in it: 401', async (target) => {
    await assertUnauthorized(target, {});
    await assertUnauthorized(target, bearer('nonsense'));
    const token = await target.backEnd.token();
    const [head, payload] = token.split('.');
    const none = Buffer.from('{"alg":"none"}').toString('base64url');
    await assertUnauthorized(target, bearer(`${none}.${payload}.`));
    await assertUnauthorized(target, bearer(`${head}.${payload}.`));
  }),
  rule('AU-12', "a token that uses the issuer's public key as a secret: 401", async (target) => {
    const token = await target.backEnd.token();
    const payload = token.split('.')[1];
    const head = Buffer.from('{"alg":"HS256","kid":"published"}').toString('base64url');
    const address = `http://127.0.0.1:${target.backEnd.port}/http/issuer/keys`;
    const { keys } = (await (await fetch(address)).json()) as { keys: { x: string }[] };
    const [key] = keys;
    for (const secret of [JSON.stringify(key), JSON.stringify({ keys }), String(key?.x)]) {
      const signature = createHmac('sha256', secret).update(`${head}.${payload}`).digest('base64url');
      await assertUnauthorized(target, bearer(`${head}.${payload}.${signature}`));
    }
  }),
  rule('AU-12', 'two Authorization headers: refused, whatever is in them', async (target) => {
    const token = `Bearer ${await target.backEnd.token()}`;
    const refusal = await target.refused('tokens', { headers: { Authorization: [token, token] } });
    assert.ok([400, 401].includes(refusal.status), `the status is ${refusal.status}`);
  }),
  rule('AU-12', 'in the query', async (target) => {
    const { event } = await connected(target, 'tokens', { query: { token: await target.backEnd.token() } });
    assert.equal(event.requestContext.authorizer.principalId, 'user-1');
  }),
  rule('AU-12', 'as a sub-protocol, which never comes back', async (target) => {
    const token = await target.backEnd.token();
    const prefixed = await target.connect('tokens', { protocols: [`bearer.${token}`, 'chat'] });
    assert.equal(prefixed.protocol, 'chat');
    const marked = await target.connect('tokens', { protocols: ['access_token', token] });
    assert.equal(marked.protocol, 'access_token');
  }),
  rule('AU-12', 'a scope of the route: without it 403', async (target) => {
    const api = 'tokens-scoped';
    for (const claims of [{ scope: 'read chat' }, { scp: ['chat'] }]) {
      await target.connect(api, bearer(await target.backEnd.token(claims)));
    }
    const refusal = await target.refused(api, bearer(await target.backEnd.token({ scope: 'chatter' })));
    assert.equal(refusal.status, 403);
    assert.equal(JSON.parse(refusal.body).message, notAllowed);
  }),
  rule(
    'AU-12',
    'claims that are texts, numbers or booleans are in the events, sub as principalId too',
    async (target) => {
      const token = await target.backEnd.token({ sub: 'me', level: 3, beta: true, list: ['x'], map: { a: 1 } });
      const { client, event, connectionId } = await connected(target, 'tokens', bearer(token));
      const { authorizer } = event.requestContext;
      assert.equal(authorizer.principalId, 'me');
      assert.equal(authorizer.sub, 'me');
      assert.equal(authorizer.level, '3');
      assert.equal(authorizer.beta, 'true');
      assert.ok(!('list' in authorizer) && !('map' in authorizer), 'a list or map is there');
      await client.close(1000);
      assert.equal((await disconnectOf(target, connectionId)).requestContext.authorizer.principalId, 'me');
    },
  ),
];

/** Sends a token to the route that renews; tells the answer: `in`, or the text of the error frame. */
async function renew(client: { send(message: object): void; next(): Promise<string> }, token: string): Promise<string> {
  client.send({ action: 'renew', token, script: { result: { statusCode: 200, body: 'in' } } });
  const answer = await client.next();
  return answer === 'in' ? answer : JSON.parse(answer).message;
}

// Expiry has whole seconds, and the gateway allows clocks to differ by ten: only the end of the connection is exact.
const shortSeconds = 3;

const expiryRules: Rule[] = [
  rule(
    'CN-70',
    'the connection is closed with 1008 when its token expires, and $disconnect says so',
    async (target) => {
      const token = await target.backEnd.token({}, { expiresInSeconds: shortSeconds });
      const { client, connectionId } = await connected(target, 'tokens', bearer(token));
      const startedAtMs = Date.now();
      assert.deepEqual(await client.closed, { code: 1008, reason: 'Authorization expired' });
      const tookMs = Date.now() - startedAtMs;
      assert.ok(tookMs >= 1_000 && tookMs <= (shortSeconds + 4) * 1_000, `it was closed after ${tookMs} ms`);
      const { requestContext } = await disconnectOf(target, connectionId);
      assert.equal(requestContext.disconnectStatusCode, 1008);
    },
  ),
  rule('CN-71', 'a message with a new token of the same principal puts the end off', async (target) => {
    const { token } = target.backEnd;
    const { client, event } = await connected(
      target,
      'tokens',
      bearer(await token({}, { expiresInSeconds: shortSeconds })),
    );
    assert.equal(event.requestContext.authorizer.principalId, 'user-1');
    assert.equal(await renew(client, await token({ level: 2 }, { expiresInSeconds: 600 })), 'in');
    await new Promise((resolve) => setTimeout(resolve, (shortSeconds + 2) * 1_000));
    client.send({ action: 'echo', script: { echo: true } });
    assert.equal(JSON.parse(await client.next()).requestContext.authorizer.level, '2');
  }),
  rule(
    'AU-9',
    "another principal's token renews nothing: Unauthorized, and the connection ends as it was to",
    async (target) => {
      const { token } = target.backEnd;
      const client = await target.connect('tokens', bearer(await token({}, { expiresInSeconds: shortSeconds })));
      assert.equal(await renew(client, await token({ sub: 'somebody-else' })), 'Unauthorized');
      assert.equal(await renew(client, 'nonsense'), 'Unauthorized');
      assert.equal((await client.closed).code, 1008);
    },
  ),
];

const keyRules: Rule[] = [
  rule('AU-13', 'the keys are found through openid-configuration, and kept', async (target) => {
    for (let handshake = 0; handshake < 12; handshake++) {
      await target.connect('tokens-discovered', bearer(await target.backEnd.token()));
    }
    // Other rules use the same issuer by its keys' address: each process may have fetched them for both.
    const fetched = target.backEnd.calls.filter(({ name }) => name.startsWith('/http/issuer/')).length;
    assert.ok(fetched <= 12, `the issuer was asked ${fetched} times`);
  }),
  rule('AU-13', 'an unknown key makes nobody fetch them over and over', async (target) => {
    const token = await target.backEnd.token({}, { signedBy: 'unknown' });
    for (let handshake = 0; handshake < 12; handshake++) {
      assert.equal((await target.refused('tokens-discovered', bearer(token))).status, 401);
    }
    const fetched = target.backEnd.calls.filter((call) => call.name.endsWith('/keys')).length;
    assert.ok(fetched <= 8, `the keys were fetched ${fetched} times`);
  }),
];

export const jwtRules: Rule[] = [...tokenRules, ...expiryRules, ...keyRules];
