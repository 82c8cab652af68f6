import type { QuotaPeriod } from '@sluice/contracts';

/** A token bucket. Its key is the same in every process of the cluster. */
export interface Bucket {
  key: string;
  /** Refill, tokens per second; 0 with any burst refuses everything (spec 17 O23). */
  ratePerSecond: number;
  /** Size of the bucket, full at first; 0 refuses everything. */
  burst: number;
}

export interface Quota {
  key: string;
  limit: number;
  /** Counted already at the start of the first period. */
  offset: number;
  period: QuotaPeriod;
}

/** Counts requests against rates and quotas that hold for all processes together. */
export interface RateKeeper {
  /**
   * Takes one token of each bucket, in this order; the first empty one refuses and the later ones lose nothing. `done` gets its
   * index, -1 where all had one, and is called synchronously as long as tokens reserved for this process are left. It is
   * always called, once, after `limits.rateTimeoutMs` at the latest.
   */
  take(buckets: readonly Bucket[], done: (emptyIndex: number) => void): void;

  /**
   * Counts one request; false where the quota of this period is used up. Periods are days, weeks from Sunday, and months, in
   * UTC. Called back like `take`.
   */
  count(quota: Quota, done: (within: boolean) => void): void;

  /** Gives back what is reserved of quotas. What waits is decided by this process alone. */
  close(): Promise<void>;
}
