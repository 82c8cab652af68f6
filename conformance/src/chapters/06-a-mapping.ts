import assert from 'node:assert/strict';
import { called, callWith, connected, countOf, errorText, headerValues, reply } from '../exchange.js';
import { type Rule, rule } from '../rule.js';
import { newMarker } from '../target.js';

const handshake = { query: { page: 'x' } };
const failed = 'Internal server error';
const refused = 'Unsupported Media Type';
/** What a route answers with that passes the message through. */
const passed = 'passed through';

/** A message on this route goes to the back end made by this template, passes through or is refused. */
function chooses(id: string, title: string, action: string, expected: string, template?: unknown): Rule {
  return rule(id, `${title}: ${expected}`, async (target) => {
    const text = JSON.stringify({ action, template, marker: newMarker() });
    const answer = await reply(target, 'template-choice', text);
    if (expected === refused) assert.equal(errorText(answer), refused);
    else assert.equal(answer, expected === passed ? text : expected);
  });
}

const choices: Rule[] = [
  chooses('IN-34', 'without an expression', 'json-first', 'by type'),
  chooses('IN-34', 'without an expression and without application/json', 'default-only', 'by default'),
  chooses('IN-34', 'by expression', 'chosen', 'the first', 'one'),
  chooses('RT-26', 'by expression, a number', 'chosen', 'by number', 1),
  chooses('RT-26', 'by an expression without variables', 'literal', 'the first'),
  chooses('IN-34', 'by expression, no such key', 'chosen', 'by default', 'two'),
  chooses('IN-34', 'by expression, no value', 'chosen', 'by default'),
  chooses('MT-3', 'templates, none matches, WHEN_NO_MATCH', 'no-match', passed),
  chooses('MT-3', 'templates, none matches, WHEN_NO_TEMPLATES', 'no-match-templates', refused),
  chooses('MT-3', 'templates, none matches, NEVER', 'no-match-never', refused),
  chooses('MT-3', 'an expression that matches none, WHEN_NO_MATCH', 'chosen-no-match', passed, 'two'),
  chooses('MT-3', 'an expression that matches none, WHEN_NO_TEMPLATES', 'chosen-no-match-templates', refused, 'two'),
  chooses('MT-3', 'the same where it matches', 'chosen-no-match-templates', 'the first', 'one'),
  chooses('MT-3', 'no templates, WHEN_NO_MATCH', 'none', passed),
  chooses('MT-3', 'no templates, WHEN_NO_TEMPLATES', 'none-templates', passed),
  chooses('MT-3', 'no templates, NEVER', 'none-never', refused),
  chooses('MT-3', 'a template that matches, NEVER', 'matched-never', 'by type'),
];

const parameters: Rule[] = [
  rule('MT-1', 'the handshake gives headers, query and placeholders', async (target) => {
    const query: [string, string][] = [
      ['page', 'a b'],
      ['token', 'first'],
      ['token', 'l&st'],
    ];
    const headers = { 'X-Client': ['one', 'two'], 'User-Agent': 'conformance' };
    const { call } = await connected(target, 'mapping', { query, headers });
    assert.equal(call.name, '/http/mapping/a%20b');
    assert.equal(call.headers['x-from-header'], 'two');
    assert.deepEqual(headerValues(call, 'x-all-headers'), ['one', 'two']);
    assert.equal(call.headers['x-from-query'], 'l&st');
    assert.equal(call.headers['x-all-of-query'], 'first,l&st');
    const { searchParams } = new URL(call.url, 'http://back-end');
    assert.deepEqual(searchParams.getAll('tokens'), ['first', 'l&st']);
    assert.deepEqual(searchParams.getAll('token'), ['l&st']);
    assert.equal(call.headers['x-event'], 'CONNECT');
    assert.equal(call.headers['x-agent'], 'conformance');
    for (const name of ['x-no-header', 'x-no-query', 'x-body']) assert.equal(call.headers[name], undefined, name);
  }),
  rule('MT-1', 'a message gives its body: text as it is, everything else as JSON text', async (target) => {
    const list = [{ name: 'a' }, { name: 'b' }];
    const message = { text: 'plain', boolean: true, nothing: null, object: { a: [1, 'x'] }, list, 'my key': 'quoted' };
    const marker = newMarker();
    const text = JSON.stringify({ action: 'message', marker, number: 0, ...message }).replace(
      '"number":0',
      '"number":1.50',
    );
    await reply(target, 'mapping', text, handshake);
    const call = await callWith(target, marker);
    const wanted = {
      'x-text': 'plain',
      'x-number': '1.50',
      'x-boolean': 'true',
      'x-null': 'null',
      'x-object': '{"a":[1,"x"]}',
      'x-item': 'b',
      'x-quoted': 'quoted',
      'x-names': '["a","b"]',
    };
    for (const [name, value] of Object.entries(wanted)) assert.equal(call.headers[name], value, name);
    assert.deepEqual(headerValues(call, 'x-each'), ['a', 'b']);
    const { searchParams } = new URL(call.url, 'http://back-end');
    assert.deepEqual(searchParams.getAll('name'), ['a', 'b']);
    assert.equal(searchParams.get('whole'), text);
  }),
  rule('MT-1', 'literals, $context and stage variables; what yields nothing is not sent', async (target) => {
    const { call } = await called(
      target,
      'mapping',
      { action: 'message' },
      { ...handshake, headers: { 'X-Client': 'c' } },
    );
    assert.equal(call.headers['x-literal'], 'a literal, as it is: $context.stage');
    assert.equal(call.headers['x-connection'], decodeURIComponent(String(call.headers['x-sluice-connection-id'])));
    assert.equal(call.headers['x-route'], 'message');
    assert.match(String(call.headers['x-ip']), /^[\da-f.:]+$/);
    assert.ok(Math.abs(Number(call.headers['x-time']) - Date.now()) < 60_000);
    assert.equal(call.headers['x-stage-variable'], 'a:b');
    const missing = ['x-missing', 'x-handshake', 'x-query', 'x-no-variable', 'x-no-stage-variable'];
    for (const name of missing) assert.equal(call.headers[name], undefined, name);
  }),
  rule('MT-1', 'a header value with a line end is an error, and the connection stays', async (target) => {
    const marker = newMarker();
    const client = await target.connect('mapping', handshake);
    client.send({ action: 'message', text: 'a\nb', marker });
    assert.equal(errorText(await client.next()), failed);
    assert.equal(await countOf(target, marker), 0);
    client.send({ action: 'message', text: 'a b' });
    assert.match(await client.next(), /"a b"/);
  }),
  rule('MT-2', 'a required parameter that is absent: 400 on the handshake, nothing is called', async (target) => {
    const marker = newMarker();
    const refusal = await target.refused('models', { query: { marker } });
    assert.equal(refusal.status, 400);
    assert.equal(await countOf(target, marker), 0);
  }),
  rule('MT-6', '$context.requestOverride replaces header, query and placeholder', async (target) => {
    const { call } = await called(target, 'mapping', { action: 'overriding', kind: 'set' }, handshake);
    assert.equal(call.name, '/http/over%20ridden');
    assert.deepEqual(headerValues(call, 'x-kind'), ['set']);
    assert.equal(call.headers['x-other'], 'mapped');
    assert.equal(call.headers['x-new'], 'new');
    assert.deepEqual(new URL(call.url, 'http://back-end').searchParams.getAll('q'), ['a&b']);
  }),
  rule('MT-6', 'an override that would make a header of its own is an error', async (target) => {
    const marker = newMarker();
    const message = { action: 'overriding', kind: 'a\r\nX-Forged: 1', marker };
    assert.equal(errorText(await reply(target, 'mapping', message, handshake)), failed);
    assert.equal(await countOf(target, marker), 0);
  }),
];

/** What a message is answered with where bytes and base64 are converted. */
function converts(title: string, action: string, message: object, answer: string): Rule {
  return rule('MT-7', title, async (target) => {
    const client = await target.connect('content', { script: { raw: '' } });
    client.send({ action, ...message });
    const frame = await client.next();
    if (answer === failed) assert.equal(errorText(frame), failed);
    else assert.equal(frame, answer);
  });
}

const base64 = (text: string) => Buffer.from(text).toString('base64');

const contentHandling: Rule[] = [
  rule('MT-7', 'integration CONVERT_TO_BINARY: the message is decoded before it is sent', async (target) => {
    const text = `decoded ü ${newMarker()}`;
    assert.equal(await reply(target, 'content-in', base64(text)), text);
  }),
  rule('MT-7', 'integration CONVERT_TO_BINARY: a message that is no base64 is an error', async (target) => {
    assert.equal(errorText(await reply(target, 'content-in', 'no base64!')), failed);
  }),
  rule('MT-7', 'AWS_PROXY with CONVERT_TO_BINARY keeps the text', async (target) => {
    const text = base64(newMarker());
    const client = await target.connect('content-function');
    client.send(text);
    const { event } = await target.backEnd.seen('the event', (call) => call.event?.body === text);
    assert.equal(event.isBase64Encoded, false);
  }),
  converts('CONVERT_TO_BINARY decodes what the template makes', 'template-in', { text: 'ü' }, '"ü"'),
  converts('integration CONVERT_TO_TEXT changes no text', 'text-in', { script: { raw: 'as it is' } }, 'as it is'),
  converts('response CONVERT_TO_TEXT encodes the answer', 'text-out', { script: { raw: 'ü!' } }, base64('ü!')),
  converts('and its template sees base64', 'text-out-template', { script: { raw: 'ü!' } }, `[${base64('ü!')}]`),
  converts('response CONVERT_TO_BINARY decodes it, as text', 'binary-out', { script: { raw: base64('ü!') } }, 'ü!'),
  converts('what is no UTF-8 is U+FFFD', 'binary-out', { script: { raw: '/w==' } }, '\ufffd'),
  converts('an answer that is no base64 is an error', 'binary-out', { script: { raw: 'no base64!' } }, failed),
  rule('MT-7', 'on the handshake it is 500', async (target) => {
    assert.equal((await target.refused('content', { script: { raw: 'no base64!' } })).status, 500);
  }),
  rule('MT-7', 'and a body that is base64 is decoded', async (target) => {
    const refusal = await target.refused('content', { script: { status: 403, raw: base64('not you') } });
    assert.equal(refusal.status, 403);
    assert.equal(refusal.body, 'not you');
  }),
];

export const mappings: Rule[] = [...parameters, ...choices, ...contentHandling];
