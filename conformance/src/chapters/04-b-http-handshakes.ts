import assert from 'node:assert/strict';
import { connected, headerValues } from '../exchange.js';
import { type Rule, rule } from '../rule.js';

export const handshakesToHttp: Rule[] = [
  rule('IN-13', 'HTTP_PROXY: $connect and $disconnect have no body', async (target) => {
    const { call, client } = await connected(target, 'http-plain');
    assert.equal(call.body, '');
    const id = call.headers['x-sluice-connection-id'];
    await client.close(1000);
    const end = await target.backEnd.seen(
      '$disconnect',
      ({ headers }) => headers['x-sluice-connection-id'] === id && headers['x-sluice-event-type'] === 'DISCONNECT',
    );
    assert.equal(end.body, '');
  }),
  rule('IN-13', 'HTTP: $connect has what the template makes, $disconnect its overrides and no body', async (target) => {
    const { call, client } = await connected(target, 'http-templates', { script: {} });
    assert.deepEqual(Object.keys(call.event), ['marker', 'script']);
    assert.equal(call.headers['x-event'], 'CONNECT');
    const id = call.headers['x-sluice-connection-id'];
    await client.close(1000);
    const end = await target.backEnd.seen(
      '$disconnect',
      ({ headers }) => headers['x-sluice-connection-id'] === id && headers['x-event'] === 'DISCONNECT',
    );
    assert.equal(end.body, '');
  }),
  rule('IN-15', "$connect of HTTP_PROXY carries the client's query behind its own, and its headers", async (target) => {
    const headers = {
      'X-Client': 'c',
      Cookie: 'a=b',
      Origin: 'https://app.example.com',
    };
    const { call } = await connected(target, 'http-plain', {
      query: [
        ['a', '1'],
        ['a', 'x y&z'],
      ],
      headers,
    });
    assert.equal(call.url.replace(/marker=\w+/, 'm'), '/http/plain?own=1&a=1&a=x+y%26z&m');
    assert.equal(call.headers['x-client'], 'c');
    assert.equal(call.headers.cookie, 'a=b');
    assert.equal(call.headers.origin, 'https://app.example.com');
    assert.equal(call.headers['sec-websocket-version'], '13');
    assert.match(String(call.headers['sec-websocket-key']), /^[\w+/]{22}==$/);
    assert.equal(call.headers.upgrade, undefined);
    assert.equal(call.headers.host, `127.0.0.1:${target.backEnd.port}`);
    assert.equal(call.headers['x-sluice-event-type'], 'CONNECT');
  }),
  rule(
    'IN-15',
    "the sub-protocols that the client offers are among them, the gateway's own names are not",
    async (target) => {
      const forged = {
        'x-sluice-api-id': 'forged',
        'User-Agent': 'me',
        traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
      };
      const script = { headers: { 'Sec-WebSocket-Protocol': 'v2' } };
      const { call, client } = await connected(target, 'http-plain', {
        protocols: ['v1', 'v2'],
        headers: forged,
        script,
      });
      assert.equal(call.headers['sec-websocket-protocol'], 'v1,v2');
      assert.deepEqual(headerValues(call, 'x-sluice-api-id'), ['http-plain']);
      // The client's trace goes on, whether or not the gateway adds a span to it.
      assert.equal(headerValues(call, 'traceparent').length, 1);
      assert.ok(headerValues(call, 'traceparent')[0]?.startsWith(`00-${'a'.repeat(32)}-`));
      assert.equal(client.protocol, 'v2');
    },
  ),
  rule('IN-15', "HTTP carries neither the client's query nor its headers", async (target) => {
    const { call } = await connected(target, 'http-templates', {
      script: {},
      headers: { 'X-Client': 'c', Cookie: 'a=b' },
    });
    assert.equal(call.url, '/http/made');
    for (const name of ['x-client', 'cookie', 'sec-websocket-key', 'sec-websocket-version'])
      assert.equal(call.headers[name], undefined, name);
  }),
  rule('IN-17', "a mapping replaces the client's Sec-WebSocket-Version and adds the connection id", async (target) => {
    const { call } = await connected(target, 'http', {
      query: [
        ['who', 'the client'],
        ['else', '1'],
      ],
    });
    assert.deepEqual(headerValues(call, 'sec-websocket-version'), ['0']);
    assert.match(String(call.headers['connectionid']), /^[\w-]+=+$/);
    const { searchParams } = new URL(call.url, 'http://back-end');
    assert.deepEqual(searchParams.getAll('who'), ['the definition']);
    assert.equal(searchParams.get('else'), '1');
  }),
  ...[200, 204, 299].map((status) =>
    rule('IN-18', `a back end that answers ${status} lets in`, async (target) => {
      const { client } = await connected(target, 'http-plain', { script: { status } });
      assert.equal(client.socket.readyState, client.socket.OPEN);
    }),
  ),
  ...[301, 401, 418, 503].map((status) =>
    rule('IN-18', `a back end that answers ${status}: status, headers and body are the client's`, async (target) => {
      const script = { status, headers: { 'X-Why': 'because', 'Set-Cookie': 'a=b' }, raw: 'not you' };
      const refusal = await target.refused('http-plain', { script });
      assert.equal(refusal.status, status);
      assert.equal(refusal.headers['x-why'], 'because');
      assert.deepEqual(refusal.headers['set-cookie'], ['a=b']);
      assert.equal(refusal.body, 'not you');
    }),
  ),
  rule('IN-22', '$disconnect says how the connection ended', async (target) => {
    const { call, client } = await connected(target, 'http-plain');
    await client.close(4001, 'bye ü');
    const id = call.headers['x-sluice-connection-id'];
    const { headers } = await target.backEnd.seen(
      '$disconnect',
      (each) => each.headers['x-sluice-connection-id'] === id && each.headers['x-sluice-event-type'] === 'DISCONNECT',
    );
    assert.equal(headers['x-sluice-disconnect-code'], '4001');
    assert.equal(decodeURIComponent(String(headers['x-sluice-disconnect-reason'])), 'bye ü');
    assert.equal(headers['x-sluice-message-id'], headers['x-sluice-request-id']);
  }),
];
