import assert from 'node:assert/strict';
import type { Script } from '../back-end/script.js';
import { type Chapter, type Rule, rule } from '../rule.js';

const layout = /^\{"message": "([^"]*)", "connectionId":"([\w-]+=+)", "requestId":"([\w-]{15}=)"\}$/;

/** A message on the API `errors` is answered with this error text, and the connection goes on. */
function answers(id: string, cause: string, action: string, message: string, script: Script = {}): Rule {
  return rule(id, `${cause}: ${message}`, async (target) => {
    const client = await target.connect('errors');
    client.send({ action, script });
    const [, text] = layout.exec(await client.next()) ?? [];
    assert.equal(text, message);
    client.send({ action: 'twoWay', script: { result: { statusCode: 200, body: 'still here' } } });
    assert.equal(await client.next(), 'still here');
  });
}

const failed = 'Internal server error';

export const clientErrors: Chapter = {
  number: '03',
  name: 'error messages',
  rules: [
    rule('ER-1', 'M17: the frame, byte for byte, with the requestId of the event', async (target) => {
      const client = await target.connect('errors');
      client.send({ action: 'function', script: { fails: { errorMessage: 'ER-1' } } });
      const [, message, connectionId, requestId] = layout.exec(await client.next()) ?? [];
      assert.equal(message, failed);
      const { event } = await target.backEnd.seen(
        'the message',
        (call) => call.event?.requestContext?.connectionId === connectionId,
      );
      assert.equal(event.requestContext.requestId, requestId);
    }),
    answers('ER-2', 'no route matches', 'nothing', 'Forbidden'),
    answers('ER-2', 'the route has no target', 'no-target', failed),
    answers('ER-2', 'no model matches', 'validated', 'Invalid request body'),
    rule('ER-2', 'a body that is not JSON where a model is to be applied: Invalid request body', async (target) => {
      const client = await target.connect('errors-validated');
      client.send('not JSON');
      const [, text] = layout.exec(await client.next()) ?? [];
      assert.equal(text, 'Invalid request body');
    }),
    answers('ER-2', 'the function throws', 'function', failed, { fails: { errorMessage: 'boom' } }),
    answers('ER-2', 'the function is not there', 'function', failed, { status: 404 }),
    answers('ER-2', 'the function may not be invoked', 'function', failed, { status: 403 }),
    answers('ER-2', 'the function returns a text', 'function', failed, { result: 'text' }),
    answers('ER-2', 'the function returns null', 'function', failed, { raw: 'null' }),
    answers('ER-2', 'the function returns no statusCode', 'function', failed, { result: { body: 'x' } }),
    answers('ER-2', 'the function returns a body that is no text', 'function', failed, {
      result: { statusCode: 200, body: {} },
    }),
    answers('ER-2', 'O3: the function is too slow', 'function', 'Endpoint request timed out', { sleepMs: 2_000 }),
    answers('ER-2', 'the HTTP back end is too slow', 'http', 'Endpoint request timed out', { sleepMs: 2_000 }),
    answers('ER-2', 'the HTTP back end cuts the connection', 'http', failed, { cuts: true }),
    answers('ER-2', 'nobody listens', 'nobody', failed),
    answers('ER-2', 'no integration response fits', 'unmapped', failed),
    answers('ER-2', 'the template fails', 'template', failed),
    answers('ER-2', 'passthroughBehavior refuses', 'refusing', 'Unsupported Media Type'),
    answers('ER-2', 'what should be base64 is not', 'binary', failed),
    answers('ER-2', 'O5: the route is throttled', 'throttled', 'Too Many Requests'),
    rule('ER-3', 'success of a one-way route is silent, whatever the function returns', async (target) => {
      const client = await target.connect('errors');
      client.send({
        action: 'oneWay',
        script: { result: { statusCode: 401, body: 'secret', headers: { 'X-A': 'b' } } },
      });
      client.send({ action: 'http', script: { status: 500 } });
      await new Promise((resolve) => setTimeout(resolve, 300));
      assert.deepEqual(client.messages, []);
    }),
    rule('ER-3', 'the status of a message integration changes nothing', async (target) => {
      const client = await target.connect('errors');
      client.send({ action: 'twoWay', script: { result: { statusCode: 401, body: 'as it is' } } });
      assert.equal(await client.next(), 'as it is');
    }),
    rule('ER-4', 'O20: a reply over 128 KB closes with 1009', async (target) => {
      const client = await target.connect('errors');
      client.send({ action: 'twoWay', script: { result: { statusCode: 200, body: 'x'.repeat(131_073) } } });
      assert.equal((await client.closed).code, 1009);
    }),
    rule('ER-5', 'a handshake to an unknown stage: {"message":"Forbidden"} and nothing else', async (target) => {
      const refusal = await target.refused('errors', { stage: 'nowhere' });
      assert.equal(refusal.status, 403);
      assert.equal(refusal.body, '{"message":"Forbidden"}');
      assert.equal(refusal.headers['x-amzn-errortype'], 'ForbiddenException');
    }),
  ],
};
