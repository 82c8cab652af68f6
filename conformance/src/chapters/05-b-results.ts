import assert from 'node:assert/strict';
import type { Script } from '../back-end/script.js';
import { isOf, marked } from '../events.js';
import { type Rule, rule } from '../rule.js';
import { newMarker, type Target } from '../target.js';
import { echoed } from '../wire/connection-events.js';

const base64 = (text: string | Buffer) => Buffer.from(text).toString('base64');

/** The reply to a message on the two-way route, whatever its status. */
function replies(id: string, title: string, result: object, reply: string): Rule {
  return rule(id, title, async (target) => {
    const client = await target.connect('events');
    client.send({ action: 'twoWay', script: { result } });
    assert.equal(await client.next(), reply);
  });
}

/** The function answers, and the client hears of nothing. */
function silent(id: string, title: string, action: string, result: object): Rule {
  return rule(id, title, async (target) => {
    const client = await target.connect('events');
    client.send({ action, script: { result } });
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.deepEqual(client.messages, []);
    await echoed(client, { action: 'twoWay' });
  });
}

/** A `$connect` that ends in this status: the function's own answer goes out as it is. */
function passesOn(status: number): Rule {
  return rule('LE-5', `H3 $connect returns ${status}: the client gets status, headers and body`, async (target) => {
    const result = {
      statusCode: status,
      headers: { 'X-Single': 's', 'Content-Type': 'text/x-own' },
      multiValueHeaders: { 'X-Multi': ['one', 'two'] },
      body: `no ${status}`,
    };
    const refusal = await target.refused('events', { script: { result } });
    assert.equal(refusal.status, status);
    assert.equal(refusal.body, `no ${status}`);
    assert.equal(refusal.headers['x-single'], 's');
    assert.equal(refusal.headers['content-type'], 'text/x-own');
    assert.equal(refusal.headers['x-multi'], 'one, two');
  });
}

const connectResults: Rule[] = [
  ...[200, 201, 204, 299].map((statusCode) =>
    rule('LE-5', `H2 $connect returns ${statusCode}: 101`, async (target) => {
      await target.connect('events', { script: { result: { statusCode, body: 'not seen' } } });
    }),
  ),
  ...[301, 401, 403, 418, 501].map(passesOn),
  rule('LE-5', 'a refusal in base64 is decoded', async (target) => {
    const result = { statusCode: 400, body: base64('plain text'), isBase64Encoded: true };
    assert.equal((await target.refused('events', { script: { result } })).body, 'plain text');
  }),
  rule('LE-5', 'H9 a sub-protocol of the function is in the 101, in whatever case it is written', async (target) => {
    for (const name of ['Sec-WebSocket-Protocol', 'sec-websocket-protocol']) {
      const result = { statusCode: 200, headers: { [name]: 'v2' } };
      assert.equal((await target.connect('events', { protocols: ['v1', 'v2'], script: { result } })).protocol, 'v2');
    }
    const result = { statusCode: 200, multiValueHeaders: { 'SEC-WEBSOCKET-PROTOCOL': ['v1'] } };
    assert.equal((await target.connect('events', { protocols: ['v1'], script: { result } })).protocol, 'v1');
  }),
  rule('LE-5', 'H10 the function is silent: no sub-protocol in the 101', async (target) => {
    const { headers } = await rawUpgrade(target, { result: { statusCode: 200 } });
    assert.equal(headers.get('sec-websocket-protocol'), null);
  }),
  rule('LE-5', 'H11 other headers of the function are not in the 101', async (target) => {
    const headers = { 'Set-Cookie': 'a=b', 'X-Foo': 'bar' };
    const client = await target.connect('events', { script: { result: { statusCode: 200, headers } } });
    assert.equal(client.responseHeaders['set-cookie'], undefined);
    assert.equal(client.responseHeaders['x-foo'], undefined);
  }),
];

/** A 101 that offered `v1`, looked at as it is: clients of `ws` refuse one that leaves their offer open. */
async function rawUpgrade(target: Target, script: Script): Promise<{ headers: Headers }> {
  const client = target.connect('events', { protocols: ['v1'], script });
  const end = await client.then(
    ({ responseHeaders }) => responseHeaders,
    (error: Error) => error,
  );
  if (!(end instanceof Error)) return { headers: new Headers(end as Record<string, string>) };
  assert.match(end.message, /no subprotocol/, 'the handshake failed for another reason than the open offer');
  return { headers: new Headers() };
}

const messageResults: Rule[] = [
  replies('LE-5', 'M8 the body is the reply', { statusCode: 200, body: 'hello' }, 'hello'),
  replies('LE-5', 'M8 also with statusCode 500', { statusCode: 500, body: 'failed' }, 'failed'),
  replies(
    'LE-5',
    'headers of a reply are ignored, whatever they hold',
    { statusCode: 200, headers: { a: {} }, multiValueHeaders: 7, body: 'ok' },
    'ok',
  ),
  replies(
    'LE-5',
    'a reply in base64 is decoded',
    { statusCode: 200, body: base64('ü😀'), isBase64Encoded: true },
    'ü😀',
  ),
  replies(
    'LE-5',
    'and sent as text: invalid UTF-8 becomes U+FFFD',
    { statusCode: 200, body: base64(Buffer.from([0x61, 0xff, 0x62])), isBase64Encoded: true },
    'a\ufffdb',
  ),
  silent('LE-5', 'M9 a body without a route response goes nowhere', 'oneWay', { statusCode: 200, body: 'lost' }),
  silent('LE-5', 'a reply without body: no frame', 'twoWay', { statusCode: 200 }),
  silent('LE-5', 'body null: no frame', 'twoWay', { statusCode: 200, body: null }),
  silent('LE-5', 'an empty body: no frame', 'twoWay', { statusCode: 200, body: '' }),
];

const failed = /^\{"message": "([^"]*)", "connectionId":"([\w+/-]+=+)", "requestId":"([\w+/-]+=)"\}$/;

/** A `$connect` that fails: status, JSON with both ids, and the request id as header. */
function failsHandshake(title: string, script: Script, status: number, message = 'Internal server error'): Rule {
  return rule('LE-6', `$connect, ${title}: ${status}`, async (target) => {
    const { options, marker } = marked({ script });
    const refusal = await target.refused('events', options);
    assert.equal(refusal.status, status);
    const [, text, connectionId, requestId] = failed.exec(refusal.body) ?? [];
    assert.equal(text, message, refusal.body);
    assert.equal(refusal.headers['x-amz-apigw-id'], requestId);
    const { event } = await target.backEnd.seen('the CONNECT event', isOf(marker, 'integration'));
    assert.equal(event.requestContext.connectionId, connectionId);
    assert.equal(event.requestContext.requestId, requestId);
    const ended = await target.backEnd.settled(
      (call) =>
        call.event?.requestContext?.eventType === 'DISCONNECT' &&
        call.event.requestContext.connectionId === connectionId,
    );
    assert.deepEqual(ended, [], 'a connection that never was has a DISCONNECT');
  });
}

/** A result that is none: the frame, and the connection goes on. */
function failsMessage(title: string, script: Script, action = 'twoWay'): Rule {
  return rule('LE-6', `message, ${title}: the frame Internal server error`, async (target) => {
    const client = await target.connect('events');
    client.send({ action, script });
    assert.equal(failed.exec(await client.next())?.[1], 'Internal server error');
    await echoed(client, { action: 'twoWay' });
  });
}

const malformed: [title: string, script: Script][] = [
  ['a text', { result: 'text' }],
  ['null', { raw: 'null' }],
  ['a list', { result: [200] }],
  ['no JSON', { raw: 'not json' }],
  ['nothing', { raw: '' }],
  ['no statusCode', { result: { body: 'x' } }],
  ['a statusCode that is no number', { result: { statusCode: 'OK' } }],
  ['a fraction as statusCode', { result: { statusCode: 200.5 } }],
  ['statusCode 99', { result: { statusCode: 99 } }],
  ['statusCode 600', { result: { statusCode: 600 } }],
  ['a body that is no text', { result: { statusCode: 200, body: { a: 1 } } }],
  ['a body that is not base64', { result: { statusCode: 200, body: '%%%', isBase64Encoded: true } }],
];

const failures: Rule[] = [
  failsHandshake('H4 the function throws', { fails: { errorMessage: 'boom' } }, 502),
  failsHandshake('H5 it is slower than the timeout', { sleepMs: 2_000 }, 504, 'Endpoint request timed out'),
  failsHandshake('H6 it may not be invoked', { status: 403 }, 500),
  failsHandshake('it does not exist', { status: 404 }, 500),
  failsHandshake('its service throttles', { status: 429 }, 500),
  ...malformed.map(([title, script]) => failsHandshake(`its result is ${title}`, script, 502)),
  failsMessage('M7 the function throws on a one-way route', { fails: { errorMessage: 'boom' } }, 'oneWay'),
  failsMessage('M10 a text instead of an object on a one-way route', { result: 'text' }, 'oneWay'),
  ...malformed.map(([title, script]) => failsMessage(`its result is ${title}`, script)),
];

const invocation: Rule[] = [
  rule(
    'LE-7',
    'one-way routes are invoked synchronously too, at the Invoke API, by the name of the function',
    async (target) => {
      const marker = newMarker();
      const client = await target.connect('events');
      client.send({ action: 'oneWay', marker });
      const call = await target.backEnd.seen('the call', ({ body }) => body.includes(marker));
      assert.equal(call.method, 'POST');
      assert.equal(call.name, 'events');
      assert.match(call.url, /^\/2015-03-31\/functions\/[^/]*events\/invocations$/);
      assert.ok(['RequestResponse', undefined].includes(call.headers['x-amz-invocation-type'] as string | undefined));
    },
  ),
];

export const resultRules: Rule[] = [...connectResults, ...messageResults, ...failures, ...invocation];
