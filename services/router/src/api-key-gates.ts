import { type ConnectEnvelope, decodeConnectionContext, type Handshake, type MessageEnvelope } from '@sluice/contracts';
import type { ApiKeyUse } from './api-key-uses.js';
import { replaceContext } from './authorization-gate.js';
import { throttleCounter } from './gate-metrics.js';
import type { Gate, Passage, Refusal } from './passage.js';
import type { StageCompilation } from './stage-compilation.js';
import { type NamedBucket, throttleGate } from './throttle-gate.js';

type Next = (refusal?: Refusal) => void;

/** The API key of a handshake: known, enabled, in a plan of this stage, and within that plan (spec 08 §8.3). */
export function apiKeyGate(stage: StageCompilation): Gate<Passage<ConnectEnvelope>> {
  const gates = useGates(stage, []);
  const fromAuthorizer = stage.api.apiKeySource === 'authorizer';
  const refusal: Refusal = {
    code: 'api_key_invalid',
    detail: `${fromAuthorizer ? "the authorizer's usageIdentifierKey" : 'header x-api-key'} names no enabled API key of a usage plan of this stage`,
  };
  return (passage, next) => {
    const value = fromAuthorizer ? passage.usageIdentifierKey : headerOf(passage.envelope.handshake, 'x-api-key');
    const use = value === undefined ? undefined : stage.apiKeys.byValue(value, stage.api.apiId, stage.stageName);
    if (use === undefined) return next(refusal);
    const connection = decodeConnectionContext(passage.envelope.connectionContext);
    const identity = { ...connection.identity, apiKey: use.value, apiKeyId: use.apiKeyId };
    replaceContext(passage, { ...connection, identity });
    passage.contextChanged = true;
    gates(use)(passage, next);
  };
}

/** The plan of the connection's key comes before the buckets of route and account (spec README, Decisions). */
export function planGate(
  stage: StageCompilation,
  buckets: readonly (NamedBucket | undefined)[],
  keyRequired: boolean,
): Gate<Passage<MessageEnvelope>> {
  const gates = useGates(stage, buckets);
  const withoutKey = throttleGate(stage.rates, buckets, throttleCounter(stage)) ?? ((_passage, next) => next());
  const refusal: Refusal = { code: 'api_key_invalid', detail: 'the connection was made without an API key' };
  return (passage, next) => {
    const { identity } = decodeConnectionContext(passage.envelope.connectionContext);
    const apiKeyId = identity?.apiKeyId;
    const use = apiKeyId === undefined ? undefined : stage.apiKeys.byId(apiKeyId, stage.api.apiId, stage.stageName);
    if (use !== undefined) return gates(use)(passage, next);
    if (keyRequired) return next(refusal);
    withoutKey(passage, next);
  };
}

/** The throttle of each key's plan with the buckets behind it, then its quota: what is throttled is not counted. */
function useGates(stage: StageCompilation, buckets: readonly (NamedBucket | undefined)[]): (use: ApiKeyUse) => Gate {
  const byKey = new Map<string, Gate>();
  return (use) => {
    let gate = byKey.get(use.apiKeyId);
    if (gate === undefined) {
      gate = useGate(stage, use, buckets);
      byKey.set(use.apiKeyId, gate);
    }
    return gate;
  };
}

function useGate(stage: StageCompilation, use: ApiKeyUse, buckets: readonly (NamedBucket | undefined)[]): Gate {
  const count = throttleCounter(stage);
  const throttle = throttleGate(stage.rates, [use.bucket, ...buckets], count);
  const { quota } = use;
  if (quota === undefined) return throttle ?? ((_passage, next) => next());
  const exceeded: Refusal = {
    code: 'quota_exceeded',
    detail: `quota of ${quota.key}: ${quota.limit} per ${quota.period}`,
  };
  const counted = (next: Next) =>
    stage.rates.count(quota, (within) => {
      if (!within) count('quota');
      next(within ? undefined : exceeded);
    });
  if (throttle === undefined) return (_passage, next) => counted(next);
  return (passage, next) => throttle(passage, (refusal) => (refusal === undefined ? counted(next) : next(refusal)));
}

function headerOf({ headers }: Handshake, name: string): string | undefined {
  return headers.find((header) => header[0] === name)?.[1];
}
