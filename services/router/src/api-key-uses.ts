import { createHash } from 'node:crypto';
import { type SharedDefinitions, scopeOf, type UsagePlanDefinition } from '@sluice/contracts';
import type { Quota } from '@sluice/rates';
import type { NamedBucket } from './throttle-gate.js';

/** An API key where it may be used, with what its plan allows. */
export interface ApiKeyUse {
  apiKeyId: string;
  value: string;
  /** Undefined where the plan has no throttle. */
  bucket: NamedBucket | undefined;
  quota: Quota | undefined;
}

/** Which API keys may be used where, by the usage plans (spec 08 §8.3). */
export interface ApiKeyUses {
  byValue(value: string, apiId: string, stage: string): ApiKeyUse | undefined;
  byId(apiKeyId: string, apiId: string, stage: string): ApiKeyUse | undefined;
  /** Whether any plan has this stage. */
  covers(apiId: string, stage: string): boolean;
}

export function createApiKeyUses({ apiKeys, usagePlans }: SharedDefinitions): ApiKeyUses {
  const uses = new Map<string, ApiKeyUse>();
  const covered = new Set<string>();
  for (const plan of usagePlans) {
    for (const { apiId, stage } of plan.apiStages) {
      const scope = scopeOf(apiId, stage);
      covered.add(scope);
      for (const { apiKeyId, value, enabled } of apiKeys) {
        // A key can be in one plan of a stage only; of two the first counts.
        const name = `${scope}/${apiKeyId}`;
        if (!enabled || !plan.apiKeyIds.includes(apiKeyId) || uses.has(name)) continue;
        uses.set(name, { apiKeyId, value, ...planLimits(plan, apiKeyId) });
      }
    }
  }
  const idByValue = new Map(apiKeys.map(({ apiKeyId, value }) => [digestOf(value), apiKeyId]));
  const byId: ApiKeyUses['byId'] = (apiKeyId, apiId, stage) => uses.get(`${scopeOf(apiId, stage)}/${apiKeyId}`);
  return {
    byId,
    byValue(value, apiId, stage) {
      const apiKeyId = idByValue.get(digestOf(value));
      return apiKeyId === undefined ? undefined : byId(apiKeyId, apiId, stage);
    },
    covers: (apiId, stage) => covered.has(scopeOf(apiId, stage)),
  };
}

/** Looked up by digest: how long a look-up takes says nothing about the values of others. */
function digestOf(value: string): string {
  return createHash('sha256').update(value).digest('base64');
}

/** One bucket for each key of a plan, whichever stage it is used at. */
export function planLimits(plan: UsagePlanDefinition, apiKeyId: string): Pick<ApiKeyUse, 'bucket' | 'quota'> {
  const key = `plan/${plan.usagePlanId}/${apiKeyId}`;
  const { throttle, quota } = plan;
  return {
    bucket: throttle && {
      bucket: { key, ratePerSecond: throttle.rateLimit, burst: throttle.burstLimit },
      reason: 'plan',
    },
    quota: quota && { key, ...quota },
  };
}
