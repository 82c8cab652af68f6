import type { SharedDefinitions, UsagePlanDefinition } from '@sluice/contracts';
import type { Bucket, RateKeeper } from '@sluice/rates';
import { describe, expect, it } from 'vitest';
import { chatApi, startRouter } from './testing/start-router.js';

/** So slow that what is used up in a test stays used up. */
const slow = 0.001;
const tooMany = /^\{"message": "Too Many Requests", "connectionId":"[^"]+", "requestId":"[^"]+"\}$/;

describe('throttles of stage and route', () => {
  it('[SL-2] [QU-7] M15: a route over its rate is answered Too Many Requests, and other routes are not', async () => {
    const api = chatApi(
      { a: {}, b: {}, c: {} },
      {
        stage: {
          defaultRouteSettings: { throttlingRateLimit: slow, throttlingBurstLimit: 1 },
          routeSettings: { b: { throttlingBurstLimit: 2 } },
        },
      },
    );
    const { message } = await startRouter(api);
    expect(await message({ action: 'a' })).toBe('reply');
    expect(await message({ action: 'a' })).toMatch(tooMany);
    // The default is a bucket for each route, and a route's own settings replace it member by member.
    expect(await message({ action: 'b' })).toBe('reply');
    expect(await message({ action: 'b' })).toBe('reply');
    expect(await message({ action: 'b' })).toMatch(tooMany);
    expect(await message({ action: 'c' })).toBe('reply');
  });

  it('[SL-2] 0 and 0 refuse everything, unless 0 is to mean unset', async () => {
    const api = chatApi(
      { a: {} },
      { stage: { defaultRouteSettings: { throttlingRateLimit: 0, throttlingBurstLimit: 0 } } },
    );
    expect(await (await startRouter(api)).message({ action: 'a' })).toMatch(tooMany);
    const lenient = await startRouter(api, { account: { throttleZeroMeansUnset: true } });
    expect(await lenient.message({ action: 'a' })).toBe('reply');
  });

  it('[CN-5] [SL-2] H13: a connect over its rate is 429, in the layout of what nothing has run for', async () => {
    const api = chatApi(
      {},
      { stage: { routeSettings: { $connect: { throttlingRateLimit: slow, throttlingBurstLimit: 1 } } } },
    );
    const { connect } = await startRouter(api);
    expect((await connect()).status).toBe(200);
    const refused = await connect();
    expect([refused.status, refused.body]).toEqual([429, '{"message":"Too Many Requests"}']);
    expect(refused.headers).toMatchObject({
      'content-type': 'application/json',
      'x-amzn-errortype': 'TooManyRequestsException',
      'x-amzn-requestid': expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });

  it('[QU-6] [QU-7] the account counts the messages of all routes together, unmatched ones too, and connects apart', async () => {
    const account = {
      throttlingRateLimit: slow,
      throttlingBurstLimit: 2,
      connectRateLimit: slow,
      connectBurstLimit: 1,
    };
    const { message, connect } = await startRouter(chatApi({ a: {} }), { account });
    expect(await message({ action: 'a' })).toBe('reply');
    expect(await message({ action: 'nothing' })).toContain('"message": "Forbidden"');
    expect(await message({ action: 'a' })).toMatch(tooMany);
    expect((await connect()).status).toBe(200);
    expect((await connect()).status).toBe(429);
  });

  it('[SL-2] the bucket of a route comes before that of the account, which loses nothing by its refusal', async () => {
    const api = chatApi(
      { a: {}, b: {} },
      { stage: { routeSettings: { a: { throttlingRateLimit: slow, throttlingBurstLimit: 1 } } } },
    );
    const { message } = await startRouter(api, { account: { throttlingRateLimit: slow, throttlingBurstLimit: 2 } });
    expect(await message({ action: 'a' })).toBe('reply');
    for (let n = 0; n < 3; n++) expect(await message({ action: 'a' })).toMatch(tooMany);
    expect(await message({ action: 'b' })).toBe('reply');
    expect(await message({ action: 'b' })).toMatch(tooMany);
  });

  it('a rate that is asked of others answers later: each message is settled once, also where it answers twice', async () => {
    const asked: ((emptyIndex: number) => void)[] = [];
    const rates: RateKeeper = {
      take: (_buckets, done) => void asked.push(done),
      count: () => {
        throw new Error('no quota here');
      },
      close: async () => {},
    };
    const api = chatApi({ a: {} }, { stage: { defaultRouteSettings: { throttlingRateLimit: 1 } } });
    const { send, messageEnvelope, received, router, bus } = await startRouter(api, { rates });
    const answered = send(messageEnvelope({ action: 'a' }));
    await expect.poll(() => asked.length).toBe(1);
    expect([received.length, router.inflight]).toEqual([0, 1]);
    asked[0]?.(-1);
    asked[0]?.(0);
    expect((await answered).map(({ kind }) => kind)).toEqual(['REPLY']);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([received.length, router.inflight, await bus.deadLetters.count()]).toEqual([1, 0, 0]);
  });

  it('a gate that throws is a fault of ours: answered, and kept as a dead letter', async () => {
    const rates: RateKeeper = {
      take: () => {
        throw new Error('broken');
      },
      count: () => {},
      close: async () => {},
    };
    const api = chatApi({ a: {} }, { stage: { defaultRouteSettings: { throttlingRateLimit: 1 } } });
    const { message, bus } = await startRouter(api, { rates });
    expect(await message({ action: 'a' })).toContain('"message": "Internal server error"');
    expect(await bus.deadLetters.count()).toBe(1);
  });

  it('a route without settings asks no rate, and none is asked for $disconnect', async () => {
    const taken: (readonly Bucket[])[] = [];
    const rates: RateKeeper = {
      take(buckets, done) {
        taken.push(buckets);
        done(-1);
      },
      count: () => {},
      close: async () => {},
    };
    const api = chatApi({ a: {}, b: {} }, { stage: { routeSettings: { b: { throttlingRateLimit: 5 } } } });
    const { message } = await startRouter(api, { rates });
    await message({ action: 'a' });
    expect(taken).toEqual([]);
    await message({ action: 'b' });
    expect(taken).toEqual([[{ key: 'route/chat/dev/b', ratePerSecond: 5, burst: 5 }]]);
  });
});

describe('API keys and usage plans', () => {
  const plan = (more: Partial<UsagePlanDefinition>): SharedDefinitions => ({
    domainNames: [],
    apiKeys: [
      { apiKeyId: 'gold', name: 'gold', value: 'gold-value-01234567890', enabled: true },
      { apiKeyId: 'off', name: 'off', value: 'off-value-012345678901', enabled: false },
      { apiKeyId: 'other', name: 'other', value: 'other-value-0123456789', enabled: true },
    ],
    usagePlans: [
      {
        usagePlanId: 'p',
        name: 'p',
        apiStages: [{ apiId: 'chat', stage: 'dev' }],
        apiKeyIds: ['gold', 'off'],
        ...more,
      },
    ],
  });
  const keyed = chatApi({ $connect: { apiKeyRequired: true }, a: {} });
  const withKey = (value: string) => ({ headers: [['x-api-key', value]] as [string, string][] });

  it('[AU-7] [CN-5] O18: no key, an unknown one, a disabled one, one of no plan: 403 Forbidden', async () => {
    const { connect } = await startRouter(keyed, { shared: plan({}) });
    const handshakes = [{}, ...['', 'nonsense', 'off-value-012345678901', 'other-value-0123456789'].map(withKey)];
    for (const handshake of handshakes) {
      const refused = await connect(handshake);
      expect([refused.status, refused.body]).toEqual([403, '{"message":"Forbidden"}']);
      expect(refused.headers['x-amzn-errortype']).toBe('ForbiddenException');
      expect(refused.connectionContext).toBeUndefined();
    }
  });

  it('[AU-7] a valid key lets in, and the connection remembers it', async () => {
    const { connect } = await startRouter(keyed, { shared: plan({}) });
    const verdict = await connect(withKey('gold-value-01234567890'));
    expect(verdict.status).toBe(200);
    expect(JSON.parse(verdict.connectionContext ?? '').identity).toEqual({
      apiKey: 'gold-value-01234567890',
      apiKeyId: 'gold',
    });
  });

  it('[AU-7] [SL-2] O25: connects and messages of a key count against its throttle', async () => {
    const { connect, message } = await startRouter(keyed, {
      shared: plan({ throttle: { rateLimit: slow, burstLimit: 2 } }),
    });
    expect((await connect(withKey('gold-value-01234567890'))).status).toBe(200);
    const byGold = { identity: { apiKeyId: 'gold' } };
    expect(await message({ action: 'a' }, byGold)).toBe('reply');
    expect(await message({ action: 'a' }, byGold)).toMatch(tooMany);
    const refused = await connect(withKey('gold-value-01234567890'));
    expect([refused.status, refused.body]).toEqual([429, '{"message":"Too Many Requests"}']);
  });

  it('[AU-7] [ER-2] over the quota: 429 Limit Exceeded, and the frame', async () => {
    const { connect, message } = await startRouter(keyed, {
      shared: plan({ quota: { limit: 2, offset: 0, period: 'DAY' } }),
    });
    expect((await connect(withKey('gold-value-01234567890'))).status).toBe(200);
    const byGold = { identity: { apiKeyId: 'gold' } };
    expect(await message({ action: 'a' }, byGold)).toBe('reply');
    expect(await message({ action: 'a' }, byGold)).toContain('"message": "Limit Exceeded"');
    const refused = await connect(withKey('gold-value-01234567890'));
    expect([refused.status, refused.body]).toEqual([429, '{"message":"Limit Exceeded"}']);
    expect(refused.headers['x-amzn-errortype']).toBe('LimitExceededException');
  });

  it('[AU-7] what the throttle refuses uses nothing of the quota up', async () => {
    const api = chatApi(
      { $connect: { apiKeyRequired: true }, a: {}, b: {} },
      { stage: { routeSettings: { a: { throttlingRateLimit: slow, throttlingBurstLimit: 1 } } } },
    );
    const { message } = await startRouter(api, { shared: plan({ quota: { limit: 2, offset: 0, period: 'MONTH' } }) });
    const byGold = { identity: { apiKeyId: 'gold' } };
    expect(await message({ action: 'a' }, byGold)).toBe('reply');
    for (let n = 0; n < 3; n++) expect(await message({ action: 'a' }, byGold)).toMatch(tooMany);
    expect(await message({ action: 'b' }, byGold)).toBe('reply');
    expect(await message({ action: 'b' }, byGold)).toContain('"message": "Limit Exceeded"');
  });

  it('[AU-7] a message route that wants a key refuses a connection made without one', async () => {
    const { message } = await startRouter(chatApi({ a: { apiKeyRequired: true } }), { shared: plan({}) });
    expect(await message({ action: 'a' })).toContain('"message": "Forbidden"');
    expect(await message({ action: 'a' }, { identity: { apiKeyId: 'gold' } })).toBe('reply');
  });
});
