import type { SharedDefinitions } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';
import { apiKeyValue, createApiKeys } from './api-keys.js';

const throttle = { rateLimit: 10, burstLimit: 20 };
const quota = { limit: 1_000, offset: 5, period: 'DAY' as const };
const shared: SharedDefinitions = {
  domainNames: [],
  apiKeys: [
    { apiKeyId: 'gold', name: 'Gold', value: 'gold-value-of-20-chars', enabled: true },
    { apiKeyId: 'off', name: 'Off', value: 'off-value-of-20-chars-', enabled: false },
    { apiKeyId: 'loose', name: 'Loose', value: 'loose-value-of-20-char', enabled: true },
    { apiKeyId: 'a/b', name: 'Slash', value: 'slash-value-of-20-char', enabled: true },
  ],
  usagePlans: [
    {
      usagePlanId: 'p',
      name: 'p',
      apiStages: [
        { apiId: 'chat', stage: 'dev' },
        { apiId: 'chat', stage: 'prod' },
      ],
      apiKeyIds: ['gold', 'off', 'nobody', 'a/b'],
      throttle,
      quota,
    },
    { usagePlanId: 'q', name: 'q', apiStages: [{ apiId: 'chat', stage: 'dev' }], apiKeyIds: ['gold'] },
    { usagePlanId: 'p/a', name: 'r', apiStages: [{ apiId: 'chat', stage: 'dev' }], apiKeyIds: ['b'], throttle },
  ],
};
const keys = createApiKeys(shared);

describe('API keys', () => {
  it('[AU-7] a key counts where it is enabled and in a usage plan of the stage', () => {
    const prod = {
      apiKeyId: 'gold',
      name: 'Gold',
      value: 'gold-value-of-20-chars',
      plans: [
        {
          usagePlanId: 'p',
          throttle: { key: 'plan/p/gold', ratePerSecond: 10, burst: 20 },
          quota: { key: 'plan/p/gold', limit: 1_000, offset: 5, period: 'DAY' },
        },
      ],
    };
    expect(keys.findByValue('gold-value-of-20-chars', 'chat', 'prod')).toEqual(prod);
    expect(keys.findById('gold', 'chat', 'prod')).toEqual(prod);
    expect(keys.findByValue('gold-value-of-20-chars', 'chat', 'dev')?.plans).toEqual([
      ...prod.plans,
      { usagePlanId: 'q', throttle: undefined, quota: undefined },
    ]);
  });

  it.each([
    ['of another stage', 'gold-value-of-20-chars', 'chat', 'test'],
    ['of another API', 'gold-value-of-20-chars', 'other', 'dev'],
    ['that is not enabled', 'off-value-of-20-chars-', 'chat', 'dev'],
    ['in no plan', 'loose-value-of-20-char', 'chat', 'dev'],
    ['that is not known', 'gold-value-of-20-charS', 'chat', 'dev'],
    ['that is empty', '', 'chat', 'dev'],
    ['that is an id', 'gold', 'chat', 'dev'],
  ])('[AU-7] a key %s does not', (_, value, apiId, stage) => {
    expect(keys.findByValue(value, apiId, stage)).toBeUndefined();
  });

  it('[AU-7] the counters of two keys never share a name', () => {
    const texts = keys.findById('a/b', 'chat', 'dev')?.plans.map(({ throttle: bucket }) => bucket?.key);
    expect(texts).toEqual(['plan/p/a%2Fb']);
  });

  it('[AU-7] the key comes from x-api-key, or from the authorizer where the API says so', () => {
    const handshake = (...values: string[]) => ({
      headers: values.map((value): [string, string] => ['x-api-key', value]),
      queryString: '',
    });
    expect(apiKeyValue(undefined, handshake('k'), 'other')).toBe('k');
    expect(apiKeyValue('header', handshake('k'), undefined)).toBe('k');
    expect(apiKeyValue('header', handshake(), 'k')).toBeUndefined();
    expect(apiKeyValue('header', handshake(''), undefined)).toBeUndefined();
    expect(apiKeyValue('header', handshake('k', 'l'), undefined)).toBeUndefined();
    expect(apiKeyValue('authorizer', handshake('k'), 'other')).toBe('other');
    expect(apiKeyValue('authorizer', handshake('k'), undefined)).toBeUndefined();
  });
});
