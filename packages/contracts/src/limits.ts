import { policyLimits } from './policy-limits.js';

/**
 * Every limit of the gateway, with its unit in its name. "API" marks a limit of the model service (spec 14), which
 * `sluice.yaml` can change per API; "ours" marks a bound that protects this process.
 */
export const limits = {
  /** API: largest message from a client, and largest reply or callback body. Over it: close 1009, or 413. */
  messageBytesMax: 131_072,
  /** API: no client data, ping or delivery for this long: close 1001. 0 is off. */
  idleTimeoutMs: 600_000,
  /** API: a connection's whole life, never extended: close 1001. 0 is off. */
  connectionDurationMs: 7_200_000,
  /** Ours: server ping period; keeps NAT and proxies open without touching the idle timer. 0 leaves only `pingIntervalMsMax`. */
  pingIntervalMs: 25_000,
  /** Ours: a client that has sent nothing for this long is pinged whatever the API says, so that `transportSilenceMs` never ends
   * a living connection: its pong is due `pongTimeoutMs` later. */
  pingIntervalMsMax: 900_000,
  /** Ours: uWebSockets.js cuts a socket on which nothing has moved for this long: one that we have ended and whose client never
   * takes the rest, since we cannot see it any more. The longest time that the library knows. */
  transportSilenceMs: 960_000,
  /** Ours: a client that has sent no frame at all, pong included, for this long after a ping is gone (1006). */
  pongTimeoutMs: 20_000,
  /** Ours: up to this share is taken off a connection's lifetime at random, so that a fleet does not reconnect at once. */
  connectionDurationJitter: 0.05,
  /** API: integration timeout when the definition names none; also its largest value. */
  integrationTimeoutMs: 29_000,
  integrationTimeoutMsMin: 50,
  /** Ours: added to the integration timeout for the way over the bus before a held upgrade is answered 504. */
  connectVerdictMarginMs: 3_000,
  /** API: longest URL of an upgrade request (414). */
  urlBytesMax: 4_096,
  /** API: all headers of an upgrade request together (431). */
  headerBytesMax: 10_240,
  /** Ours: what uWebSockets.js may buffer of one request head; read from the environment as the library loads. Above
   * headerBytesMax, so that the common over-size head still gets its 431 from us. */
  transportHeaderBytesMax: 16_384,
  /** API: route key length, routes per API, stages per API. */
  routeKeyLengthMax: 128,
  routesPerApiMax: 300,
  integrationsPerApiMax: 300,
  stagesPerApiMax: 10,
  /** API: authorizers per API, stage variables per stage, custom domains, length of a mapping key, tags of one thing. */
  authorizersPerApiMax: 10,
  stageVariablesMax: 100,
  domainNamesMax: 120,
  apiMappingKeyLengthMax: 300,
  tagsMax: 50,
  /** Ours: how long `sluice.yaml` can have an authorizer's result kept. */
  authorizerResultTtlSecondsMax: 3_600,
  /** Ours: what uWebSockets.js may assemble for one message before it cuts the TCP connection. Above messageBytesMax, so
   * that the common over-size message still gets its 1009 close frame, which the library itself never sends. */
  transportMessageBytesMax: 1_048_576,

  /** Ours: queued bytes of one socket from which callbacks to it answer 429 (spec 09 §9.4 "client-side buffer is full"). */
  socketQueuedBytesSoft: 262_144,
  /** Ours: queued bytes of one socket at which it is closed with 1008. */
  socketQueuedBytesMax: 1_048_576,
  /** Ours: a socket that stays over the soft limit for this long is closed with 1008. */
  socketSlowMsMax: 10_000,
  /** Ours: new handshakes per second and node, and burst; over it 503 with Retry-After before anything else runs. */
  handshakesPerSecondMax: 500,
  handshakesBurstMax: 1_000,
  /** Ours: upgrades held at once on a node while their `$connect` runs. */
  handshakesPendingMax: 1_000,
  /** Ours: what a refused handshake is told to wait (`Retry-After`), a random whole number of seconds up to this. */
  retryAfterSecondsMax: 5,
  /** Ours: resolution of every deadline of a connection; one timer of this period serves all of them. */
  deadlineTickMs: 50,
  /** Ours: first and longest pause between attempts of an edge to register, unregister, announce a `$disconnect` or join again. */
  edgeRetryDelayMs: 100,
  edgeRetryDelayMsMax: 5_000,
  /** Ours: messages of ordered routes that wait at the edge until the one before them is done, for one connection and (bytes) for
   * all of a node; over it a message is refused as throttled. */
  orderedWaitingMessagesMax: 100,
  orderedWaitingBytesMax: 1_048_576,
  orderedWaitingNodeBytesMax: 67_108_864,
  /** Ours: an ordered message of which no router has said by then that it is done holds up the next one no longer. Outlasts a router
   * that dies or hangs with it (`reclaimIdleMs`, `reclaimIntervalMs`) and one more call of the integration. */
  orderedDoneTimeoutMs: 120_000,
  /** Ours: how long what waits in order is still sent once its client has closed, and the `$disconnect` put off for it. */
  orderedAfterCloseMs: 30_000,
  /** API: largest frame of the model service. The library shows whole messages only: the first larger one of an API is logged. */
  frameBytesMax: 32_768,
  /** Ours: inbox commands kept while the lease is not known to be held; beyond it they go unanswered and are counted. */
  inboxWaitingCommandsMax: 10_000,

  /** Ours: one tick's batch is sent early once it has this many bytes, so that no stream entry grows without bound. */
  batchBytesMax: 262_144,
  /** Ours: and once it has this many envelopes: a batch is acknowledged as a whole. */
  batchEnvelopesMax: 128,
  /** Ours: bytes of batches that Redis has not confirmed yet; over it frames are refused. */
  appendInflightBytesMax: 33_554_432,
  /** Ours: a producer's command that Redis has not answered by then has failed. */
  redisCommandTimeoutMs: 500,
  /** Ours: stream entries (batches) not yet acknowledged on one shard; over it frames are refused. */
  backlogEntriesMax: 100_000,
  /** Ours: how often producers ask for the backlog. */
  backlogPollIntervalMs: 500,
  /** Ours: blocking reads wait this long, so that a dead Redis is noticed (never 0). */
  blockingReadMs: 1_000,
  /** Ours: a blocking read unsettled this long after its time destroys its socket and builds a new client. */
  blockingReadGraceMs: 5_000,
  /** Ours: entries taken by one read. */
  readEntriesMax: 100,
  /** Ours: envelopes in work at one router; reading pauses at it. */
  routerInflightMax: 2_000,
  /** Ours: finished entries are acknowledged together after this long, or at once when there are so many. Each call costs the
   * router and Redis some 30 µs, and a router that is killed repeats what it had not acknowledged. */
  acknowledgeDelayMs: 4,
  acknowledgeEntriesMax: 64,
  /** Ours: deliveries of an entry before what is unfinished in it goes to the dead-letter stream. */
  deliveriesMax: 5,
  /** Ours: delivery from which the envelopes of an entry go one at a time, with a note after each, because it may hold what
   * kills its routers. The second is parallel like the first: most routers end for other reasons, and a full batch to a back
   * end that takes a second would be 128 s late. */
  deliveriesSerialFrom: 3,
  /** Ours: entries kept in a shard's dead-letter stream; beyond it the oldest is dropped and counted. */
  deadLettersMax: 10_000,
  /** Ours: how long an entry without progress stays with a router that seems alive before a peer claims it. */
  reclaimIdleMs: 60_000,
  /** Ours: how often routers look for entries of dead peers. */
  reclaimIntervalMs: 5_000,
  /** Ours: pending entries looked at for missing bodies when entries seem to be lost; with more of them the look waits. */
  lossCheckPendingMax: 10_000,
  /** Ours: unfinished entries older than this record which of their envelopes are done, so that a claim repeats few. */
  progressAfterMs: 250,

  /** Ours: lease of a node or worker, and how often it is renewed. With the time until a callback looks again
   * (`nodeStatePollIntervalMs`) it stays below the 15 s within which ids of a killed edge have to answer 410. */
  leaseMs: 14_000,
  leaseRenewIntervalMs: 5_000,
  /** Ours: a renewal that failed is tried again after this; short, so that a node is back before a reaper's second look. */
  leaseRetryDelayMs: 1_000,
  /** Ours: slots tried for a free one before joining fails. Only slots of living or not yet reaped nodes are passed over. */
  nodeSlotTriesMax: 4_096,
  /** Ours: how long a node found alive is not asked for again; less than `nodeStatePollIntervalMs`, or polls would meet it. */
  nodeStateCacheMs: 250,
  /** Ours: connections written to the registry in one step; and the wait after a step that failed. */
  registryBatchConnectionsMax: 500,
  registryRetryDelayMs: 200,
  /** Ours: how long a leaving node tries to write what it has not yet written. */
  registryFlushMs: 2_000,
  /** Ours: how often dead nodes are looked for, and how long one must have been seen dead before it is taken over; the
   * second look lets live edges renew first when Redis itself was away. */
  reapIntervalMs: 5_000,
  reapSuspectMs: 5_000,
  /** Ours: how long a node that was taken over is remembered, so that it is fenced however late it thaws; its slot is not given
   * out meanwhile. A slept laptop or a paused virtual machine is back within a day. */
  nodeTombstoneMs: 86_400_000,
  /** Ours: connections of a dead node taken over in one step. */
  reapChunkConnections: 200,
  /** Ours: how long a repeated `$disconnect` of one connection is recognised. */
  disconnectMarkerMs: 600_000,
  /** Ours: attempts at a `$disconnect` whose back end gave no answer; 1 is the model service's single attempt. */
  disconnectAttemptsMax: 5,
  disconnectRetryDelayMs: 1_000,
  /** Ours: attempts of a background redrive of dead letters, and the delay before the first repeat. */
  redriveAttemptsMax: 5,
  redriveRetryDelayMs: 1_000,

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

  /** Ours: TCP connections to one back-end origin, and requests waiting for one of them. */
  integrationConnectionsMax: 256,
  integrationWaitingMax: 10_000,
  /** Ours: interim (1xx) answers skipped before a back end's answer; more is a back end that plays for time. */
  integrationInterimAnswersMax: 16,
  /** Ours: how long a kept-alive connection to a back end stays unused when its answers name no `Keep-Alive: timeout`. Node
   * closes after 5 s: a second less, so that a request rarely meets a connection that is being closed. */
  integrationIdleMs: 4_000,
  /** Ours: a kept-alive connection that closes this soon after a request, without one byte, was closed before the request
   * came; the request goes out once more on a new connection. Later the back end may have worked on it. */
  integrationStaleCloseMs: 1_000,
  /** Ours: largest head of a request to a back end. Mapped headers and parameters may hold whole messages, which no server takes. */
  integrationRequestHeadBytesMax: 65_536,
  /** Ours: hosts named by requests (placeholders in the host of an integrationUri) that are kept at once. */
  integrationPassingHostsMax: 1_000,
  /** Ours: largest response head and body of a back end that is read. A larger body than a message may have can only
   * be dropped or end in an error, so reading stops there. */
  integrationHeadBytesMax: 65_536,
  integrationBodyBytesMax: 1_048_576,
  /** Ours: connections whose part of a Lambda event is kept as text; twice as many for a moment. */
  eventTextsCachedMax: 4_096,
  /** Ours: characters of a function's `errorMessage` that patterns of integration responses look at, and steps that one of these
   * patterns may need for each: time grows with their product, whatever the pattern and whoever chose the message. */
  errorMessageMatchedCharsMax: 4_096,
  errorPatternStatesMax: 512,
  /** Ours: characters of a back end's own explanation that go to the log. */
  backEndDetailCharsMax: 256,

  /** API: text that one mapping template may yield. */
  templateOutputBytesMax: 307_200,
  /** API: turns of one #foreach; over it the template fails. */
  templateForeachTurnsMax: 1_000,
  /** Ours: directives and references that one rendering may run, loops within loops included: some ten milliseconds. */
  templateStepsMax: 200_000,
  /** Ours: macros, #define blocks and interpolated texts within one another, and blocks of a template within one another. */
  templateDepthMax: 32,
  /** Ours: characters of one text value, and of all that one rendering makes. Doubling a text in a loop ends here. */
  templateTextLengthMax: 1_048_576,
  templateTextTotalMax: 8_388_608,
  /** Ours: lists and maps within one another that are turned into text; a map put into itself ends here. */
  templateValueDepthMax: 256,
  /** Ours: steps of the regular expressions of one rendering, or of one JSONPath filter: a catastrophic pattern ends here. */
  templateRegexStepsMax: 2_000_000,
  /** Ours: instructions of one compiled regular expression; `{1000}` repeats what it stands behind. */
  templateRegexInstructionsMax: 4_096,
  /** Ours: nodes of a message that the JSONPaths of one rendering, or of one mapping, may visit. */
  jsonPathNodesMax: 500_000,
  /** Ours: characters of a JSONPath, and how many that templates make at run time are kept compiled. */
  jsonPathLengthMax: 2_048,
  jsonPathsKept: 256,
  /** Ours: regular expressions of templates that are kept compiled. */
  templatePatternsKept: 256,

  /** Ours: drain of an edge on SIGTERM (OPERATIONS §3). */
  drainHoldMs: 5_000,
  drainWindowMs: 60_000,
  drainSettleMs: 10_000,
  /** Ours: after its last close a draining edge leaves the sockets this long to flush their queues and close frames. Cut at once,
   * a client that is a moment behind sees 1006 and misses messages that were answered 200. */
  drainFlushMs: 1_000,
  /** Ours: what a second SIGTERM shortens the rest of the window to. */
  drainHurryWindowMs: 5_000,
  /** Ours: a router or callback finishes work in flight for at most this long. */
  drainWorkMs: 35_000,

  // Rates and quotas, models, access logs.
  ...policyLimits,

  /** Ours: lines of one event that the log takes in one window; the rest is counted and reported as `suppressed`. */
  logLinesPerEventMax: 20,
  logWindowMs: 10_000,
  /** Ours: how often a line repeats that something still fails, with Redis away for example. */
  outageLogIntervalMs: 30_000,
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
  /** Ours: how often the event loop's delay is measured. */
  eventLoopLagIntervalMs: 250,
} as const;

/** The limits that `sluice.yaml` can set per API (`apis.<id>.limits`). */
export interface ApiLimits {
  messageBytesMax: number;
  idleTimeoutMs: number;
  connectionDurationMs: number;
  pingIntervalMs: number;
}

export const defaultApiLimits: ApiLimits = {
  messageBytesMax: limits.messageBytesMax,
  idleTimeoutMs: limits.idleTimeoutMs,
  connectionDurationMs: limits.connectionDurationMs,
  pingIntervalMs: limits.pingIntervalMs,
};
