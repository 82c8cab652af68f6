import { type AccountLimits, accountRequestBucket } from '@sluice/contracts';
import type { RateKeeper } from '@sluice/rates';
import type { Metrics } from '@sluice/telemetry';

/** Says whether one more request is within the account's rate; calls back once, at once or a little later. */
export type Throttle = (apiId: string, done: (within: boolean) => void) => void;

/** The account's rate, which callbacks share with messages (spec 09 §9.7). Undefined where there is none. */
export function createAccountThrottle(
  rates: RateKeeper,
  account: AccountLimits,
  metrics: Metrics,
): Throttle | undefined {
  const bucket = accountRequestBucket(account);
  if (bucket === undefined) return undefined;
  const buckets = [bucket];
  return (apiId, done) => {
    rates.take(buckets, (emptyIndex) => {
      if (emptyIndex !== -1) metrics.throttledTotal.labels(apiId, 'account').inc();
      done(emptyIndex === -1);
    });
  };
}
