import { accountRequestBucket } from '@sluice/contracts';
import { createMemoryRateKeeper } from '@sluice/rates';
import { describe, expect, it } from 'vitest';
import { startCallback } from './testing/start-callback.js';

const account = { throttlingRateLimit: 0.001, throttlingBurstLimit: 2 };

describe('the account rate of @connections', () => {
  it('[CB-24] [QU-7] is shared with messages: what they have used is gone, and a refused call reaches no edge', async () => {
    const rates = createMemoryRateKeeper();
    const { callback, edge, base } = await startCallback({}, undefined, { rates, account });
    const id = edge.connect('chat/dev');
    const bucket = accountRequestBucket(account);
    if (bucket === undefined) throw new Error('the account has a rate');
    // As a router does for a message.
    rates.take([bucket], (emptyIndex) => expect(emptyIndex).toBe(-1));
    expect((await fetch(`${base}/dev/@connections/${id}`, { method: 'POST', body: 'a' })).status).toBe(200);
    for (const method of ['POST', 'GET', 'DELETE']) {
      const refused = await fetch(`${base}/dev/@connections/${id}`, { method });
      expect([refused.status, refused.headers.get('x-amzn-errortype'), await refused.text()]).toEqual([
        429,
        'LimitExceededException',
        '{"message":"Limit exceeded"}',
      ]);
    }
    expect(edge.commands.length).toBe(1);
    await callback.stop();
  });

  it('without one nothing is counted', async () => {
    const { callback, edge, base } = await startCallback();
    const id = edge.connect('chat/dev');
    for (let n = 0; n < 5; n++) {
      expect((await fetch(`${base}/dev/@connections/${id}`, { method: 'POST', body: 'a' })).status).toBe(200);
    }
    await callback.stop();
  });
});
