import assert from 'node:assert/strict';
import type { Event } from '../back-end/back-end.js';
import { connected, disconnectOf } from '../events.js';
import { type Chapter, rule } from '../rule.js';
import { newMarker, type Target } from '../target.js';

/** Calls of the messages with this marker, in the order in which they came in: what each said, and when. */
function callsOf(target: Target, marker: string): { n: number; atMs: number }[] {
  return target.backEnd.calls
    .filter(({ event }) => event?.requestContext?.eventType === 'MESSAGE' && event.body.includes(marker))
    .map(({ event, atMs }: { event: Event; atMs: number }) => ({ n: JSON.parse(event.body).n, atMs }));
}

const count = 12;
const expected = Array.from({ length: count }, (_, n) => n);

/** `order: connection`, an extension: what the model service does not promise. */
export const order: Chapter = {
  number: 'own',
  name: 'order per connection',
  rules: [
    rule(
      'PR-4',
      'messages of a connection reach the back end one by one and in order, and so do replies',
      async (target) => {
        const marker = newMarker();
        const client = await target.connect('ordered');
        for (const n of expected) {
          // The first ones take longest: in parallel they would be overtaken.
          const script = { sleepMs: 80 - n * 6, result: { statusCode: 200, body: String(n) } };
          client.send({ action: 'place', n, marker, script });
        }
        const replies: number[] = [];
        for (const _ of expected) replies.push(Number(await client.next()));
        assert.deepEqual(replies, expected);
        const calls = callsOf(target, marker);
        assert.deepEqual(
          calls.map(({ n }) => n),
          expected,
        );
        for (const [index, { atMs }] of calls.entries()) {
          const next = calls[index + 1];
          if (next === undefined) break;
          assert.ok(next.atMs - atMs >= 80 - index * 6 - 5, `message ${index + 1} was called during ${index}`);
        }
      },
    ),
    rule('PR-4', 'other routes and other connections do not wait for them', async (target) => {
      const [first, second] = await Promise.all([target.connect('ordered'), target.connect('ordered')]);
      const slow = { action: 'place', script: { sleepMs: 1_000, result: { statusCode: 200, body: 'slow' } } };
      const quick = { result: { statusCode: 200, body: 'quick' } };
      first.send(slow);
      first.send({ action: 'free', script: quick });
      second.send({ action: 'place', script: quick });
      assert.equal(await second.next(900), 'quick');
      assert.equal(await first.next(900), 'quick');
      assert.equal(await first.next(), 'slow');
    }),
    rule('PR-4', 'one that fails lets the next one through', async (target) => {
      const client = await target.connect('ordered');
      client.send({ action: 'place', script: { fails: { errorMessage: 'x' } } });
      client.send({ action: 'place', script: { result: { statusCode: 200, body: 'next' } } });
      assert.equal(JSON.parse(await client.next()).message, 'Internal server error');
      assert.equal(await client.next(), 'next');
    }),
    rule('PR-4', 'more than 100 that wait: Too Many Requests', async (target) => {
      const client = await target.connect('ordered');
      const done = { result: { statusCode: 200, body: 'done' } };
      client.send({ action: 'place', script: { ...done, sleepMs: 500 } });
      for (let n = 0; n < 105; n++) client.send({ action: 'place', script: done });
      const answers: string[] = [];
      for (let n = 0; n < 106; n++) answers.push(await client.next());
      const refused = answers.filter((answer) => answer !== 'done').map((answer) => JSON.parse(answer).message);
      assert.deepEqual(new Set(refused), new Set(['Too Many Requests']));
      assert.equal(refused.length, 5);
    }),
    rule('PR-4', 'what a client sent before it closed is delivered, and $disconnect comes after it', async (target) => {
      const marker = newMarker();
      const { client, connectionId } = await connected(target, 'ordered');
      for (const n of expected) client.send({ action: 'place', n, marker, script: { sleepMs: 30 } });
      await client.close(1000);
      await disconnectOf(target, connectionId);
      assert.deepEqual(
        callsOf(target, marker).map(({ n }) => n),
        expected,
      );
    }),
  ],
};
