/**
 * Every metric of the gateway: the only place where names, labels and help texts are written. Units are seconds and
 * bytes. Label values are bounded: configured names, enumerated results; never a connection id, an address or a URL.
 */
const fast = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const integration = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 29, 30];
// The objective for messages is told by 60 s: beyond what an integration may take.
const outcome = [...integration, 60];
const lifetime = [1, 10, 60, 300, 600, 1800, 3600, 5400, 7200];
const size = [64, 256, 1024, 4096, 16_384, 32_768, 65_536, 131_072];

export interface MetricDefinition {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  readonly buckets?: readonly number[];
}

const counter = <L extends string>(help: string, ...labels: L[]) => ({ type: 'counter' as const, help, labels });
const gauge = <L extends string>(help: string, ...labels: L[]) => ({ type: 'gauge' as const, help, labels });
const histogram = <L extends string>(help: string, buckets: readonly number[], ...labels: L[]) => ({
  type: 'histogram' as const,
  help,
  labels,
  buckets,
});

/** Key: the field under which code reaches it. The metric's name is `sluice_` and the key in snake case. */
export const metricDefinitions = {
  sockets: gauge('Open sockets.', 'api', 'stage'),
  socketsLimit: gauge('Sockets this process may hold.'),
  handshakesTotal: counter(
    'Upgrade requests by result: accepted, refused, failed, throttled, aborted, unknown.',
    'api',
    'stage',
    'result',
  ),
  handshakeSeconds: histogram('Upgrade request to 101 or refusal.', fast, 'api', 'stage', 'result'),
  closesTotal: counter('Closed connections by code and named reason.', 'api', 'stage', 'code', 'reason'),
  connectionSeconds: histogram('Life of a connection.', lifetime, 'api', 'stage'),
  framesTotal: counter('Messages in and out of sockets.', 'api', 'stage', 'kind'),
  frameBytesTotal: counter('Payload bytes in and out of sockets.', 'api', 'stage', 'kind'),
  frameSizeBytes: histogram('Payload size of messages.', size, 'api', 'stage', 'kind'),
  throttledTotal: counter(
    'Handshakes, messages and @connections calls refused by rate (route, account, plan), quota, bound, origin or an absent bus.',
    'api',
    'reason',
  ),
  orderedMessagesTotal: counter(
    'Messages of ordered routes at the edge: sent, done; refused, the queue being full; overdue, the next sent without word of its end; dropped, its client gone too long.',
    'api',
    'result',
  ),
  orderedWaiting: gauge('Messages of ordered routes that wait at the edge for the one before them.', 'api'),
  largeMessagesTotal: counter('Messages over 32 KB, which the model service takes in several frames only.', 'api'),
  slowConsumers: gauge('Sockets over their soft limit of queued bytes.', 'api'),
  queuedBytes: gauge('Bytes queued for sockets that read slowly.', 'api'),
  pongSeconds: histogram('Server ping to the next sign of life.', fast, 'api'),
  drainState: gauge('0 starting, 1 ready, 2 draining, 3 closed.'),
  drainRemaining: gauge('Sockets still to be closed by the drain.'),
  drainStartedTimestampSeconds: gauge('When the drain began, as Unix time; 0 before.'),
  drainsTotal: counter(
    'Drains by result: started; completed or forced, which only a scrape of the last moment can see.',
    'result',
  ),

  streamAppendsTotal: counter('Batches appended to the frame stream.', 'shard', 'result'),
  streamAppendSeconds: histogram('Append of a batch until confirmed.', fast, 'shard', 'result'),
  streamWaitSeconds: histogram('Enqueue of a batch at the edge until a router has read it.', fast, 'shard'),
  streamLength: gauge('Entries on the frame stream.', 'shard'),
  streamLag: gauge('Entries not yet delivered to a router.', 'shard'),
  streamPending: gauge('Entries delivered and not yet acknowledged.', 'shard'),
  streamOldestAgeSeconds: gauge('Age of the oldest entry not yet acknowledged.', 'shard'),
  deadLetters: gauge('Entries in the dead-letter stream.', 'shard'),
  deadLettersLimit: gauge('Entries the dead-letter stream may hold; over it the oldest is dropped.', 'shard'),
  streamReclaimedTotal: counter('Entries claimed from dead or stuck routers.', 'shard', 'reason'),
  streamNewerTotal: counter('Entries of a newer release, left to routers that can read them.', 'shard'),
  streamTrimmedTotal: counter('Entries dropped by an emergency cap.', 'shard', 'reason'),
  streamLostTotal: counter(
    'Entries that are gone before they were acknowledged, pending (body_missing) or unread: data loss.',
    'shard',
    'reason',
  ),
  deadLettersTotal: counter('Envelopes put into the dead-letter stream.', 'shard', 'reason'),
  redisCommandsSeconds: histogram('Redis pipelines by role.', fast, 'role', 'kind'),
  redisErrorsTotal: counter('Failed Redis commands.', 'role', 'kind'),
  redisReconnectsTotal: counter('Reconnects to Redis.', 'role', 'kind'),
  redisWatchdogTotal: counter('Blocking reads that the watchdog cut.', 'role', 'kind'),
  redisUp: gauge('1 while Redis answers.', 'role', 'kind'),
  redisMemoryUsedBytes: gauge(
    'Memory used by the Redis server that holds this shard: on a cluster several shards share one.',
    'shard',
  ),
  redisMemoryMaxBytes: gauge('Its maxmemory; 0 where none is set.', 'shard'),
  inboxUndeliveredTotal: counter(
    'Inbox commands not taken: gone, failed, newer (of a newer release).',
    'kind',
    'reason',
  ),

  messagesTotal: counter('Messages by outcome at the router that handled them.', 'api', 'stage', 'route', 'result'),
  overheadSeconds: histogram('Socket to integration request sent.', fast, 'api', 'stage', 'route', 'result'),
  messageSeconds: histogram('Enqueue at the edge to final outcome.', outcome, 'api', 'stage', 'route', 'result'),
  authorizerSeconds: histogram(
    'Authorization of a handshake or message: ok, or the code of its refusal.',
    integration,
    'api',
    'stage',
    'route',
    'result',
  ),
  integrationSeconds: histogram('Integration call.', integration, 'api', 'stage', 'route', 'kind', 'code'),
  integrationErrorsTotal: counter('Failed integration calls.', 'api', 'stage', 'route', 'kind', 'code'),
  integrationInflight: gauge('Integration calls in work.', 'api', 'stage', 'route', 'kind'),
  integrationRetriesTotal: counter('Repeated $disconnect calls.', 'api', 'stage', 'route', 'kind'),
  duplicatesTotal: counter('Envelopes recognised as repeats and not processed again.', 'api', 'stage', 'route', 'kind'),

  managementRequestsTotal: counter('@connections requests by operation and status.', 'kind', 'code'),
  managementSeconds: histogram('@connections request to answer.', fast, 'kind', 'code'),
  deliverySeconds: histogram('Management call to bytes written to the socket.', fast),
  signatureFailuresTotal: counter('Requests whose signature was refused.', 'reason'),

  ratesLocalTotal: counter('Takes decided by this process alone because Redis was away or slow.', 'kind'),
  accessLogLinesTotal: counter(
    'Access log lines by kind of destination and result: written, dropped, failed.',
    'kind',
    'result',
  ),

  traceSpansTotal: counter(
    'Ended spans by result: exported; dropped, the queue being full; failed, the collector being away or slow.',
    'result',
  ),

  reapedConnectionsTotal: counter('Connections of dead nodes whose $disconnect was sent by a survivor.'),
  fencesTotal: counter('Times an edge found its node taken over and closed its sockets.'),
  jobsTotal: counter('Background jobs by name and result.', 'kind', 'result'),
  configVersion: gauge('Configurations taken over since the start, the first one included.'),
  configAgeSeconds: gauge(
    'For how long the configuration files have said something that is not in force: refused, or waiting for a restart. 0 when current.',
  ),
  configReloadsTotal: counter(
    'Readings of changed configuration files by result: taken, unchanged, refused.',
    'result',
  ),
  buildInfo: gauge('Always 1.', 'version', 'role'),
  eventLoopLagSeconds: histogram('Event loop delay.', fast),
  fdsOpen: gauge('Open file descriptors.'),
  fdsMax: gauge('File descriptor limit.'),
  heapLimitBytes: gauge('What the JavaScript heap may grow to.'),
  memoryLimitBytes: gauge("What the process may take: the limit of its control group, else the machine's memory."),
} as const satisfies Record<string, MetricDefinition>;

export type MetricKey = keyof typeof metricDefinitions;

/** `streamAppendSeconds` → `sluice_stream_append_seconds`. */
export function metricName(key: MetricKey): string {
  return `sluice_${key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
}
