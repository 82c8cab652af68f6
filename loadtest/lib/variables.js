/**
 * Every variable of a run, with its default and meaning. `settings.js` reads them, `npm run loadtest -- --help` prints them, and a test holds
 * the table of README.md to them. `default` undefined: the scenario or the profile says it.
 */
export const variables = [
  { name: 'SCENARIO', kind: 'text', default: 'webhook-echo', meaning: 'what is done: a file of scenarios/' },
  { name: 'PROFILE', kind: 'text', default: 'smoke', meaning: 'for how long and how hard: a file of profiles/' },
  {
    name: 'EDGE_URL',
    kind: 'addresses',
    default: 'ws://127.0.0.1:8080',
    meaning: 'where clients connect, ws:// or wss://; several by comma, taken in turn',
  },
  { name: 'CALLBACK_URL', kind: 'addresses', meaning: 'where `@connections` is called; unset: the edge, over http(s)' },
  {
    name: 'BACK_END_URL',
    kind: 'address',
    meaning: 'back-end/server.mjs, to check the counts against what it saw; unset: no such check',
  },
  {
    name: 'SLOW_EDGE_URL',
    kind: 'address',
    meaning: 'the edge through the slow link of the back end, for slow-consumer',
  },
  {
    name: 'API',
    kind: 'word',
    meaning: 'API id for the path, ws://host/{API}/{STAGE}; unset: the address names it, or there is one',
  },
  { name: 'STAGE', kind: 'word', default: 'load', meaning: 'stage in the path' },
  {
    name: 'ACCESS_KEY_ID',
    kind: 'text',
    default: 'LOADTEST',
    meaning: 'key that `@connections` is signed with; empty: unsigned',
  },
  { name: 'SECRET_ACCESS_KEY', kind: 'text', default: 'load-test-secret', meaning: 'its secret' },
  { name: 'REGION', kind: 'word', default: 'us-east-1', meaning: 'region in the signature' },
  {
    name: 'CONNECTIONS',
    kind: 'count',
    meaning: 'how many clients; of churn RATE × LIFETIME',
  },
  {
    name: 'RATE',
    kind: 'rate',
    meaning: 'messages, posts or connects per second of all clients together, before the profile scales it',
  },
  {
    name: 'DURATION',
    kind: 'duration',
    meaning: 'for how long, such as 90s or 10m; the profile’s curve is stretched to it',
  },
  { name: 'RAMP', kind: 'duration', meaning: 'time in which the clients connect' },
  {
    name: 'GRACE',
    kind: 'duration',
    default: '5s',
    meaning: 'how long answers under way may take after the last message',
  },
  { name: 'LIFETIME', kind: 'duration', default: '10s', meaning: 'churn: how long a connection lives on average' },
  {
    name: 'CUT_WINDOW',
    kind: 'duration',
    default: '1s',
    meaning: 'a message sent this long before a close, and not answered, may have come too late to be accepted',
  },
  {
    name: 'RECONNECT_JITTER',
    kind: 'duration',
    default: '2s',
    meaning: 'a client that got 1001 connects again after a random time up to this',
  },
  {
    name: 'HANDSHAKE_TRIES',
    kind: 'count',
    default: '5',
    meaning: 'handshakes of one connect before it counts as failed',
  },
  { name: 'ROUTE', kind: 'word', meaning: 'route of echo scenarios: mock, webhook or ordered' },
  { name: 'PAYLOAD_BYTES', kind: 'count', default: '100', meaning: 'size of a message, ids included' },
  {
    name: 'SOCKETS_PER_VU',
    kind: 'count',
    default: '20',
    meaning: 'connections that share one event loop of k6; also the members of a fan-out',
  },
  { name: 'P99_MS', kind: 'rate', default: '500', meaning: 'latency threshold: the p99 that is still good, ms' },
  {
    name: 'SEED',
    kind: 'text',
    default: '1',
    meaning: 'of the random choices: the same seed gives the same lifetimes and jitter',
  },
  {
    name: 'RUN_ID',
    kind: 'word',
    meaning:
      'prefix of all message ids; unset: made up. Leave it unset where several runners share a run: each accounts for its own',
  },
  { name: 'OUT', kind: 'text', meaning: 'folder for summary.json and summary.html; unset: none are written' },
];
