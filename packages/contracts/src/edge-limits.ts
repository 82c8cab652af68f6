/** Bounds of clients, sockets and handshakes. "API" and "ours" as in `limits.ts`. */
export const edgeLimits = {
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
  /** Ours: up to so much is taken off a connection's lifetime at random, so that a fleet does not reconnect at once. 0 is off: then
   * the lifetime is the model service's to the tick. */
  connectionDurationJitterPercent: 5,
  connectionDurationJitterPercentMax: 50,
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
  /** Ours: bytes behind the head of a PROXY prelude of version 2 that are read (the specification asks for 520 at least), and how long
   * a load balancer may take for its prelude and the request head behind it. */
  proxyPreludeBytesMax: 1_024,
  proxyPreludeMsMax: 10_000,
  /** Ours: a client by the PROXY port that has got all that the edge had for it is waited for this long to end its side. */
  proxyLingerMs: 5_000,
  /** Ours: new handshakes per second and node, and burst; over it 503 with Retry-After before anything else runs. */
  handshakesPerSecondMax: 500,
  handshakesBurstMax: 1_000,
  /** Ours: the same for one API on a node, so that the storm of one leaves room for the others; over it 503 before its authorizer
   * is asked. 0: only the node's bound, and a burst of 0 is two seconds of the rate. */
  apiHandshakesPerSecondMax: 0,
  apiHandshakesBurstMax: 0,
  /** Ours: upgrades held at once on a node while their `$connect` runs, and those of one stage among them: a back end or authorizer
   * that hangs leaves room for the handshakes of others. */
  handshakesPendingMax: 1_000,
  handshakesPendingStageMax: 750,
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
};
