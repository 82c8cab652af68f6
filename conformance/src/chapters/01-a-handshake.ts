import assert from 'node:assert/strict';
import { NotApplicable, type Rule, rule } from '../rule.js';
import { newMarker, type Target } from '../target.js';
import { connectOf, disconnectsOf, echoed } from '../wire/connection-events.js';

const failureLayout = /^\{"message": "([^"]*)", "connectionId":"([\w-]+={1,2})", "requestId":"([\w-]{15}=)"\}$/;

/** A handshake whose integration answers with this status is let in. */
function letsIn(statusCode: number): Rule {
  return rule('CN-11', `H2: $connect returns ${statusCode}: 101`, async (target) => {
    const client = await target.connect('connections', { script: { result: { statusCode } } });
    assert.equal((await echoed(client)).requestContext.eventType, 'MESSAGE');
  });
}

/** A handshake whose integration refuses is answered as the integration did, and nobody hears of an end. */
function refuses(statusCode: number): Rule {
  return rule('CN-5', `H3, D8: $connect returns ${statusCode}: its status, headers and body`, async (target) => {
    const marker = newMarker();
    const body = `refused with ${statusCode}`;
    const headers = { 'X-Reason': 'ours', 'Content-Type': 'text/plain', Location: 'https://example.com/' };
    const script = { result: { statusCode, headers, body } };
    const refusal = await target.refused('connections', { query: { marker }, script });
    assert.equal(refusal.status, statusCode);
    assert.equal(refusal.body, body);
    assert.equal(refusal.headers['x-reason'], 'ours');
    assert.equal(refusal.headers['content-type'], 'text/plain');
    assert.equal(refusal.headers['sec-websocket-accept'], undefined);
    const { connectionId } = await connectOf(target, marker);
    assert.equal(await disconnectsOf(target, connectionId), 0, 'a $disconnect came for a handshake that failed');
    const answer = await target.management('connections', 'GET', `/@connections/${connectionId}`);
    assert.equal(answer.status, 410);
  });
}

/** A handshake that fails on the gateway's side has the layout of the error frame for a body. */
function fails(id: string, cause: string, status: number, message: string, script: object): Rule {
  return rule(id, `${cause}: ${status} ${message}`, async (target) => {
    const marker = newMarker();
    const refusal = await target.refused('connections', { query: { marker }, script });
    assert.equal(refusal.status, status);
    const [, text, connectionId, requestId] = failureLayout.exec(refusal.body) ?? [];
    assert.equal(text, message, `the body is ${refusal.body}`);
    assert.equal(refusal.headers['x-amz-apigw-id'], requestId);
    assert.equal(refusal.headers['content-type'], 'application/json; charset=UTF-8');
    assert.equal(refusal.headers['x-amzn-errortype'], undefined);
    assert.equal(refusal.headers['x-amzn-requestid'], undefined);
    const event = await connectOf(target, marker);
    assert.deepEqual([event.connectionId, event.requestId], [connectionId, requestId]);
    assert.equal(await disconnectsOf(target, event.connectionId), 0, 'a $disconnect came for a handshake that failed');
  });
}

const failed = 'Internal server error';

export const handshake: Rule[] = [
  rule('CN-10', 'H1: an API without $connect: 101', async (target) => {
    const client = await target.connect('connections-open');
    assert.equal((await echoed(client)).requestContext.eventType, 'MESSAGE');
  }),
  rule('CN-10', 'a $connect without target: 101', async (target) => {
    const client = await target.connect('connections-untargeted');
    assert.equal((await echoed(client)).requestContext.eventType, 'MESSAGE');
  }),
  letsIn(200),
  letsIn(201),
  letsIn(204),
  rule('CN-11', 'the upgrade waits for the verdict', async (target) => {
    const startedAtMs = Date.now();
    await target.connect('connections', { script: { sleepMs: 700 } });
    assert.ok(Date.now() - startedAtMs >= 690, 'the 101 came before $connect had ended');
  }),
  ...[301, 400, 401, 403, 418, 500, 501].map(refuses),
  rule('CN-5', 'a 304 has no body', async (target) => {
    const refusal = await target.refused('connections', { script: { result: { statusCode: 304, body: 'unread' } } });
    assert.deepEqual([refusal.status, refusal.body], [304, '']);
  }),
  rule('CN-5', 'hop-by-hop headers of the integration are dropped', async (target) => {
    const headers = {
      Connection: 'X-Dropped',
      'X-Dropped': 'a',
      'Keep-Alive': 'timeout=9',
      Upgrade: 'h2c',
      'X-Kept': 'b',
    };
    const script = { result: { statusCode: 403, headers: { ...headers, 'Content-Length': '1' }, body: 'whole' } };
    const refusal = await target.refused('connections', { script });
    assert.equal(refusal.headers['x-kept'], 'b');
    assert.equal(refusal.body, 'whole');
    for (const name of ['x-dropped', 'keep-alive', 'upgrade']) assert.equal(refusal.headers[name], undefined, name);
  }),
  fails('LE-6', 'H4: $connect throws', 502, failed, { fails: { errorMessage: 'H4' } }),
  fails('LE-6', 'O2: $connect returns a text', 502, failed, { result: 'text' }),
  fails('IN-10', 'H6: the function may not be invoked', 500, failed, { status: 403 }),
  fails('IN-10', 'the function is not there', 500, failed, { status: 404 }),
  fails('CN-6', 'H5, O3: $connect takes longer than the timeout', 504, 'Endpoint request timed out', {
    sleepMs: 3_000,
  }),
  fails('CN-8', '$connect returns a status beyond HTTP', 502, failed, { result: { statusCode: 700 } }),
  fails('CN-8', '$connect returns an interim status', 500, failed, { result: { statusCode: 101 } }),
  rule('CN-7', 'a client that goes away while it is held never existed', async (target) => {
    const marker = newMarker();
    const pending = target.connect('connections', {
      query: { marker },
      script: { sleepMs: 1_000 },
      handshakeTimeout: 400,
    });
    await assert.rejects(pending, /timed out/);
    const { connectionId } = await connectOf(target, marker);
    assert.equal(await disconnectsOf(target, connectionId, 1_500), 0, 'a $disconnect came for a handshake that failed');
    const answer = await target.management('connections', 'POST', `/@connections/${connectionId}`, { body: 'x' });
    assert.equal(answer.status, 410);
  }),
  rule('CN-9', 'a node over its own rate, or on its way out, is 503', async () => {
    throw new NotApplicable('every other rule would be turned away with it');
  }),
  rule('CP-9', 'H8: a stage without deployment is 403', async () => {
    throw new NotApplicable('a configuration file deploys every stage in it');
  }),
  rule('SL-2', 'H13, O5: one connect a second, three attempts at once: 429', async (target) => {
    const attempts = Array.from({ length: 3 }, () => outcomeOf(target));
    const outcomes = (await Promise.all(attempts)).sort();
    assert.deepEqual(outcomes.slice(-1), ['429 Too Many Requests'], `the three were answered ${outcomes.join(', ')}`);
    assert.equal(outcomes[0], '101');
  }),
  rule('CN-17', 'the checks before $connect come in their order', async (target) => {
    const script = { result: { statusCode: 200 } };
    const api = 'connections-gated';
    const deny = { fails: { errorMessage: 'Unauthorized' } };
    const headers = { 'x-api-key': 'conformance-member-key' };
    const marker = newMarker();
    const status = async (options: Parameters<typeof target.refused>[1]) =>
      (
        await target.refused(api, {
          ...options,
          query: { marker, ...Object.fromEntries(new URLSearchParams(options?.query)) },
        })
      ).status;
    // Each lacks all that comes later, too.
    assert.equal(await status({ script }), 401, 'without the identity source');
    assert.equal(await status({ script, query: { token: 't' }, auth: deny }), 401, 'refused by the authorizer');
    assert.equal(await status({ script, query: { token: 't' } }), 403, 'without the API key');
    assert.equal(await status({ script, query: { token: 't' }, headers }), 400, 'without the required parameter');
    const reached = await target.backEnd.settled(({ name, body }) => name === 'connections' && body.includes(marker));
    assert.deepEqual(reached, [], '$connect ran for a handshake that a check refused');
    await target.connect(api, { script, headers, query: { token: 't', room: 'r' } });
  }),
];

async function outcomeOf(target: Target): Promise<string> {
  const client = await target.connect('connections', { stage: 'one-a-second' }).catch((error: Error) => error);
  if (!(client instanceof Error)) return '101';
  return client.message.replace(/^handshake refused with (\d+): .*"message": ?"([^"]*)".*$/, '$1 $2');
}
