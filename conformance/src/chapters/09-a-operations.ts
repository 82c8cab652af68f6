import assert from 'node:assert/strict';
import {
  DeleteConnectionCommand,
  ForbiddenException,
  GetConnectionCommand,
  GoneException,
  PayloadTooLargeException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import { NotApplicable, type Rule, rule } from '../rule.js';
import { type Answer, newMarker, type Target } from '../target.js';
import { connectOf, disconnectsOf, endOf } from '../wire/connection-events.js';

const uuid = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/;
const isoTime = '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z';
const messageBytesMax = 131_072;

const post = (target: Target, connectionId: string, body: string | Uint8Array, stage = 'dev') =>
  target.management('connections', 'POST', `/@connections/${connectionId}`, { body, stage });

function isGone(answer: Answer): void {
  assert.equal(answer.status, 410, `it was answered ${answer.status} ${answer.body}`);
  assert.equal(answer.body, '');
  assert.equal(answer.headers.get('x-amzn-errortype'), 'GoneException');
  assert.equal(answer.headers.get('content-length'), '0');
}

/** An address of another shape than `/{stage}/@connections/{id}`. */
function forbidden(title: string, method: string, path: string, options: { api?: string; stage?: string } = {}): Rule {
  return rule('CB-6', title, async (target) => {
    const { api = 'connections', stage = 'dev' } = options;
    const answer = await target.management(api, method, path, { stage });
    assert.deepEqual([answer.status, answer.body], [403, '{"message":"Forbidden"}']);
    assert.equal(answer.headers.get('x-amzn-errortype'), 'ForbiddenException');
    assert.match(String(answer.headers.get('x-amzn-requestid')), uuid);
  });
}

export const operations: Rule[] = [
  rule('CB-1', 'C1: POST: 200, empty, and a text frame of the posted bytes', async (target) => {
    const { client, connectionId } = await target.connectKnown('connections');
    const frames: boolean[] = [];
    client.socket.on('message', (_data, isBinary) => frames.push(isBinary));
    const answer = await post(target, connectionId, 'grüße 👋 {"a": 1}');
    assert.deepEqual([answer.status, answer.body, answer.headers.get('content-length')], [200, '', '0']);
    assert.match(String(answer.headers.get('x-amzn-requestid')), uuid);
    assert.equal(await client.next(), 'grüße 👋 {"a": 1}');
    assert.deepEqual(frames, [false]);
  }),
  rule('CB-1', 'C1: so does the SDK', async (target) => {
    const { client, connectionId } = await target.connectKnown('connections');
    const sent = await target
      .sdk('connections')
      .send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: Buffer.from('from the SDK') }));
    assert.equal(sent.$metadata.httpStatusCode, 200);
    assert.equal(await client.next(), 'from the SDK');
  }),
  rule('CB-1', 'an empty body is an empty message, and the content type does not matter', async (target) => {
    const { client, connectionId } = await target.connectKnown('connections');
    for (const type of ['application/octet-stream', 'application/json', 'text/plain']) {
      const options = { body: '', headers: { 'content-type': type } };
      assert.equal(
        (await target.management('connections', 'POST', `/@connections/${connectionId}`, options)).status,
        200,
      );
      assert.equal(await client.next(), '');
    }
  }),
  rule('CB-2', 'C7: GET: the recorded layout', async (target) => {
    const { client, connectionId } = await target.connectKnown('connections', { headers: { 'User-Agent': 'wscat' } });
    client.send({ any: 1 });
    const answer = await target.management('connections', 'GET', `/@connections/${connectionId}`);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('content-type'), 'application/json');
    assert.match(String(answer.headers.get('x-amzn-requestid')), uuid);
    assert.match(String(answer.headers.get('x-amz-apigw-id')), /^[\w-]{15}=$/);
    const layout =
      `^\\{\n  "identity" : \\{\n    "sourceIp" : "[\\d.:a-f]+",\n    "userAgent" : "wscat"\n  \\},\n` +
      `  "connectedAt" : "${isoTime}",\n  "lastActiveAt" : "${isoTime}"\n\\}$`;
    assert.match(answer.body, new RegExp(layout));
  }),
  rule('CB-2', 'C7: the SDK reads it', async (target) => {
    const before = Date.now();
    const { connectionId } = await target.connectKnown('connections', { headers: { 'User-Agent': 'wscat' } });
    const found = await target.sdk('connections').send(new GetConnectionCommand({ ConnectionId: connectionId }));
    assert.equal(found.Identity?.UserAgent, 'wscat');
    assert.ok(Math.abs((found.ConnectedAt?.getTime() ?? 0) - before) < 10_000, `connectedAt ${found.ConnectedAt}`);
    assert.ok((found.LastActiveAt?.getTime() ?? 0) >= (found.ConnectedAt?.getTime() ?? 0));
  }),
  rule('CB-2', 'userAgent is left out where the client sent none', async (target) => {
    const { connectionId } = await target.connectKnown('connections');
    const { body } = await target.management('connections', 'GET', `/@connections/${connectionId}`);
    assert.deepEqual(Object.keys(JSON.parse(body).identity), ['sourceIp']);
  }),
  rule('CB-2', 'lastActiveAt moves with messages and posts, not with GET or refused posts', async (target) => {
    const { client, connectionId } = await target.connectKnown('connections');
    const lastActive = async () => {
      const { body } = await target.management('connections', 'GET', `/@connections/${connectionId}`);
      return Date.parse(JSON.parse(body).lastActiveAt);
    };
    const pause = () => new Promise((resolve) => setTimeout(resolve, 300));
    const first = await lastActive();
    await pause();
    assert.equal(await lastActive(), first, 'a GET moved it');
    assert.equal((await post(target, connectionId, 'x'.repeat(messageBytesMax + 1))).status, 413);
    assert.equal(await lastActive(), first, 'a refused post moved it');
    await post(target, connectionId, 'x');
    const afterPost = await lastActive();
    assert.ok(afterPost > first, 'a post did not move it');
    await pause();
    client.send({ script: { result: { statusCode: 200, body: 'reply' } } });
    await client.next();
    await client.next();
    assert.ok((await lastActive()) > afterPost, 'a message did not move it');
  }),
  rule('CB-3', 'D4: DELETE: 204; 1000 for client and event; then 410', async (target) => {
    const { client, connectionId } = await target.connectKnown('connections');
    const deleted = await target.management('connections', 'DELETE', `/@connections/${connectionId}`);
    assert.deepEqual([deleted.status, deleted.body], [204, '']);
    const normally = { code: 1000, reason: 'Connection Closed Normally' };
    assert.deepEqual(await client.closed, normally);
    assert.deepEqual(await endOf(target, connectionId), normally);
    assert.equal(await disconnectsOf(target, connectionId), 1, '$disconnect did not come once');
    for (const method of ['DELETE', 'GET', 'POST']) {
      isGone(await target.management('connections', method, `/@connections/${connectionId}`));
    }
  }),
  rule('CB-3', 'D4: so does the SDK', async (target) => {
    const { client, connectionId } = await target.connectKnown('connections');
    const command = new DeleteConnectionCommand({ ConnectionId: connectionId });
    assert.equal((await target.sdk('connections').send(command)).$metadata.httpStatusCode, 204);
    assert.equal((await client.closed).code, 1000);
    await assert.rejects(target.sdk('connections').send(command), GoneException);
  }),
  rule('CB-4', 'C2: invalid UTF-8 becomes U+FFFD in a text frame', async (target) => {
    const { client, connectionId } = await target.connectKnown('connections');
    const frames: boolean[] = [];
    client.socket.on('message', (_data, isBinary) => frames.push(isBinary));
    assert.equal((await post(target, connectionId, Buffer.from([0x61, 0xff, 0x62, 0xc3]))).status, 200);
    assert.equal(await client.next(), 'a\ufffdb\ufffd');
    assert.deepEqual(frames, [false]);
  }),
  forbidden('C10: an unknown stage: 403 ForbiddenException', 'GET', '/@connections/AAAAAAAAAAAAAAA=', {
    stage: 'nowhere',
  }),
  forbidden('an unknown API', 'GET', '/@connections/AAAAAAAAAAAAAAA=', { api: 'connections-nowhere' }),
  forbidden('a further segment', 'GET', '/@connections/AAAAAAAAAAAAAAA=/more'),
  forbidden('no id', 'GET', '/@connections'),
  forbidden('another marker', 'GET', '/connections/AAAAAAAAAAAAAAA='),
  forbidden('another method', 'PUT', '/@connections/AAAAAAAAAAAAAAA='),
  rule('CB-6', 'C10: the SDK raises ForbiddenException', async (target) => {
    const command = new GetConnectionCommand({ ConnectionId: 'AAAAAAAAAAAAAAA=' });
    await assert.rejects(target.sdk('connections', 'nowhere').send(command), ForbiddenException);
  }),
  rule('CB-7', 'C3: 131072 bytes arrive, 131073 are 413 and change nothing', async (target) => {
    const { client, connectionId } = await target.connectKnown('connections');
    assert.equal((await post(target, connectionId, 'x'.repeat(messageBytesMax))).status, 200);
    assert.equal((await client.next()).length, messageBytesMax);
    assert.equal((await post(target, connectionId, 'y'.repeat(messageBytesMax + 1))).status, 413);
    assert.equal((await post(target, connectionId, 'after')).status, 200);
    assert.equal(await client.next(), 'after');
  }),
  rule('CB-8', 'O4: the 413 has a type and a message, and the SDK raises PayloadTooLargeException', async (target) => {
    const { connectionId } = await target.connectKnown('connections');
    const body = 'y'.repeat(messageBytesMax + 1);
    const answer = await post(target, connectionId, body);
    if (answer.body === '') throw new NotApplicable('this gateway has the strict, empty 413');
    assert.equal(answer.headers.get('x-amzn-errortype'), 'PayloadTooLargeException');
    assert.equal(answer.body, '{"message":"Message too long"}');
    const command = new PostToConnectionCommand({ ConnectionId: connectionId, Data: Buffer.from(body) });
    await assert.rejects(target.sdk('connections').send(command), PayloadTooLargeException);
  }),
  rule('CB-22', 'C4: a closed connection: 410, empty, GoneException', async (target) => {
    const { client, connectionId } = await target.connectKnown('connections');
    await client.close();
    await endOf(target, connectionId);
    isGone(await post(target, connectionId, 'x'));
    const command = new PostToConnectionCommand({ ConnectionId: connectionId, Data: Buffer.from('x') });
    await assert.rejects(target.sdk('connections').send(command), GoneException);
  }),
  rule('CB-22', 'an id of either form that was never given out: 410', async (target) => {
    for (const id of ['L0SM9cOFvHcCIhw=', 'gbgHN0-zjQAYKEjhgA==']) isGone(await post(target, id, 'x'));
  }),
  rule('CB-26', 'C9: another stage of the API reaches the connection', async (target) => {
    const { client, connectionId } = await target.connectKnown('connections');
    assert.equal((await post(target, connectionId, 'by another stage', 'other')).status, 200);
    assert.equal(await client.next(), 'by another stage');
  }),
  rule('CB-27', 'a connection of another API: 410, and it lives on', async (target) => {
    const { client, connectionId } = await target.connectKnown('connections');
    for (const method of ['GET', 'POST', 'DELETE']) {
      isGone(await target.management('connections-open', method, `/@connections/${connectionId}`));
    }
    assert.equal((await post(target, connectionId, 'still here')).status, 200);
    assert.equal(await client.next(), 'still here');
  }),
  rule('CB-31', 'posts awaited one after another arrive in order', async (target) => {
    const { client, connectionId } = await target.connectKnown('connections');
    const sent = Array.from({ length: 40 }, (_, index) => `message ${index}`);
    for (const text of sent) assert.equal((await post(target, connectionId, text)).status, 200);
    for (const text of sent) assert.equal(await client.next(), text);
  }),
  rule('CB-32', 'H12: POST while $connect runs: 410; after the 101: 200', async (target) => {
    const marker = newMarker();
    const connecting = target.connect('connections', { query: { marker }, script: { sleepMs: 1_000 } });
    const { connectionId } = await connectOf(target, marker);
    isGone(await post(target, connectionId, 'too early'));
    const client = await connecting;
    assert.equal((await post(target, connectionId, 'in time')).status, 200);
    assert.equal(await client.next(), 'in time');
  }),
];
