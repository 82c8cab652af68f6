import { type AccountLimits, burstOf, type RouteSettings } from '@sluice/contracts';
import type { Bucket, RateKeeper } from '@sluice/rates';
import type { Gate } from './passage.js';
import type { Refusal } from './refusal.js';

/** A bucket, and what a refusal by it is called in logs and metrics. */
export interface NamedBucket {
  bucket: Bucket;
  reason: 'plan' | 'route' | 'account';
}

/**
 * The bucket of one route of one stage: its own settings, else those of the stage's default, which gives each route a bucket of
 * that size (spec 12 §12.2). Undefined where nothing limits the route but the account.
 */
export function routeBucket(
  place: { apiId: string; stage: string; routeKey: string },
  settings: RouteSettings,
  account: AccountLimits,
): NamedBucket | undefined {
  const zeroIsUnset = account.throttleZeroMeansUnset === true;
  const given = (value: number | undefined) => (zeroIsUnset && value === 0 ? undefined : value);
  const ownRate = given(settings.throttlingRateLimit);
  const ownBurst = given(settings.throttlingBurstLimit);
  if (ownRate === undefined && ownBurst === undefined) return undefined;
  // A bucket of no size never has a token, whatever would fill it.
  const ratePerSecond = ownRate ?? (ownBurst === 0 ? 0 : account.throttlingRateLimit);
  if (ratePerSecond === undefined) return undefined;
  const burst = ownBurst ?? account.throttlingBurstLimit ?? burstOf(ratePerSecond);
  const key = `route/${place.apiId}/${place.stage}/${place.routeKey}`;
  return { bucket: { key, ratePerSecond, burst }, reason: 'route' };
}

/** Takes a token of each bucket, in this order; the first that is empty refuses. Undefined where there is none. */
export function throttleGate(
  rates: RateKeeper,
  named: readonly (NamedBucket | undefined)[],
  count: (reason: NamedBucket['reason']) => void,
): Gate | undefined {
  const present = named.filter((each) => each !== undefined);
  if (present.length === 0) return undefined;
  const buckets = present.map(({ bucket }) => bucket);
  const refusals = present.map(throttled);
  return (_passage, next) => {
    rates.take(buckets, (emptyIndex) => {
      const empty = present[emptyIndex];
      if (empty !== undefined) count(empty.reason);
      next(refusals[emptyIndex]);
    });
  };
}

function throttled({ bucket, reason }: NamedBucket): Refusal {
  const { key, ratePerSecond, burst } = bucket;
  return { code: 'throttled', detail: `rate of the ${reason} ${key}: ${ratePerSecond}/s, burst ${burst}` };
}
