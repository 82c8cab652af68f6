import { createHash } from 'node:crypto';
import {
  type ApiKeyDefinition,
  type ApiKeySource,
  type Handshake,
  type QuotaPeriod,
  type SharedDefinitions,
  scopeOf,
  type UsagePlanDefinition,
} from '@sluice/contracts';
import { headerValues } from './request-values.js';

/** What a valid API key is worth at one stage. */
export interface ApiKeyGrant {
  apiKeyId: string;
  name: string;
  /** A secret: `$context.identity.apiKey`. */
  value: string;
  /** The usage plans that hold both key and stage; at least one. Each has to be counted against. */
  plans: UsagePlanGrant[];
}

/** A plan's throttle and quota for one key, in the shapes that rates are taken from. */
export interface UsagePlanGrant {
  usagePlanId: string;
  throttle: { key: string; ratePerSecond: number; burst: number } | undefined;
  quota: { key: string; limit: number; offset: number; period: QuotaPeriod } | undefined;
}

export interface ApiKeys {
  /** By the value that a client sent; undefined where there is none such, it is not enabled, or no plan of it has the stage. */
  findByValue(value: string, apiId: string, stage: string): ApiKeyGrant | undefined;
  /** By id: messages of a connection count against the plans of the key that let it in (spec 08 §8.3). */
  findById(apiKeyId: string, apiId: string, stage: string): ApiKeyGrant | undefined;
}

/**
 * API keys and usage plans (spec 08 §8.3), looked up by hash: how long it takes says nothing about how much of a guess was right. A key
 * that two share by value is the first one's; `packages/config` refuses such a file.
 */
export function createApiKeys({ apiKeys, usagePlans }: SharedDefinitions): ApiKeys {
  const byId = new Map<string, Map<string, ApiKeyGrant>>();
  const byHash = new Map<string, Map<string, ApiKeyGrant>>();
  for (const apiKey of apiKeys) {
    if (!apiKey.enabled) continue;
    const grants = grantsByScope(apiKey, usagePlans);
    byId.set(apiKey.apiKeyId, grants);
    const hash = hashOf(apiKey.value);
    if (!byHash.has(hash)) byHash.set(hash, grants);
  }
  return {
    findByValue: (value, apiId, stage) => byHash.get(hashOf(value))?.get(scopeOf(apiId, stage)),
    findById: (apiKeyId, apiId, stage) => byId.get(apiKeyId)?.get(scopeOf(apiId, stage)),
  };
}

function grantsByScope(apiKey: ApiKeyDefinition, usagePlans: readonly UsagePlanDefinition[]): Map<string, ApiKeyGrant> {
  const { apiKeyId, name, value } = apiKey;
  const grants = new Map<string, ApiKeyGrant>();
  for (const plan of usagePlans) {
    if (!plan.apiKeyIds.includes(apiKeyId)) continue;
    const granted = planGrant(plan, apiKeyId);
    for (const scope of new Set(plan.apiStages.map(({ apiId, stage }) => scopeOf(apiId, stage)))) {
      const grant = grants.get(scope) ?? { apiKeyId, name, value, plans: [] };
      grant.plans.push(granted);
      grants.set(scope, grant);
    }
  }
  return grants;
}

/** Per key, over all stages of the plan. Ids are encoded, so that no two pairs of them make one text. */
function planGrant({ usagePlanId, throttle, quota }: UsagePlanDefinition, apiKeyId: string): UsagePlanGrant {
  const key = `plan/${encodeURIComponent(usagePlanId)}/${encodeURIComponent(apiKeyId)}`;
  return {
    usagePlanId,
    throttle: throttle && { key, ratePerSecond: throttle.rateLimit, burst: throttle.burstLimit },
    quota: quota && { key, ...quota },
  };
}

/**
 * The value a handshake brings, from where `apiKeySelectionExpression` says (spec 02 §2.3): its `x-api-key` header, or the
 * `usageIdentifierKey` of its authorizer. Undefined where there is none, or two headers differ.
 */
export function apiKeyValue(
  source: ApiKeySource | undefined,
  handshake: Handshake,
  usageIdentifierKey: string | undefined,
): string | undefined {
  if (source === 'authorizer') return usageIdentifierKey || undefined;
  const values = headerValues({ handshake }, 'x-api-key');
  return values.length === 1 ? values[0] || undefined : undefined;
}

function hashOf(value: string): string {
  return createHash('sha256').update(value).digest('base64');
}
