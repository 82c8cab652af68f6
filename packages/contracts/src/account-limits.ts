/**
 * What all APIs of a gateway may take together (spec 12 §12.2, 14). Unset members are no limit: a gateway of one's own has one
 * tenant, and no neighbour to protect from it.
 */
export interface AccountLimits {
  /** Messages and `@connections` calls per second. */
  throttlingRateLimit?: number | undefined;
  /** Unset: one second's worth. */
  throttlingBurstLimit?: number | undefined;
  /** New connections per second. */
  connectRateLimit?: number | undefined;
  connectBurstLimit?: number | undefined;
  /** Settings of stages and routes that are 0 count as unset, instead of refusing everything as AWS does (spec 17 O23). */
  throttleZeroMeansUnset?: boolean | undefined;
}

/** A token bucket that holds for all processes of the gateway together: the shape of `Bucket` in packages/rates. */
export interface AccountBucket {
  key: string;
  /** Tokens per second. */
  ratePerSecond: number;
  burst: number;
}

/** The bucket of messages and `@connections` calls; undefined where there is no such limit. */
export function accountRequestBucket(account: AccountLimits): AccountBucket | undefined {
  return bucketOf('account/requests', account.throttlingRateLimit, account.throttlingBurstLimit);
}

/** The bucket of new connections; undefined where there is no such limit. */
export function accountConnectBucket(account: AccountLimits): AccountBucket | undefined {
  return bucketOf('account/connects', account.connectRateLimit, account.connectBurstLimit);
}

function bucketOf(key: string, rate: number | undefined, burst: number | undefined): AccountBucket | undefined {
  if (rate === undefined) return undefined;
  return { key, ratePerSecond: rate, burst: burst ?? burstOf(rate) };
}

/** Bucket size where only a rate is set: one second's worth, and room for one request at the least. */
export function burstOf(ratePerSecond: number): number {
  return Math.max(1, Math.ceil(ratePerSecond));
}
