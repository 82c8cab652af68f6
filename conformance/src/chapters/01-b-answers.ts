import assert from 'node:assert/strict';
import { type Rule, rule } from '../rule.js';
import { newMarker, type Target } from '../target.js';
import { connectOf, echoed } from '../wire/connection-events.js';
import { connectAt } from '../wire/foreign-host.js';
import { rawAnswer, upgradeLines } from '../wire/raw-connection.js';

const uuid = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/;

/** What stands in the 101 where the client offers these sub-protocols and the integration answers with these headers. */
async function protocolOf(target: Target, protocols: string[], headers: object): Promise<string | undefined> {
  const offered = protocols.length === 0 ? [] : [`Sec-WebSocket-Protocol: ${protocols.join(', ')}`];
  const script = { result: { statusCode: 200, headers, body: 'not for the client' } };
  const lines = [...upgradeLines(target, 'connections', { script }), ...offered];
  const answer = await rawAnswer(target, lines);
  assert.equal(answer?.status, 101);
  return answer.headers['sec-websocket-protocol'];
}

/** A request that could mean two things, or is no handshake: answered with this status and no integration sees it. */
function malformed(title: string, status: number, change: (lines: string[], target: Target) => string[]): Rule {
  return rule('CN-2', title, async (target) => {
    const marker = newMarker();
    const lines = upgradeLines(target, 'connections', { query: { marker } });
    const answer = await rawAnswer(target, change(lines, target));
    assert.equal(answer?.status, status, `it was answered ${answer?.status ?? 'not at all'}`);
    if (status === 400) assert.match(answer.body, /<h1>400 Bad Request<\/h1>/);
    if (status === 426) assert.equal(answer.headers['sec-websocket-version'], '13');
    const calls = await target.backEnd.settled(({ body }) => body.includes(marker));
    assert.deepEqual(calls, [], 'an integration was called');
  });
}

function forbidden(title: string, options: { api: string; stage: string; more?: string }): Rule {
  return rule('CN-1', `H7: ${title}: 403 Forbidden`, async (target) => {
    const stage = `${options.stage}${options.more ?? ''}`;
    const refusal = await target.refused(options.api, { stage });
    assert.equal(refusal.status, 403);
    assert.equal(refusal.body, '{"message":"Forbidden"}');
    assert.equal(refusal.headers['content-type'], 'application/json');
    assert.equal(refusal.headers['x-amzn-errortype'], 'ForbiddenException');
    assert.match(String(refusal.headers['x-amzn-requestid']), uuid);
    assert.equal(refusal.headers['x-amz-apigw-id'], undefined);
  });
}

/** A handshake of a page of this origin. */
function fromOrigin(origin: string | undefined, allowed: boolean): Rule {
  return rule(
    'CN-72',
    `a page of ${origin ?? 'no origin'} is ${allowed ? 'let in' : '403 Forbidden'}`,
    async (target) => {
      const options = { stage: 'origins', ...(origin === undefined ? {} : { headers: { Origin: origin } }) };
      if (allowed) {
        await target.connect('connections', options);
        return;
      }
      const marker = newMarker();
      const refusal = await target.refused('connections', { ...options, query: { marker } });
      assert.deepEqual([refusal.status, refusal.body], [403, '{"message":"Forbidden"}']);
      assert.deepEqual(await target.backEnd.settled(({ body }) => body.includes(marker)), []);
    },
  );
}

export const answers: Rule[] = [
  forbidden('an unknown API', { api: 'connections-nowhere', stage: 'dev' }),
  forbidden('an unknown stage', { api: 'connections', stage: 'nowhere' }),
  forbidden('a stage in other letters', { api: 'connections', stage: 'DEV' }),
  forbidden('a further path segment', { api: 'connections', stage: 'dev', more: '/extra' }),
  rule('CN-1', '/stage/ is the same as /stage', async (target) => {
    await target.connect('connections', { stage: 'dev/' });
  }),
  malformed('two Authorization headers: 400 and an HTML page', 400, (lines) => [
    ...lines,
    'Authorization: one',
    'Authorization: two',
  ]),
  malformed('two Host headers: 400', 400, (lines) => [...lines, 'Host: other.example.com']),
  malformed('two keys: 400', 400, (lines) => [...lines, 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==']),
  malformed('a body: 400', 400, (lines) => [...lines, 'Content-Length: 5']),
  malformed('no key: 400', 400, (lines) => lines.filter((line) => !line.startsWith('Sec-WebSocket-Key'))),
  malformed('no Connection: Upgrade: 400', 400, (lines) => lines.filter((line) => !line.startsWith('Connection'))),
  malformed('another version: 426', 426, (lines) => lines.map((line) => line.replace('Version: 13', 'Version: 12'))),
  rule('CN-3', 'a control character in a header makes no connection', async (target) => {
    const marker = newMarker();
    const lines = upgradeLines(target, 'connections', { query: { marker } });
    const answer = await rawAnswer(target, [...lines, 'X-Odd: a\u0001b'], { timeoutMs: 2_000 });
    assert.notEqual(answer?.status, 101);
    assert.deepEqual(await target.backEnd.settled(({ body }) => body.includes(marker)), []);
  }),
  rule('CN-3', 'a control character in what an integration returns makes no header', async (target) => {
    const headers = { 'X-Bad': 'a\r\nX-Injected: b', 'X-Good': 'c' };
    const refusal = await target.refused('connections', { script: { result: { statusCode: 403, headers } } });
    assert.equal(refusal.headers['x-injected'], undefined);
  }),
  rule('CN-4', 'so is every other method, and a HEAD has no body', async (target) => {
    for (const method of ['HEAD', 'POST', 'PUT', 'OPTIONS', 'DELETE']) {
      const response = await fetch(target.url('connections').replace(/^ws/, 'http'), { method });
      assert.equal(response.status, 403, method);
      assert.equal(await response.text(), method === 'HEAD' ? '' : '{"message":"Forbidden"}');
    }
  }),
  rule('CN-4', 'O1: a plain GET of a stage is 403 Forbidden', async (target) => {
    const response = await fetch(target.url('connections').replace(/^ws/, 'http'));
    assert.deepEqual([response.status, await response.text()], [403, '{"message":"Forbidden"}']);
    assert.equal(response.headers.get('x-amzn-errortype'), 'ForbiddenException');
  }),
  rule(
    'CN-12',
    'H9: the sub-protocol of the integration is in the 101, whatever the case of its name',
    async (target) => {
      for (const name of ['Sec-WebSocket-Protocol', 'sec-websocket-protocol', 'SEC-WEBSOCKET-PROTOCOL']) {
        assert.equal(await protocolOf(target, ['chat.v1', 'chat.v2'], { [name]: 'chat.v2' }), 'chat.v2', name);
      }
    },
  ),
  rule('CN-12', 'one that was not offered is there, too', async (target) => {
    assert.equal(await protocolOf(target, ['chat.v1'], { 'Sec-WebSocket-Protocol': 'other' }), 'other');
    assert.equal(await protocolOf(target, [], { 'Sec-WebSocket-Protocol': 'other' }), 'other');
  }),
  rule('CN-12', 'H10: offered and not answered: the 101 has none', async (target) => {
    assert.equal(await protocolOf(target, ['chat.v1'], {}), undefined);
  }),
  rule('CN-12', 'H11: other headers and the body of the integration are not in the 101', async (target) => {
    const script = { result: { statusCode: 200, headers: { 'Set-Cookie': 'a=b', 'X-Foo': 'bar' }, body: 'unseen' } };
    const client = await target.connect('connections', { script });
    assert.equal(client.responseHeaders['set-cookie'], undefined);
    assert.equal(client.responseHeaders['x-foo'], undefined);
    await echoed(client);
    assert.deepEqual(client.messages.length, 1, 'the body of $connect was sent to the client');
  }),
  rule('CN-12', 'compression is not negotiated', async (target) => {
    const client = await target.connect('connections', { perMessageDeflate: true });
    assert.equal(client.socket.extensions, '');
  }),
  rule('CN-13', 'a sub-protocol that is no token is left out', async (target) => {
    assert.equal(await protocolOf(target, ['a'], { 'Sec-WebSocket-Protocol': 'two words' }), undefined);
  }),
  rule('CN-14', 'O16: connection, request and message ids', async (target) => {
    const { client, connectionId } = await target.connectKnown('connections');
    assert.match(connectionId, /^(?:[\w-]{15}=|[\w-]{18}==)$/);
    const { requestContext } = await echoed(client);
    assert.equal(requestContext.connectionId, connectionId);
    assert.match(requestContext.requestId, /^[\w-]{15}=$/);
    assert.match(requestContext.messageId, /^[\w-]{15}=$/);
    assert.equal(requestContext.extendedRequestId, requestContext.requestId);
  }),
  rule('CN-16', 'domainName is the Host of the client, with a port that is not the usual one', async (target) => {
    const named = await connectAt(target, { host: 'connections.Example.test:8443', path: '/dev' });
    assert.equal((await echoed(named)).requestContext.domainName, 'connections.example.test:8443');
    const usual = await connectAt(target, { host: 'connections.example.test', path: '/dev' });
    assert.equal((await echoed(usual)).requestContext.domainName, 'connections.example.test');
  }),
  fromOrigin('https://app.example.com', true),
  fromOrigin('https://a.b.example.org', true),
  fromOrigin(undefined, true),
  fromOrigin('https://example.org', false),
  fromOrigin('http://app.example.com', false),
  fromOrigin('https://app.example.com:8443', false),
  fromOrigin('null', false),
  rule('CN-73', 'forwarding headers of a client are not believed', async (target) => {
    const marker = newMarker();
    const headers = { 'X-Forwarded-For': '203.0.113.9', 'X-Forwarded-Proto': 'gopher', 'X-Forwarded-Port': '1' };
    await target.connect('connections', { query: { marker }, headers });
    await connectOf(target, marker);
    const call = target.backEnd.calls.find(({ event }) => event?.queryStringParameters?.marker === marker);
    const { sourceIp } = call?.event.requestContext.identity ?? {};
    assert.notEqual(sourceIp, '203.0.113.9');
    assert.equal(call?.event.headers['X-Forwarded-For'].split(',').at(-1).trim(), sourceIp);
    assert.match(call?.event.headers['X-Forwarded-Proto'], /^https?$/);
    assert.notEqual(call?.event.headers['X-Forwarded-Port'], '1');
  }),
];
