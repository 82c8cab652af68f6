import assert from 'node:assert/strict';
import { type Chapter, type Rule, rule } from '../rule.js';
import { newMarker, type Target } from '../target.js';

const query = { token: 'abc' };

/** Sends one message; tells the error text that came back, or `valid` where the function answered. */
async function verdictOn(target: Target, message: object | string): Promise<string> {
  const client = await target.connect('models', { query });
  client.send(
    typeof message === 'string' ? message : { ...message, script: { result: { statusCode: 200, body: 'valid' } } },
  );
  const answer = await client.next();
  return answer === 'valid' ? answer : JSON.parse(answer).message;
}

function valid(id: string, title: string, message: object): Rule {
  return rule(id, title, async (target) => assert.equal(await verdictOn(target, message), 'valid'));
}

function invalid(id: string, title: string, message: object | string): Rule {
  return rule(id, title, async (target) => assert.equal(await verdictOn(target, message), 'Invalid request body'));
}

const send = (messageType: string, more: object = {}) => ({ action: 'sendMessage', messageType, ...more });

export const models: Chapter = {
  number: '13',
  name: 'models and validation',
  rules: [
    invalid('MV-1', 'email without address', send('email')),
    valid('MV-1', 'email with address', send('email', { address: 'a@b' })),
    invalid('MV-1', 'a key without a model, and no $default', send('sms')),
    valid('MV-1', '$default model for any other key', { action: 'anyType', messageType: 'sms', address: 'a@b' }),
    invalid('MV-1', '$default model is applied', { action: 'anyType', messageType: 'sms' }),
    valid('MV-1', 'a route without models takes anything', { action: 'unvalidated' }),
    invalid('MV-1', 'a MOCK is validated too', { action: 'mocked', messageType: 'email' }),
    valid('MV-1', 'a MOCK answers what is valid', { action: 'mocked', messageType: 'email', address: 'a@b' }),
    invalid('MV-1', 'a body that is not JSON where a model is required', 'not JSON at all'),
    rule('MV-2', 'the integration is not called, and the connection stays', async (target) => {
      const marker = newMarker();
      const client = await target.connect('models', { query });
      client.send(send('email', { marker }));
      const frame = await client.next();
      assert.match(frame, /^\{"message": "Invalid request body", "connectionId":"[\w-]+=+", "requestId":"[\w-]+=+"\}$/);
      const calls = await target.backEnd.settled(({ body }) => body.includes(marker));
      assert.deepEqual(calls, []);
      client.send({ action: 'unvalidated', script: { result: { statusCode: 200, body: 'still here' } } });
      assert.equal(await client.next(), 'still here');
    }),
    invalid('MV-3', 'draft-04: exclusiveMinimum is a switch of minimum', send('range', { level: 0 })),
    valid('MV-3', 'draft-04: a value above the minimum', send('range', { level: 0.1 })),
    valid('MV-3', 'draft-04: maximum is inclusive without its switch', send('range', { level: 10 })),
    invalid('MV-3', 'a local $ref is followed', send('range', { level: 1, item: {} })),
    valid('MV-3', 'and satisfied', send('range', { level: 1, item: { sku: 'x' } })),
    invalid('MV-3', 'a $ref to another model is followed', send('referring', { email: {} })),
    valid('MV-3', 'and satisfied', send('referring', { email: { address: 'a@b' } })),
    rule(
      'MV-4',
      'a handshake without a required parameter is 400, and the integration is not called',
      async (target) => {
        const marker = newMarker();
        const refusal = await target.refused('models', { query: { marker } });
        assert.equal(refusal.status, 400);
        assert.match(JSON.parse(refusal.body).message, /^Missing required request parameters: \[token\]$/);
        assert.deepEqual(await target.backEnd.settled(({ body }) => body.includes(marker)), []);
      },
    ),
    rule('MV-4', 'a blank one counts as missing', async (target) => {
      assert.equal((await target.refused('models', { query: { token: ' ' } })).status, 400);
    }),
    rule('MV-4', 'with it, and without the optional one, it connects', async (target) => {
      await target.connect('models', { query });
    }),
  ],
};
