/** Bounds of the frame stream, of leases and of what survives a dead node. "API" and "ours" as in `limits.ts`. */
export const busLimits = {
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
  /** Ours: how long an entry of a later release waits for a router that can read it; then it becomes a dead letter. Longer than a
   * rolling update of the routers; `$disconnect`s and messages older than that are better redriven by a person. */
  newerEntryMsMax: 900_000,
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
  /** Ours: what `router.disconnectAttemptsMax` can be set to: with doubling pauses the twelfth comes half an hour after the first. */
  disconnectAttemptsMaxMax: 12,
  disconnectRetryDelayMs: 1_000,
  /** Ours: attempts of a background redrive of dead letters, and the delay before the first repeat. */
  redriveAttemptsMax: 5,
  redriveRetryDelayMs: 1_000,
};
