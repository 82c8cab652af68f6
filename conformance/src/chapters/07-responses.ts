import assert from 'node:assert/strict';
import type { Script } from '../back-end/script.js';
import { errorText, reply } from '../exchange.js';
import { type Chapter, type Rule, rule } from '../rule.js';
import { newMarker, type Target } from '../target.js';

const failed = 'Internal server error';
const connects = { script: { raw: '{}' } };

/** A message whose back end does as the script says is answered so. */
function answers(id: string, title: string, action: string, script: Script, expected: string, more = {}): Rule {
  return rule(id, title, async (target) => {
    const frame = await reply(target, 'responses', { action, script, ...more }, connects);
    assert.equal(expected === failed ? errorText(frame) : frame, expected);
  });
}

/** Sends a message that nothing may answer: the answer to the next one is the first that comes. */
async function silent(target: Target, message: object): Promise<void> {
  const marker = newMarker();
  const client = await target.connect('responses', connects);
  client.send({ ...message, marker });
  await target.backEnd.seen('the message', ({ body }) => body.includes(marker));
  await new Promise((resolve) => setTimeout(resolve, 300));
  client.send({ action: 'proxy', script: { raw: 'next' } });
  assert.equal(await client.next(), 'next');
}

const result = (body: unknown, more: object = {}): Script => ({ result: { statusCode: 200, body, ...more } });
const fails: Script = { fails: { errorMessage: 'boom' } };

const switches: Rule[] = [
  answers('RS-1', 'M8: a route response answers', 'function', result('hello'), 'hello'),
  answers('RS-1', 'M8: also with statusCode 500', 'function', result('hello', { statusCode: 500 }), 'hello'),
  rule('RS-1', 'M9: no route response, nothing', (target) =>
    silent(target, { action: 'function-one-way', script: result('unseen') }),
  ),
  rule('RS-1', 'routeResponseSelectionExpression alone switches nothing on (O8)', (target) =>
    silent(target, { action: 'expression-only', script: result('unseen') }),
  ),
  answers('LE-6', 'M7: a function that throws, one-way', 'function-one-way', fails, failed),
  answers('LE-6', 'M10: a result that is a text', 'function', { result: 'text' }, failed),
  answers('RT-36', 'the modelSelectionExpression of a route response has no effect', 'function', result('x'), 'x'),
  ...[{ statusCode: 200 }, { statusCode: 200, body: '' }, { statusCode: 200, body: null }].map((each) =>
    rule('LE-5', `no frame for a result without a body: ${JSON.stringify(each)}`, (target) =>
      silent(target, { action: 'function', script: { result: each } }),
    ),
  ),
  answers(
    'RS-4',
    'HTTP_PROXY: the body is the reply, whatever status and responses',
    'proxy',
    { status: 500, raw: 'as it is' },
    'as it is',
  ),
  rule('RS-3', '$connect has no reply on the socket', async (target) => {
    const client = await target.connect('responses', { script: { status: 200, raw: 'unseen' } });
    client.send({ action: 'proxy', script: { raw: 'first' } });
    assert.equal(await client.next(), 'first');
  }),
  rule('RS-13', 'a route response and POST @connections both answer a message', async (target) => {
    const { client, connectionId } = await target.connectKnown('routing');
    client.send({ action: 'join', script: { sleepMs: 300, ...result('the reply') } });
    const path = `/@connections/${encodeURIComponent(connectionId)}`;
    const { status } = await target.management('routing', 'POST', path, { body: 'the post' });
    assert.equal(status, 200);
    assert.deepEqual([await client.next(), await client.next()].sort(), ['the post', 'the reply']);
  }),
];

const selection: Rule[] = [
  answers(
    'RS-7',
    'a literal key is compared exactly, a part of the value is no match',
    'chosen',
    { status: 404 },
    'literal',
  ),
  answers('RS-7', 'a /regex/ key matches the whole value', 'chosen', { status: 402 }, 'four hundreds'),
  answers('RT-28', 'of several matches the first in creation order', 'chosen', { status: 403 }, 'four hundreds'),
  answers(
    'RT-28',
    'explicit keys come before $default wherever they stand',
    'chosen',
    { status: 502 },
    'behind the default',
  ),
  answers(
    'RS-5',
    'HTTP: the status selects, anything else takes $default',
    'chosen',
    { status: 201 },
    'default of 201',
  ),
  answers('RS-8', 'nothing matches and no $default', 'no-default', { status: 500 }, failed),
  answers('RS-8', 'where something matches it answers', 'no-default', { status: 200 }, 'two hundred'),
  answers('RS-8', 'on one-way routes too', 'no-default-one-way', { status: 500 }, failed),
  answers('RS-11', 'no integration responses at all', 'no-responses', {}, failed),
  answers('RS-11', 'on one-way routes too', 'no-responses-one-way', {}, failed),
];

const rendering: Rule[] = [
  answers(
    'RS-6',
    "the back end's body is $input.body of the response template",
    'by-status',
    { raw: 'said' },
    'else: said',
  ),
  answers('RS-6', 'a response template that fails is the error frame', 'failing', {}, failed),
  rule('RS-6', 'where nobody reads it, it is not rendered', (target) => silent(target, { action: 'failing-one-way' })),
  answers('RT-27', '$integration.response.statuscode', 'by-status', { status: 201 }, 'created'),
  answers('RT-27', '$integration.response.header', 'by-header', { headers: { 'x-kind': 'b' } }, 'kind b'),
  answers('RT-27', 'a header that is not there', 'by-header', {}, 'no kind'),
  answers(
    'RT-27',
    '$integration.response.multivalueheader',
    'by-headers',
    { headers: { 'x-kind': ['a', 'b'] } },
    'kinds a and b',
  ),
  answers('RT-27', '$request.body', 'by-body', {}, 'short', { wants: 'short' }),
  answers('RT-27', 'an expression without variables', 'by-literal', {}, 'the fixed one'),
  answers('RS-9', 'an expression whose key is not there takes $default', 'by-body', {}, 'long', { wants: 'medium' }),
  answers('RS-9', 'then application/json', 'expression-json', {}, 'by type', { wants: 'medium' }),
  answers('RS-9', 'else the body passes through', 'expression-none', { raw: 'as it is' }, 'as it is'),
  answers('RS-9', 'without an expression application/json comes first', 'json-first', {}, 'by type'),
  answers('RS-9', 'without a template for it the body passes through', 'other-key', { raw: 'as it is' }, 'as it is'),
  answers('RS-10', 'headers of a message integration reach nobody', 'headers', { raw: 'body alone' }, 'body alone'),
];

const handshakes: Rule[] = [
  rule('RS-10', '$connect: mapped headers, and none else of the back end', async (target) => {
    const headers = { 'X-Kind': 'k', 'X-Many': ['1', '2'], 'X-Unmapped': 'u' };
    const script: Script = { status: 404, headers, result: { why: 'nobody' } };
    const refusal = await target.refused('responses', { script });
    assert.equal(refusal.status, 404);
    assert.equal(refusal.body, 'not here: nobody');
    const wanted = {
      'x-kind': 'k',
      'x-many': '1, 2',
      'x-body': 'nobody',
      'x-stage': 'dev',
      'x-word': 'w',
      'x-literal': 'literal',
      'x-replaced': 'by the template',
    };
    for (const [name, value] of Object.entries(wanted)) assert.equal(refusal.headers[name], value, name);
    assert.equal(refusal.headers['x-unmapped'], undefined);
    assert.equal(refusal.headers['x-gone'], undefined);
  }),
  rule('RS-10', '$connect: the sub-protocol can be mapped from a header', async (target) => {
    const script: Script = { headers: { 'X-Protocol': 'v2' }, raw: '' };
    const client = await target.connect('responses', { script, protocols: ['v1', 'v2'] });
    assert.equal(client.protocol, 'v2');
  }),
  rule('RS-12', "$connect: under $default the status is the back end's", async (target) => {
    const refusal = await target.refused('responses', { script: { status: 409, raw: 'taken' } });
    assert.equal(refusal.status, 409);
    assert.equal(refusal.body, 'taken');
  }),
];

export const responses: Chapter = {
  number: '07',
  name: 'two-way communication',
  rules: [...switches, ...selection, ...rendering, ...handshakes],
};
