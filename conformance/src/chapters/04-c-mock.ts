import assert from 'node:assert/strict';
import { errorText, reply } from '../exchange.js';
import { type Rule, rule } from '../rule.js';

const protocols = ['chosen', 'other'];

/** A message to a MOCK is answered so. */
function mockAnswers(id: string, title: string, message: object, answer: string): Rule {
  return rule(id, title, async (target) => assert.equal(await reply(target, 'mock', message, connects), answer));
}

function mockFails(title: string, message: object, text = 'Internal server error'): Rule {
  return rule('IN-24', title, async (target) => {
    const client = await target.connect('mock', connects);
    client.send(message);
    assert.equal(errorText(await client.next()), text);
    client.send({ action: 'fixed' });
    assert.equal(await client.next(), 'two hundred and one');
  });
}

const connects = { query: { code: '200' }, protocols };
const computed = (code: unknown) => ({ action: 'computed', code });

export const mocks: Rule[] = [
  mockAnswers('IN-3', 'MOCK answers by itself', { action: 'fixed' }, 'two hundred and one'),
  mockAnswers('IN-24', 'the statusCode of the template selects the response', computed(200), 'two hundred'),
  mockAnswers('IN-24', 'for each message anew', computed(201), 'two hundred and one'),
  mockAnswers('IN-24', 'another status takes $default', computed(599), 'any other'),
  mockAnswers('IN-24', 'the reply is made by the response template, whose body is empty', { action: 'bodyless' }, '[]'),
  mockFails('a statusCode that is not there', { action: 'computed' }),
  mockFails('a template that yields no JSON', { action: 'no-json' }),
  mockFails('a statusCode that is text', computed('200')),
  mockFails('a statusCode that is no integer', computed(200.5)),
  mockFails('a statusCode of 600', computed(600)),
  mockFails('passthroughBehavior NEVER refuses', { action: 'never' }, 'Unsupported Media Type'),
  mockAnswers(
    'IN-25',
    'without a template the default response answers',
    { action: 'without-template' },
    'the default',
  ),
  rule('IN-26', '$connect: statusCode and a matching response are 101', async (target) => {
    const client = await target.connect('mock', connects);
    assert.equal(client.protocol, 'chosen');
  }),
  rule('IN-26', '$connect without a request template is 500', async (target) => {
    assert.equal((await target.refused('mock-without-template')).status, 500);
  }),
  rule('IN-26', '$connect without an integration response is 500', async (target) => {
    assert.equal((await target.refused('mock-without-response')).status, 500);
  }),
  rule('IN-26', 'so it is where no response matches and there is no $default', async (target) => {
    assert.equal((await target.refused('mock', { query: { code: '302' } })).status, 500);
  }),
  rule('RS-12', '$connect of a MOCK: the status is the one of the template', async (target) => {
    const refusal = await target.refused('mock', { query: { code: '403' } });
    assert.equal(refusal.status, 403);
    assert.equal(refusal.body, 'refused with 403');
  }),
  rule('RS-12', '$connect: $context.responseOverride.status replaces it', async (target) => {
    const refusal = await target.refused('mock', { query: { code: '200', override: '418' }, protocols });
    assert.equal(refusal.status, 418);
    assert.equal(refusal.body, '[]');
  }),
  rule('RS-12', '$connect: an override below 200 ends no handshake, and is an error', async (target) => {
    assert.equal((await target.refused('mock', { query: { code: '200', override: '101' }, protocols })).status, 500);
  }),
];
