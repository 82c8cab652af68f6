import { type ApiKeyGrant, apiKeyValue } from '@sluice/auth';
import { type ConnectEnvelope, decodeConnectionContext, type MessageEnvelope } from '@sluice/contracts';
import type { Quota } from '@sluice/rates';
import { replaceContext } from './authorization-gate.js';
import { throttleCounter } from './gate-metrics.js';
import type { Gate, Passage } from './passage.js';
import type { Refusal } from './refusal.js';
import type { StageCompilation } from './stage-compilation.js';
import { type NamedBucket, throttleGate } from './throttle-gate.js';

const open: Gate = (_passage, next) => next();

/** The API key of a handshake: known, enabled, in a plan of this stage, and within that plan (spec 08 §8.3). */
export function apiKeyGate(stage: StageCompilation): Gate<Passage<ConnectEnvelope>> {
  const { api, stageName, apiKeys } = stage;
  const gateOf = gatesByKey(stage, []);
  const place = api.apiKeySource === 'authorizer' ? "the authorizer's usageIdentifierKey" : 'header x-api-key';
  const refusal = noKey(`${place} holds no enabled API key of a usage plan of this stage`);
  return (passage, next) => {
    const value = apiKeyValue(api.apiKeySource, passage.envelope.handshake, passage.usageIdentifierKey);
    const grant = value === undefined ? undefined : apiKeys.findByValue(value, api.apiId, stageName);
    if (grant === undefined) return next(refusal);
    const connection = decodeConnectionContext(passage.envelope.connectionContext);
    const identity = { ...connection.identity, apiKey: grant.value, apiKeyId: grant.apiKeyId };
    replaceContext(passage, { ...connection, identity });
    passage.contextChanged = true;
    gateOf(grant)(passage, next);
  };
}

/**
 * A message of a stage with usage plans: the plan of the connection's key comes before the buckets of route and account (spec
 * README, Decisions). A key that has left its plan since counts against nothing; only a route that wants a key refuses it.
 */
export function planGate(
  stage: StageCompilation,
  buckets: readonly (NamedBucket | undefined)[],
  keyRequired: boolean,
): Gate<Passage<MessageEnvelope>> {
  const { api, stageName, apiKeys } = stage;
  const gateOf = gatesByKey(stage, buckets);
  const withoutKey = throttleGate(stage.rates, buckets, throttleCounter(stage)) ?? open;
  const refusal = noKey('the connection was made without an API key that is valid for this stage');
  return (passage, next) => {
    const apiKeyId = decodeConnectionContext(passage.envelope.connectionContext).identity?.apiKeyId;
    const grant = apiKeyId === undefined ? undefined : apiKeys.findById(apiKeyId, api.apiId, stageName);
    if (grant !== undefined) return gateOf(grant)(passage, next);
    if (keyRequired) return next(refusal);
    withoutKey(passage, next);
  };
}

function noKey(detail: string): Refusal {
  return { code: 'api_key_invalid', detail };
}

function gatesByKey(
  stage: StageCompilation,
  buckets: readonly (NamedBucket | undefined)[],
): (grant: ApiKeyGrant) => Gate {
  const byKey = new Map<string, Gate>();
  return (grant) => {
    let gate = byKey.get(grant.apiKeyId);
    if (gate === undefined) {
      gate = grantGate(stage, grant, buckets);
      byKey.set(grant.apiKeyId, gate);
    }
    return gate;
  };
}

/** Every rate of a key's plans and of what comes behind them, then the quotas: what is throttled uses nothing up. */
function grantGate(
  stage: StageCompilation,
  { plans }: ApiKeyGrant,
  buckets: readonly (NamedBucket | undefined)[],
): Gate {
  const ofPlans = plans.map(({ throttle }) => throttle && { bucket: throttle, reason: 'plan' as const });
  const throttle = throttleGate(stage.rates, [...ofPlans, ...buckets], throttleCounter(stage)) ?? open;
  return plans.reduce<Gate>(
    (before, { quota }) => (quota === undefined ? before : counted(stage, before, quota)),
    throttle,
  );
}

function counted(stage: StageCompilation, before: Gate, quota: Quota): Gate {
  const count = throttleCounter(stage);
  const exceeded: Refusal = {
    code: 'quota_exceeded',
    detail: `quota ${quota.key}: ${quota.limit} per ${quota.period}`,
  };
  return (passage, next) =>
    before(passage, (refusal) => {
      if (refusal !== undefined) return next(refusal);
      stage.rates.count(quota, (within) => {
        if (!within) count('quota');
        next(within ? undefined : exceeded);
      });
    });
}
