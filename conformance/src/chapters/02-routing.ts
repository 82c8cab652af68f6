import assert from 'node:assert/strict';
import { type Chapter, rule } from '../rule.js';

export const routing: Chapter = {
  number: '02',
  name: 'routing and selection',
  rules: [
    rule('RT-1', 'a message whose action names a route takes that route', async (target) => {
      const client = await target.connect('routing');
      client.send({ action: 'join', script: { echo: true } });
      const event = JSON.parse(await client.next());
      assert.equal(event.requestContext.routeKey, 'join');
    }),
  ],
};
