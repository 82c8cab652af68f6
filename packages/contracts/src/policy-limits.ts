/** The part of `limits` that belongs to rates and quotas, models and access logs: what stages and plans ask for. */
export const policyLimits = {
  /** Ours: token buckets and quotas that one process remembers, the least recently used go. A forgotten one is whole again in
   * memory; in Redis it lives on. */
  rateBucketsMax: 100_000,
  /** Ours: takes of one bucket that wait for Redis; over it they are refused. */
  rateWaitingMax: 10_000,
  /** Ours: what a take waits for Redis at most. Then buckets of this process alone decide, and Redis is tried again so often. */
  rateTimeoutMs: 50,
  rateRetryIntervalMs: 1_000,
  /** Ours: tokens that a process reserves ahead: what it used in this time, at most what the rate refills in it and this share
   * of the burst (of what is left, for a quota). */
  rateReservationPeriodMs: 50,
  rateReservationShare: 0.02,
  /** Ours: reserved tokens not used by then are forfeited, or given back where they belong to a quota. */
  rateReservationMs: 250,
  /** Ours: a bucket found empty is not asked for again for at least this long, as far as its rate allows, and at most so long,
   * so that a Redis that has lost it is noticed. */
  rateRefusalMs: 5,
  rateRefusalMsMax: 1_000,
  /** Ours: the same for a quota that is used up; given back tokens are seen after it. */
  quotaRefusalMs: 1_000,
  /** Ours: how long Redis remembers when a quota was first counted, which is when its `offset` counts. */
  quotaFirstPeriodMs: 34_560_000_000,
  /** Ours: how long a bucket that refills slowly is remembered by Redis. */
  rateBucketIdleMsMax: 2_678_400_000,

  /** API: length of a model's schema, as text. */
  modelSchemaLengthMax: 32_768,
  /** Ours: validation of one message against a model whose work is not bounded by its size: expensive patterns, references. */
  modelValidationMs: 100,
  /** Ours: steps that a validation may take without that time limit around it, which costs some 50 µs. */
  modelStepsMax: 1_000_000,
  /** Ours: text that says why a message does not fit its model. */
  validationTextLengthMax: 1_024,

  /** API: length of an access log format. */
  accessLogFormatBytesMax: 3_072,
  /** Ours: one access log line; longer ones are cut. */
  accessLogLineLengthMax: 16_384,
  /** Ours: bytes of access log lines that wait for one destination; over it lines are dropped and counted. */
  accessLogQueuedBytesMax: 4_194_304,
  /** Ours: lines are written, or posted, together after this long, or at so many bytes. */
  accessLogFlushMs: 200,
  accessLogBatchBytesMax: 262_144,
  /** Ours: how often a log file is looked at, whether it was moved away (rotation). */
  accessLogRotationCheckMs: 1_000,
  /** Ours: attempts to post one batch of lines, their pauses, and what one attempt may take. */
  accessLogAttemptsMax: 5,
  accessLogRetryDelayMs: 200,
  accessLogRetryDelayMsMax: 5_000,
  accessLogRequestTimeoutMs: 5_000,
  /** Ours: what a closing process waits for its last access log lines. */
  accessLogCloseMs: 3_000,
  /** API: one execution log event; longer ones are cut. */
  executionLogBytesMax: 1_024,
} as const;
