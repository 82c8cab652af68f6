import assert from 'node:assert/strict';
import { called, callWith, countOf, errorText, headerValues, reply } from '../exchange.js';
import { type Rule, rule } from '../rule.js';
import { newMarker } from '../target.js';

const failed = 'Internal server error';

/** A route whose integration has this method gives the back end this one, with the message as its body. */
function sendsMethod(action: string, method: string): Rule {
  return rule(
    'IN-11',
    `${action.toUpperCase()} goes out as ${method}, with the message as its body`,
    async (target) => {
      const { call } = await called(target, 'http', { action });
      assert.equal(call.method, method);
      assert.equal(call.event.action, action);
    },
  );
}

/** A value that must not become part of an address ends in an error, and nothing is called. */
function refusesValue(id: string, title: string, message: object): Rule {
  return rule(id, title, async (target) => {
    const marker = newMarker();
    assert.equal(errorText(await reply(target, 'http', { ...message, marker })), failed);
    assert.equal(await countOf(target, marker), 0);
  });
}

export const messagesToHttp: Rule[] = [
  rule('IN-1', 'HTTP_PROXY passes message and answer through, byte for byte', async (target) => {
    const marker = newMarker();
    const text = `{ "action" :"proxy",\n\t"x": "ü\\u0041 😀", "n":1.50, "${marker}":null }`;
    assert.equal(await reply(target, 'http', text), text);
    assert.equal((await callWith(target, marker)).body, text);
  }),
  rule('IN-2', 'HTTP sends what the template makes and answers through its integration response', async (target) => {
    const script = { result: { said: 'hello' } };
    const { call, frame } = await called(target, 'http', { action: 'template', script, other: 1 });
    assert.deepEqual(Object.keys(call.event), ['marker', 'script', 'made']);
    assert.equal(frame, 'answered hello');
  }),
  rule('IN-8', '{name} is filled percent-encoded, {name+} keeps its slashes', async (target) => {
    const message = { action: 'placeholders', folder: 'a b/ü', rest: 'c/d e?', word: '1&2=3' };
    const { call } = await called(target, 'http', message);
    assert.equal(call.url, '/http/a%20b%2F%C3%BC/x/c/d%20e%3F?q=1%262%3D3');
  }),
  refusesValue('IN-8', 'a placeholder without a value', { action: 'placeholders', rest: 'x', word: 'y' }),
  refusesValue('IN-8', 'a placeholder with an empty value', {
    action: 'placeholders',
    folder: '',
    rest: 'x',
    word: 'y',
  }),
  refusesValue('IN-8', 'a value that leads out of its path', {
    action: 'placeholders',
    folder: '..',
    rest: 'x',
    word: 'y',
  }),
  ...['127.0.0.1:PORT/x?', '127.0.0.1:PORT#', 'user@127.0.0.1'].map((written) =>
    rule('IN-8', `a value that is more than a host: ${written}`, async (target) => {
      const marker = newMarker();
      const { port } = target.backEnd;
      const message = { action: 'host', host: written.replace('PORT', String(port)), port, marker };
      assert.equal(errorText(await reply(target, 'http', message)), failed);
      assert.equal(await countOf(target, marker), 0);
    }),
  ),
  rule('IN-8', 'host and port can be placeholders', async (target) => {
    const { port } = target.backEnd;
    const { call } = await called(target, 'http', { action: 'host', host: '127.0.0.1', port });
    assert.equal(call.name, '/http/host');
    assert.equal(call.headers.host, `127.0.0.1:${port}`);
  }),
  // The back end can be reached by each of these where nobody looks: the gateway's own machine, which egress.allow does not name.
  ...['0.0.0.0', '[::ffff:0:0]', '0', '0x0'].map((host) =>
    rule('IN-36', `a computed host that is ${host} is refused`, async (target) => {
      const marker = newMarker();
      const message = { action: 'host', host, port: target.backEnd.port, marker };
      assert.equal(errorText(await reply(target, 'http', message)), failed);
      assert.equal(await countOf(target, marker), 0);
    }),
  ),
  rule('IN-9', 'stage variables are the host, a segment and a value of the query', async (target) => {
    const { call } = await called(target, 'http', { action: 'variables' });
    assert.equal(call.url, '/http/some-folder/x?q=a=b');
  }),
  rule('IN-9', 'a stage variable is part of the host', async (target) => {
    const { call } = await called(target, 'http', { action: 'part-of-host' });
    assert.equal(call.name, '/http/part-of-host');
  }),
  sendsMethod('put', 'PUT'),
  sendsMethod('get', 'GET'),
  sendsMethod('delete', 'DELETE'),
  sendsMethod('any', 'POST'),
  rule('IN-12', 'the body of a message route is the message', async (target) => {
    const { call } = await called(target, 'http', { action: 'proxy', text: 'x' });
    assert.equal(call.event.text, 'x');
    assert.equal(call.headers['content-length'], String(Buffer.byteLength(call.body)));
  }),
  rule('IN-14', 'the gateway says who calls, for which API and with what', async (target) => {
    const { call } = await called(target, 'http', { action: 'proxy' });
    assert.equal(call.headers['user-agent'], 'AmazonAPIGateway_http');
    assert.equal(call.headers['x-amzn-apigateway-api-id'], 'http');
    assert.equal(call.headers['content-type'], 'application/json');
    assert.equal(call.headers.host, `127.0.0.1:${target.backEnd.port}`);
    assert.match(String(call.headers['x-amzn-trace-id']), /^Root=1-[0-9a-f]{8}-[0-9a-f]{24}/);
  }),
  rule(
    'IN-16',
    'a mapped header replaces the own one; those that frame the request cannot be mapped',
    async (target) => {
      const { call } = await called(target, 'http', { action: 'mapped', text: 'a&b ü' });
      assert.equal(call.headers['user-agent'], 'mine');
      assert.equal(call.headers['content-type'], 'text/plain');
      assert.equal(call.headers.host, `127.0.0.1:${target.backEnd.port}`);
      assert.equal(call.event.text, 'a&b ü');
      assert.deepEqual(headerValues(call, 'x-sluice-route-key'), ['mapped']);
      assert.equal(Buffer.from(String(call.headers['x-text']), 'latin1').toString(), 'a&b ü');
      assert.equal(call.url, '/http/mapped?own=1&text=a%26b%20%C3%BC');
    },
  ),
  rule('IN-16', 'a value with a line end never becomes a header', async (target) => {
    const marker = newMarker();
    const message = { action: 'mapped', text: 'a\r\nX-Forged: 1', marker };
    assert.equal(errorText(await reply(target, 'http', message)), failed);
    assert.equal(await countOf(target, marker), 0);
  }),
  ...[200, 404, 500].map((status) =>
    rule('IN-19', `an HTTP_PROXY back end that answers ${status}: its body is the reply`, async (target) => {
      const script = { status, result: { said: status } };
      assert.equal(await reply(target, 'http', { action: 'proxy', script }), JSON.stringify({ said: status }));
    }),
  ),
  rule('IN-20', 'a redirect is an answer, and not followed', async (target) => {
    const marker = newMarker();
    const location = `http://127.0.0.1:${target.backEnd.port}/http/elsewhere?${marker}`;
    const script = { status: 302, headers: { location }, raw: 'moved' };
    assert.equal(await reply(target, 'http', { action: 'proxy', script }), 'moved');
    const followed = await target.backEnd.settled(({ url }) => url.includes(marker));
    assert.deepEqual(followed, []);
  }),
  rule('IN-21', 'every call says whose it is', async (target) => {
    const { call, client } = await called(target, 'http', { action: 'rundgang ü%' });
    const { headers } = call;
    assert.match(String(headers['x-sluice-connection-id']), /^[\w-]+(%3D|=)*$/);
    assert.match(String(headers['x-sluice-request-id']), /^[\w-]{15}(%3D|=)$/);
    assert.match(String(headers['x-sluice-message-id']), /^[\w-]{15}(%3D|=)$/);
    assert.notEqual(headers['x-sluice-message-id'], headers['x-sluice-request-id']);
    assert.equal(decodeURIComponent(String(headers['x-sluice-route-key'])), 'rundgang ü%');
    assert.equal(headers['x-sluice-api-id'], 'http');
    assert.equal(headers['x-sluice-stage'], 'dev');
    assert.equal(headers['x-sluice-event-type'], 'MESSAGE');
    client.terminate();
  }),
  rule('IN-23', 'every call has a traceparent, which X-Amzn-Trace-Id goes with', async (target) => {
    const { call } = await called(target, 'http', { action: 'proxy' });
    const [, trace = ''] = /^00-([0-9a-f]{32})-[0-9a-f]{16}-0[01]$/.exec(String(call.headers['traceparent'])) ?? [];
    const [, time, rest] = /Root=1-([0-9a-f]{8})-([0-9a-f]{24})/.exec(String(call.headers['x-amzn-trace-id'])) ?? [];
    assert.equal(`${time}${rest}`, trace);
  }),
  rule('IN-5', 'a timeoutInMillis of 50 is waited for and no longer', async (target) => {
    const startedAtMs = Date.now();
    const frame = await reply(target, 'http', { action: 'least', script: { sleepMs: 3_000 } });
    assert.equal(errorText(frame), 'Endpoint request timed out');
    assert.ok(Date.now() - startedAtMs < 2_500);
  }),
  rule('IN-27', 'over timeoutInMillis, never before it, and the late answer reaches nobody', async (target) => {
    const client = await target.connect('http');
    const startedAtMs = Date.now();
    client.send({ action: 'quick', script: { sleepMs: 900, raw: 'late' } });
    assert.equal(errorText(await client.next()), 'Endpoint request timed out');
    const tookMs = Date.now() - startedAtMs;
    assert.ok(tookMs >= 395, `it came after ${tookMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 900));
    client.send({ action: 'quick', script: { raw: 'in time' } });
    assert.equal(await client.next(), 'in time');
  }),
  rule('IN-27', 'a handshake over timeoutInMillis is 504', async (target) => {
    const refusal = await target.refused('http-slow', { script: { sleepMs: 2_000 } });
    assert.equal(refusal.status, 504);
    assert.equal(JSON.parse(refusal.body).message, 'Endpoint request timed out');
  }),
  ...[{ status: 503 }, { sleepMs: 700 }].map((script) =>
    rule('IN-28', `no retries: ${JSON.stringify(script)} is called once`, async (target) => {
      const marker = newMarker();
      await reply(target, 'http', { action: 'quick', script, marker });
      assert.equal(await countOf(target, marker, 800), 1);
    }),
  ),
  rule('IN-29', 'an answer over 1 MiB is an error, and the connection stays', async (target) => {
    const client = await target.connect('http');
    client.send({ action: 'proxy', script: { result: 'x', padBytes: 1_100_000 } });
    assert.equal(errorText(await client.next()), failed);
    client.send({ action: 'proxy', script: { raw: 'still here' } });
    assert.equal(await client.next(), 'still here');
  }),
  rule('IN-30', 'a handshake whose back end is not there is refused', async (target) => {
    const refusal = await target.refused('http-nobody');
    assert.equal(refusal.status, 500);
    assert.equal(JSON.parse(refusal.body).message, failed);
  }),
  ...[
    'HTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok!',
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nshort',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\nshort',
  ].map((wire) =>
    rule('IN-31', `what is no whole HTTP answer is an error: ${JSON.stringify(wire)}`, async (target) => {
      const client = await target.connect('http');
      client.send({ action: 'proxy', script: { wire } });
      assert.equal(errorText(await client.next()), failed);
      client.send({ action: 'proxy', script: { raw: 'still here' } });
      assert.equal(await client.next(), 'still here');
    }),
  ),
  rule(
    'IN-37',
    'a binary frame goes out as its bytes, and an answer that is no text comes back as one',
    async (target) => {
      const client = await target.connect('binary-http');
      const bytes = Buffer.from([0x7f, 0x00, ...Buffer.from(newMarker()), 0x01]);
      const back = new Promise<[data: unknown, isBinary: boolean]>((resolve) =>
        client.socket.once('message', (data, isBinary) => resolve([data, isBinary])),
      );
      client.send(bytes);
      assert.deepEqual(await back, [bytes, true]);
      const call = await callWith(target, bytes.subarray(2, -1).toString());
      assert.equal(call.headers['content-type'], 'application/octet-stream');
      assert.equal(call.headers['content-length'], String(bytes.length));
    },
  ),
  rule('IN-32', 'VPC_LINK is called like INTERNET', async (target) => {
    const { call } = await called(target, 'http', { action: 'link' });
    assert.equal(call.name, '/http/link');
  }),
  rule('IN-33', 'one integration is the target of several routes', async (target) => {
    const first = await called(target, 'http', { action: 'proxy' });
    const second = await called(target, 'http', { action: 'same' });
    assert.equal(first.call.url, second.call.url);
    assert.equal(first.call.headers['x-sluice-route-key'], 'proxy');
    assert.equal(second.call.headers['x-sluice-route-key'], 'same');
  }),
];
