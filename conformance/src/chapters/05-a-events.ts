import assert from 'node:assert/strict';
import type { Event } from '../back-end/back-end.js';
import { connected, disconnectOf } from '../events.js';
import { type Rule, rule } from '../rule.js';
import { newMarker, type Target } from '../target.js';
import { echoed } from '../wire/connection-events.js';

const idForm = /^[\w+/-]{15}=$/;
const connectionIdForm = /^[\w+/-]+={1,2}$/;

/** Members of every `requestContext`, in their order; what a kind has besides comes where `before` and `amid` say. */
function contextMembers(before: string[] = [], amid: string[] = []): string[] {
  return [
    ...['routeKey', ...before, 'eventType', 'extendedRequestId', 'requestTime', 'messageDirection', ...amid],
    ...['stage', 'connectedAt', 'requestTimeEpoch', 'identity', 'requestId', 'domainName', 'connectionId', 'apiId'],
  ];
}

/** What holds for the context of every event. */
function assertContext(target: Target, context: Event, kind: string, routeKey: string, stage: string): void {
  assert.equal(context.eventType, kind);
  assert.equal(context.routeKey, routeKey);
  assert.equal(context.stage, stage);
  assert.equal(context.apiId, 'events');
  assert.equal(context.messageDirection, 'IN');
  assert.match(context.extendedRequestId, idForm);
  assert.equal(context.requestId, context.extendedRequestId);
  assert.match(context.connectionId, connectionIdForm);
  assert.equal(context.domainName, new URL(target.url('events')).host);
  assert.equal(typeof context.connectedAt, 'number');
  assert.equal(typeof context.requestTimeEpoch, 'number');
  assert.ok(context.requestTimeEpoch >= context.connectedAt - 5_000, 'requestTimeEpoch lies before connectedAt');
  assert.match(context.requestTime, /^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/);
  const [day, month, year, ...clock] = context.requestTime.split(/[/: ]/);
  const time = Date.parse(`${day} ${month} ${year} ${clock.slice(0, 3).join(':')} GMT`);
  assert.equal(Math.floor(context.requestTimeEpoch / 1000) * 1000, time, 'requestTime is another time than the epoch');
}

const headers = {
  'User-Agent': 'conformance/1.0',
  Origin: 'https://app.example.com',
  Cookie: 'a=1; b=2',
  'X-Custom-Header': 'custom',
  'X-Twice': ['one', 'two'],
};

const connectRules: Rule[] = [
  rule('LE-1', 'H16 CONNECT without query: these members, in this order, and no others', async (target) => {
    const { event, client } = await connected(target, 'events');
    assert.deepEqual(Object.keys(event), ['headers', 'multiValueHeaders', 'requestContext', 'isBase64Encoded']);
    assert.equal(event.isBase64Encoded, false);
    assert.deepEqual(Object.keys(event.requestContext), contextMembers());
    assertContext(target, event.requestContext, 'CONNECT', '$connect', 'dev');
    assert.deepEqual(Object.keys(event.requestContext.identity), ['sourceIp'], 'identity without a User-Agent');
    assert.equal(client.protocol, '');
  }),
  rule('LE-1', 'with query and stage variables: their maps, in their places', async (target) => {
    const { event } = await connected(target, 'events', { stage: 'vars', query: { token: 'abc' } });
    assert.deepEqual(Object.keys(event), [
      ...['headers', 'multiValueHeaders', 'queryStringParameters', 'multiValueQueryStringParameters'],
      ...['stageVariables', 'requestContext', 'isBase64Encoded'],
    ]);
    assert.deepEqual(event.queryStringParameters, { token: 'abc' });
    assert.deepEqual(event.multiValueQueryStringParameters, { token: ['abc'] });
    assert.deepEqual(event.stageVariables, { env: 'staged', table: 'messages' });
    assertContext(target, event.requestContext, 'CONNECT', '$connect', 'vars');
  }),
  rule('LE-1', 'H15 a repeated key: the last value, and all of them in the multi map', async (target) => {
    const query: [string, string][] = [
      ['k', 'one'],
      ['other', 'a b&c=d/ü'],
      ['k', 'two'],
      ['empty', ''],
    ];
    const { event } = await connected(target, 'events', { query });
    assert.deepEqual(event.queryStringParameters, { k: 'two', other: 'a b&c=d/ü', empty: '' });
    assert.deepEqual(event.multiValueQueryStringParameters, {
      k: ['one', 'two'],
      other: ['a b&c=d/ü'],
      empty: [''],
    });
  }),
  rule(
    'LE-1',
    "the client's headers with their spelling, the gateway's added, Connection and Upgrade left out",
    async (target) => {
      const { event } = await connected(target, 'events', {
        headers,
        protocols: ['v1', 'v2'],
        script: { result: { statusCode: 200, headers: { 'Sec-WebSocket-Protocol': 'v1' } } },
      });
      const single = event.headers;
      assert.equal(single.Host, new URL(target.url('events')).host);
      assert.equal(single['Sec-WebSocket-Version'], '13');
      assert.match(single['Sec-WebSocket-Key'], /^[\w+/]{22}==$/);
      assert.equal(single['Sec-WebSocket-Protocol']?.replaceAll(' ', ''), 'v1,v2');
      assert.equal(single['User-Agent'], headers['User-Agent']);
      assert.equal(single.Origin, headers.Origin);
      assert.equal(single.Cookie, headers.Cookie);
      assert.equal(single['X-Custom-Header'], 'custom');
      assert.match(single['X-Amzn-Trace-Id'], /^Root=1-[0-9a-f]{8}-[0-9a-f]{24}(?:;|$)/);
      assert.equal(single['X-Forwarded-For']?.split(',').at(-1)?.trim(), event.requestContext.identity.sourceIp);
      assert.match(single['X-Forwarded-Port'], /^\d+$/);
      assert.equal(
        single['X-Forwarded-Proto'],
        new URL(target.url('events')).protocol.replace('ws', 'http').slice(0, -1),
      );
      const names = Object.keys(single).map((name) => name.toLowerCase());
      for (const name of ['connection', 'upgrade', 'content-length'])
        assert.ok(!names.includes(name), `${name} is there`);
      assert.equal(new Set(names).size, names.length, 'a header is there in two spellings');
    },
  ),
  rule('LE-1', 'a repeated header: the last value, and all of them in the multi map', async (target) => {
    const { event } = await connected(target, 'events', { headers });
    assert.equal(event.headers['X-Twice'], 'two');
    assert.deepEqual(event.multiValueHeaders['X-Twice'], ['one', 'two']);
    assert.deepEqual(Object.keys(event.multiValueHeaders), Object.keys(event.headers));
    for (const [name, values] of Object.entries<string[]>(event.multiValueHeaders)) {
      assert.equal(values.at(-1), event.headers[name], name);
    }
  }),
  rule('LE-1', 'identity: userAgent, where there is one, before sourceIp', async (target) => {
    const { event } = await connected(target, 'events', { headers });
    const { identity } = event.requestContext;
    assert.deepEqual(Object.keys(identity), ['userAgent', 'sourceIp']);
    assert.equal(identity.userAgent, headers['User-Agent']);
    assert.match(identity.sourceIp, /^[0-9a-f.:]+$/);
  }),
];

/** The exact text of a message is its `body`. */
function carries(title: string, text: (marker: string) => string): Rule {
  return rule('LE-2', `body is the exact text: ${title}`, async (target) => {
    const body = text(newMarker());
    const client = await target.connect('events');
    client.send(body);
    const call = await target.backEnd.seen('the MESSAGE event', ({ event }) => event?.body === body);
    assert.equal(call.event.isBase64Encoded, false);
    assert.equal(call.event.requestContext.routeKey, '$default');
  });
}

const messageRules: Rule[] = [
  rule('LE-2', 'M1 MESSAGE: these members, in this order, and no others', async (target) => {
    const { client, event: connect } = await connected(target, 'events', { headers });
    const event = await echoed(client, { action: 'twoWay' });
    assert.deepEqual(Object.keys(event), ['requestContext', 'body', 'isBase64Encoded']);
    const context = event.requestContext;
    assert.deepEqual(Object.keys(context), contextMembers(['messageId']));
    assertContext(target, context, 'MESSAGE', 'twoWay', 'dev');
    assert.match(context.messageId, idForm);
    assert.notEqual(context.messageId, context.requestId);
    assert.equal(event.body, JSON.stringify({ action: 'twoWay', script: { echo: true } }));
    assert.equal(event.isBase64Encoded, false);
    for (const name of ['connectionId', 'connectedAt', 'domainName', 'identity']) {
      assert.deepEqual(context[name], connect.requestContext[name], `${name} differs from that of CONNECT`);
    }
  }),
  rule('LE-2', 'stage variables are there where the stage has some', async (target) => {
    const client = await target.connect('events', { stage: 'vars' });
    const event = await echoed(client, { action: 'twoWay' });
    assert.deepEqual(event.stageVariables, { env: 'staged', table: 'messages' });
  }),
  rule(
    'LE-2',
    'routeKey is the selected route, $default as the fallback; every message has its own ids',
    async (target) => {
      const client = await target.connect('events');
      const first = await echoed(client, { action: 'nowhere' });
      const second = await echoed(client, { action: 'nowhere' });
      assert.equal(first.requestContext.routeKey, '$default');
      assert.notEqual(first.requestContext.messageId, second.requestContext.messageId);
      assert.notEqual(first.requestContext.requestId, second.requestContext.requestId);
    },
  ),
  carries('blanks, line ends and escapes', (marker) => ` {\n\t"a" : "\\u00e9\\/\\"" , "m": "${marker}" }\r\n`),
  carries('not JSON, quotes and backslashes', (marker) => `"\\ '${marker}' \\u0041 \u0001\u007f`),
  carries('every plane of Unicode', (marker) => `${marker} é ß 漢 \u2028\u2029\ufeff 😀 \u0000`),
  carries('100,000 characters', (marker) => marker + 'äx"'.repeat(25_000)),
  rule('LE-2', 'CONVERT_TO_BINARY leaves the text of a function as it is', async (target) => {
    const client = await target.connect('events');
    const event = await echoed(client, { action: 'converted' });
    assert.equal(JSON.parse(event.body).action, 'converted');
    assert.equal(event.isBase64Encoded, false);
  }),
];

const disconnectRules: Rule[] = [
  rule('LE-3', 'DISCONNECT: these members, in this order, and no others', async (target) => {
    const { client, connectionId, event: connect } = await connected(target, 'events', { headers });
    await client.close(4001, 'bye "now"');
    const event = await disconnectOf(target, connectionId);
    assert.deepEqual(Object.keys(event), ['headers', 'multiValueHeaders', 'requestContext', 'isBase64Encoded']);
    const context = event.requestContext;
    assert.deepEqual(Object.keys(context), contextMembers(['disconnectStatusCode'], ['disconnectReason']));
    assertContext(target, context, 'DISCONNECT', '$disconnect', 'dev');
    assert.equal(context.disconnectStatusCode, 4001);
    assert.equal(context.disconnectReason, 'bye "now"');
    for (const name of ['connectedAt', 'domainName', 'identity']) {
      assert.deepEqual(context[name], connect.requestContext[name], `${name} differs from that of CONNECT`);
    }
  }),
  rule('LE-3', 'four headers, three of them empty', async (target) => {
    const { client, connectionId } = await connected(target, 'events', { headers });
    await client.close(1000);
    const event = await disconnectOf(target, connectionId);
    const host = new URL(target.url('events')).host;
    assert.deepEqual(Object.entries(event.headers), [
      ['Host', host],
      ['x-api-key', ''],
      ['X-Forwarded-For', ''],
      ['x-restapi', ''],
    ]);
    assert.deepEqual(Object.entries(event.multiValueHeaders), [
      ['Host', [host]],
      ['x-api-key', ['']],
      ['X-Forwarded-For', ['']],
      ['x-restapi', ['']],
    ]);
    assert.equal(event.requestContext.disconnectReason, '', 'a close without a reason');
  }),
  rule('LE-3', 'stage variables are there where the stage has some', async (target) => {
    const { client, connectionId } = await connected(target, 'events', { stage: 'vars' });
    await client.close();
    const event = await disconnectOf(target, connectionId);
    assert.deepEqual(event.stageVariables, { env: 'staged', table: 'messages' });
    assert.equal(event.requestContext.disconnectStatusCode, 1005);
  }),
];

export const eventRules: Rule[] = [...connectRules, ...messageRules, ...disconnectRules];
