import { busLimits } from './bus-limits.js';
import { edgeLimits } from './edge-limits.js';
import { integrationLimits } from './integration-limits.js';
import { policyLimits } from './policy-limits.js';

/**
 * Every limit of the gateway, with its unit in its name. "API" marks a limit of the model service (spec 14), which
 * `sluice.yaml` can change per API; "ours" marks a bound that protects this process.
 */
export const limits = {
  ...edgeLimits,
  ...busLimits,
  ...integrationLimits,
  ...policyLimits,
  /** Ours: how long a callback waits for the edge's acknowledgement. */
  deliveryTimeoutMs: 10_000,
  /** Ours: how long a request body of `@connections` may take to arrive. */
  requestBodyTimeoutMs: 10_000,
  /** Ours: `@connections` requests in work at one process; over it 429. */
  callbackInflightMax: 10_000,
  /** Ours: bytes of `@connections` bodies that one process holds while they arrive; over it 429. */
  callbackBodyBytesMax: 67_108_864,
  /** Ours: an over-size body is read to its end and thrown away up to here, so that its sender sees the 413 on a
   * connection that goes on; beyond it the connection is cut. */
  requestBodyDiscardBytesMax: 1_048_576,
  /** Ours: pause between attempts to reach an inbox that is absent while its node may be alive, and between questions
   * whether the node of an unacknowledged delivery still lives. */
  undeliveredRetryIntervalMs: 250,
  nodeStatePollIntervalMs: 500,
  /** API: a signature made longer ago than this, or further ahead, is refused. */
  signatureSkewMs: 300_000,
  /** API: how long a signature in the query of a handshake may be good for. */
  presignedSecondsMax: 604_800,
  /** Ours: derived signing keys kept; there is one per access key, day and region. */
  signingKeysMax: 1_024,
  /** API: largest result of an authorizer; and the longest resource in its policy. */
  authorizerResultBytesMax: 8_192,
  policyResourceLengthMax: 512,
  /** API: what an authorizer may take; the model service's integration limit (spec 08 §8.1). */
  authorizerTimeoutMs: 29_000,
  /** Ours: kept results of authorizers in one process; the least recently used goes first. Each is at most some 10 KB. */
  authorizerResultsMax: 4_096,
  /** Ours: longest JSON Web Token that is looked at. */
  tokenBytesMax: 8_192,
  /** Ours: tokens in one process whose verification is kept, none longer than the second; the least recently used goes first. Each
   * is at most some 10 KB. */
  verifiedTokensMax: 4_096,
  verifiedTokenBytesMax: 2_048,
  /** Ours: how far the clock of a token's issuer may be ahead or behind. */
  tokenLeewayMs: 10_000,
  /** Ours: keys of an issuer that a token without a key id is tried with. */
  tokenKeysTriedMax: 8,
  /** Ours: what fetching an issuer's keys may take, and how large its documents may be. */
  issuerTimeoutMs: 5_000,
  issuerDocumentBytesMax: 262_144,
  /** Ours: an issuer is asked at most this often because of a key that is not known; and again after it failed to answer. */
  issuerCooldownMs: 30_000,
  issuerRetryDelayMs: 1_000,
  /** Ours: issuers whose keys are kept; the first one goes first. */
  issuersMax: 256,
  /** Ours: an issuer's keys are fetched again after this; they go on working while it cannot be reached, up to the second time. */
  issuerKeysFreshMs: 600_000,
  issuerKeysStaleMsMax: 86_400_000,
  /** Ours: unsent bytes for one inbox; over it commands are undeliverable. */
  inboxBytesMax: 67_108_864,
  /** Ours: a batch of commands that Redis does not take is tried again for this long, which outlasts a fail-over; then its
   * commands are undeliverable. */
  inboxRetryMsMax: 30_000,
  /** Ours: writers whose last batch an inbox remembers, so that a repeated batch is recognised. */
  inboxWritersRemembered: 10_000,
  /** Ours: what queueing a background job may take; later the caller is told that it failed. */
  jobEnqueueTimeoutMs: 5_000,
  /** Ours: a socket of the background jobs that stays silent this long under a command is given up. Their blocking read takes up
   * to 10 s. */
  jobsSilentMsMax: 15_000,
  /** Ours: how often each process looks whether the schedules of recurring jobs are still there: Redis may come back empty. */
  jobScheduleCheckMs: 10_000,
  /** Ours: finished and failed jobs that are kept, so that a second job of the same id is recognised. */
  jobsKeptMax: 10_000,
  /** Ours: jobs that wait in one process (standalone); over it queueing fails. */
  jobsWaitingMax: 100_000,
  /** Ours: what a closing process waits for background jobs in work. */
  jobsCloseMs: 10_000,
  /** Ours: what a closing bus waits for batches and commands that are not confirmed yet. */
  busCloseMs: 3_000,
  /** Ours: entries an inbox stream holds at most (a brake, counted when hit). */
  inboxEntriesMax: 100_000,
  /** Ours: drain of an edge on SIGTERM (OPERATIONS §3). */
  drainHoldMs: 5_000,
  drainWindowMs: 60_000,
  drainSettleMs: 10_000,
  /** Ours: closes that are later than this put off those after them by the rest, so that no second sees more than twice the mean rate;
   * in all by no more than the window has left. */
  drainLateMsMax: 100,
  /** Ours: after its last close a draining edge leaves the sockets this long to flush their queues and close frames. Cut at once,
   * a client that is a moment behind sees 1006 and misses messages that were answered 200. */
  drainFlushMs: 1_000,
  /** Ours: what a second SIGTERM shortens the rest of the window to. */
  drainHurryWindowMs: 5_000,
  /** Ours: uWebSockets.js ends an HTTP connection on which nothing moves for 10 s, in steps of 4 s. After this long of answers that
   * end their connections a draining port has none left that a caller could still write to. */
  httpIdleMsMax: 14_000,
  /** Ours: a router or callback finishes work in flight for at most this long. */
  drainWorkMs: 35_000,

  /** Ours: lines of one event that the log takes in one window; the rest is counted and reported as `suppressed`. */
  logLinesPerEventMax: 20,
  logWindowMs: 10_000,
  /** Ours: how often a line repeats that something still fails, with Redis away for example. */
  outageLogIntervalMs: 30_000,
  /** Ours: APIs and stages that the metrics of a process tell apart; beyond them they are counted together as `other`. */
  metricApisMax: 200,
  metricStagesMax: 500,
  /** Ours: spans that wait for export; beyond it the newest are dropped, never the traffic slowed. */
  spansQueuedMax: 2_048,
  /** Ours: one export of spans that is not answered by then is given up. */
  spanExportTimeoutMs: 5_000,
  /** Ours: what the admin port grants one client; a scrape or probe needs a fraction of it. */
  adminRequestTimeoutMs: 10_000,
  adminConnectionsMax: 100,
  /** Ours: what a part of a stopping process gets beyond the time its own work may take; then it is left behind. */
  partStopMarginMs: 5_000,
  /** Ours: how often a starting process asks a Redis that has not answered yet. */
  redisStartPollIntervalMs: 500,
  /** Ours: how often a starting process looks whether its bus is there, once Redis has answered. */
  busStartPollIntervalMs: 10,
  /** Ours: how often a process looks whether its configuration files have changed. The kubelet itself brings a change up to a
   * minute late. */
  configWatchIntervalMs: 2_000,
  /** Ours: a changed file is taken once it has stayed the same for this long: an editor may be half-way through writing it. */
  configSettleMs: 250,
  /** Ours: how often a process that is behind its configuration file renews the age it reports. */
  configAgeIntervalMs: 1_000,
  /** Ours: what `sluice self-test` may take in all, at most and where nothing is said. */
  selfTestTimeoutMsMax: 60_000,
  selfTestTimeoutMs: 30_000,
  /** Ours: how long the self-test asks for a connection that it has closed, and how often. By then also one on a node that was
   * killed answers 410. */
  selfTestGoneMs: 15_000,
  selfTestGonePollMs: 250,
  /** Ours: how often the event loop's delay is measured. */
  eventLoopLagIntervalMs: 250,
} as const;

/** The limits that `sluice.yaml` can set per API (`apis.<id>.limits`). */
export interface ApiLimits {
  messageBytesMax: number;
  idleTimeoutMs: number;
  connectionDurationMs: number;
  pingIntervalMs: number;
  connectionDurationJitterPercent: number;
  /** Per node; 0 is no bound of the API's own. */
  handshakesPerSecondMax: number;
  /** 0 is two seconds of the rate. */
  handshakesBurstMax: number;
}

export const defaultApiLimits: ApiLimits = {
  messageBytesMax: limits.messageBytesMax,
  idleTimeoutMs: limits.idleTimeoutMs,
  connectionDurationMs: limits.connectionDurationMs,
  pingIntervalMs: limits.pingIntervalMs,
  connectionDurationJitterPercent: limits.connectionDurationJitterPercent,
  handshakesPerSecondMax: limits.apiHandshakesPerSecondMax,
  handshakesBurstMax: limits.apiHandshakesBurstMax,
};
