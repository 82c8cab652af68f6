import assert from 'node:assert/strict';
import { type Chapter, NotApplicable, rule } from '../rule.js';
import type { Target } from '../target.js';

/** Sends one text and tells the route that the echoing function was called by. */
async function routeOf(target: Target, api: string, message: string | object): Promise<string> {
  const client = await target.connect(api);
  const text = typeof message === 'string' ? message : JSON.stringify({ ...message, script: { echo: true } });
  if (typeof message !== 'string') {
    client.send(text);
    return JSON.parse(await client.next()).requestContext.routeKey;
  }
  // A body that is no object carries no script: the call itself is looked at.
  client.send(text);
  const call = await target.backEnd.seen('the message', ({ event }) => event?.body === text && isMessage(event));
  return call.event.requestContext.routeKey;
}

const isMessage = (event: { requestContext?: { eventType?: string } }) => event.requestContext?.eventType === 'MESSAGE';

/** A rule that a message takes a route. */
function selects(id: string, title: string, api: string, message: string | object, routeKey: string) {
  return rule(id, title, async (target) => {
    assert.equal(await routeOf(target, api, message), routeKey);
  });
}

export const routing: Chapter = {
  number: '02',
  name: 'routing and selection',
  rules: [
    selects('RT-1', '$request.body.action reads a member', 'routing', { action: 'join' }, 'join'),
    selects(
      'RT-2',
      'two variables in braces are joined',
      'routing-joined',
      { service: 'chat', action: 'join' },
      'chat/join',
    ),
    selects('RT-3', 'a value that is not found is empty text', 'routing-joined', { service: 'chat' }, 'chat/'),
    selects(
      'RT-4',
      'brackets hold an index or a quoted name',
      'routing-paths',
      { 'my key': { list: [0, { 'a-b': 'found' }] } },
      'found',
    ),
    selects('RT-5', 'an expression without variables gives its own text', 'routing-literal', { any: 1 }, 'action'),
    selects('RT-5', '\\$default always gives $default', 'routing-dollar', { action: 'join' }, '$default'),
    selects('RT-6', 'a dash belongs to an unbraced path', 'routing-unbraced', { 'a-b': 'x', c: 'y' }, 'x/y'),
    selects('RT-7', 'a slash ends an unbraced path', 'routing-unbraced', { 'a-b': 'x', c: 'y' }, 'x/y'),
    rule('RT-8', 'what a variable yields is not evaluated again', async (target) => {
      const message = { service: 'chat', action: '${request.body.service}' };
      assert.equal(await routeOf(target, 'routing-joined', message), 'chat/${request.body.service}');
    }),
    selects('RT-10', 'a body that is not JSON goes to $default', 'routing', '{"action":"join"', '$default'),
    selects(
      'RT-10',
      'so does one where the expression is a literal',
      'routing-literal',
      'not json, literal',
      '$default',
    ),
    rule('RT-10', 'M3: so does empty text', async (target) => {
      const { client, connectionId } = await target.connectKnown('routing');
      client.send('');
      const { event } = await target.backEnd.seen(
        'the message',
        (call) => isMessage(call.event ?? {}) && call.event.requestContext.connectionId === connectionId,
      );
      assert.equal(event.requestContext.routeKey, '$default');
      assert.equal(event.body ?? '', '');
    }),
    selects('RT-11', 'a JSON number has no members', 'routing', '42424242', '$default'),
    selects('RT-11', 'a JSON list has no named members', 'routing', '["join",1]', '$default'),
    selects('RT-11', 'any JSON text counts for a literal', 'routing-literal', '"text, literal"', 'action'),
    selects('RT-12', 'inherited members are not found', 'routing', { constructor: 1 }, '$default'),
    selects('RT-13', 'a string is its text', 'routing', { action: "'quoted'" }, "'quoted'"),
    selects('RT-14', 'a number is its shortest decimal form', 'routing', { action: 7 }, '7'),
    selects('RT-14', '1e3 is 1000', 'routing', '{"action":1e3,"x":"RT-14"}', '1000'),
    selects('RT-14', '7.0 is 7', 'routing', '{"action":7.0,"x":"RT-14"}', '7'),
    selects(
      'RT-15',
      'an integer beyond 2^53 is as written',
      'routing',
      '{"action":9007199254740993}',
      '9007199254740993',
    ),
    selects('RT-16', 'true is true', 'routing', { action: true }, 'true'),
    selects('RT-17', 'null is null', 'routing', { action: null }, 'null'),
    selects('RT-18', 'a list is [a, b]', 'routing', { action: ['a', 'b'] }, '[a, b]'),
    selects('RT-19', 'an object is its JSON text', 'routing', { action: { a: 1 } }, '{"a":1}'),
    selects(
      'RT-20',
      'a value deeper than any route key is no route',
      'routing',
      { action: [[['x'.repeat(200)]]] },
      '$default',
    ),
    selects('RT-21', 'route keys are compared with their case', 'routing', { action: 'Join' }, '$default'),
    selects('RT-22', '$connect cannot be reached by value', 'routing', { action: '$connect' }, '$default'),
    selects('RT-22', '$disconnect cannot be reached by value', 'routing', { action: '$disconnect' }, '$default'),
    selects('RT-23', '$default can be reached by value', 'routing', { action: '$default' }, '$default'),
    selects('RT-24', 'no match goes to $default', 'routing', { action: 'leave' }, '$default'),
    rule('RT-25', 'no match and no $default: the frame Forbidden, and the connection stays', async (target) => {
      const client = await target.connect('routing-strict');
      client.send({ action: 'leave' });
      assert.equal(JSON.parse(await client.next()).message, 'Forbidden');
      client.send({ action: 'join', script: { echo: true } });
      assert.equal(JSON.parse(await client.next()).requestContext.routeKey, 'join');
    }),
    rule('RT-29', 'a route without target: the frame Internal server error', async (target) => {
      const client = await target.connect('routing');
      client.send({ action: 'no-target' });
      assert.equal(JSON.parse(await client.next()).message, 'Internal server error');
    }),
    rule('RT-30', 'a binary frame closes with 1003', async (target) => {
      const client = await target.connect('routing');
      client.send(Buffer.from('{"action":"join"}'));
      assert.deepEqual(await client.closed, { code: 1003, reason: 'Binary is not supported' });
    }),
    rule('RT-31', 'fragments are one message', async (target) => {
      const client = await target.connect('routing');
      client.socket.send('{"action":"join",', { fin: false });
      client.socket.send('"script":{"echo":true}}', { fin: true });
      assert.equal(JSON.parse(await client.next()).requestContext.routeKey, 'join');
    }),
    ...['a key with "quotes", blanks and ü / 😀', 'k'.repeat(128)].map((key) =>
      selects('RT-32', `a route key is free text: ${key}`, 'routing', { action: key }, key),
    ),
    rule('CP-10', 'M16: a redeployment acts on the next message of an open socket', async () => {
      throw new NotApplicable('nothing a client can reach deploys; services/router/src/router.test.ts shows it');
    }),
    selects('RT-38', 'single quotes in a value stay as they are', 'routing', { action: "'quoted'" }, "'quoted'"),
  ],
};
