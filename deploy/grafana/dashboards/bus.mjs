import { row, timeseries } from '../panels.mjs';
import { increase, ofPods, percentile, percentiles, rate, sum, worst } from '../queries.mjs';

const quantile = 'p{{quantile}}';
const shard = 'shard {{shard}}';

const stream = [
  row('Frame stream'),
  timeseries('Appends', {
    unit: 'ops',
    description: 'Batches by shard and result. A batch is what an edge collects in one moment.',
    queries: [[rate('sluice_stream_appends_total', 'shard, result'), `${shard} {{result}}`]],
  }),
  timeseries('Append until confirmed', {
    unit: 's',
    description: 'A message is accepted when its append is confirmed.',
    queries: [[percentiles('sluice_stream_append_seconds'), quantile]],
  }),
  timeseries('Wait in the stream', {
    unit: 's',
    description: 'Edge to router.',
    queries: [[percentiles('sluice_stream_wait_seconds'), quantile]],
  }),
  timeseries('Oldest entry', {
    unit: 's',
    min: 0,
    steps: [[30, 'red']],
    description: 'Age of the oldest entry not yet done: the primary sign of a backlog.',
    queries: [[worst('sluice_stream_oldest_age_seconds', 'shard'), shard]],
  }),
  timeseries('Backlog', {
    unit: 'short',
    min: 0,
    description: 'Entries that no router has read (lag), and that are being worked (pending).',
    queries: [
      [worst('sluice_stream_lag', 'shard'), `lag, ${shard}`],
      [worst('sluice_stream_pending', 'shard'), `pending, ${shard}`],
    ],
  }),
  timeseries('Length', {
    unit: 'short',
    min: 0,
    description: 'Entries in the stream; done ones are deleted at once.',
    queries: [[worst('sluice_stream_length', 'shard'), shard]],
  }),
];

const troubles = [
  row('What went wrong'),
  timeseries('Taken over from other routers', {
    unit: 'short',
    min: 0,
    description: 'Entries of routers that died or were stuck.',
    quiet: 'no router died',
    queries: [[increase('sluice_stream_reclaimed_total', 'reason'), '{{reason}}']],
  }),
  timeseries('Dead letters', {
    unit: 'short',
    min: 0,
    description: 'How many there are, and how many there may be.',
    queries: [
      [worst('sluice_dead_letters', 'shard'), shard],
      [worst('sluice_dead_letters_limit', 'shard'), `limit, ${shard}`],
    ],
  }),
  timeseries('New dead letters', {
    unit: 'short',
    min: 0,
    description: 'How many were added, by reason.',
    queries: [[increase('sluice_dead_letters_total', 'reason'), '{{reason}}']],
  }),
  timeseries('Lost entries', {
    unit: 'short',
    min: 0,
    steps: [[1, 'red']],
    description: 'Accepted messages that are gone: anything but 0 is a fault of Redis or its operation.',
    queries: [[increase('sluice_stream_lost_total', 'shard, reason'), `${shard} {{reason}}`]],
  }),
  timeseries('Dropped by a cap', {
    unit: 'short',
    min: 0,
    description: 'Entries that an emergency cap took away.',
    quiet: 'no cap was reached',
    queries: [[increase('sluice_stream_trimmed_total', 'reason'), '{{reason}}']],
  }),
  timeseries('Inboxes: not delivered', {
    unit: 'short',
    min: 0,
    description: 'Commands to edges and callbacks that were gone or did not take them.',
    quiet: 'every command was taken',
    queries: [[increase('sluice_inbox_undelivered_total', 'kind, reason'), '{{kind}} {{reason}}']],
  }),
];

const redis = [
  row('Redis'),
  timeseries('Connections that stand', {
    unit: 'short',
    min: 0,
    description: 'By pod; a fall is a connection lost.',
    queries: [[sum('sluice_redis_up', 'pod, instance'), '{{pod}}']],
  }),
  timeseries('Commands, p99', {
    unit: 's',
    description: 'By what the connection is for.',
    queries: [[percentile(0.99, 'sluice_redis_commands_seconds', 'role, kind'), '{{role}} {{kind}}']],
  }),
  timeseries('Commands', {
    unit: 'ops',
    description: 'Pipelines by what the connection is for.',
    queries: [[rate('sluice_redis_commands_seconds_count', 'role, kind', ofPods), '{{role}} {{kind}}']],
  }),
  timeseries('Errors', {
    unit: 'ops',
    description: 'Failed commands and connections.',
    quiet: 'no command failed',
    queries: [[rate('sluice_redis_errors_total', 'role, kind'), '{{role}} {{kind}}']],
  }),
  timeseries('Reconnects, and cuts by the watchdog', {
    unit: 'short',
    min: 0,
    description: 'The watchdog cuts a connection that stands and does not answer.',
    queries: [
      [increase('sluice_redis_reconnects_total'), 'reconnects'],
      [increase('sluice_redis_watchdog_total'), 'watchdog'],
    ],
  }),
  timeseries('Memory', {
    unit: 'bytes',
    min: 0,
    description: 'Used, and maxmemory where one is set.',
    queries: [
      [worst('sluice_redis_memory_used_bytes', 'shard'), `used, ${shard}`],
      [`${worst('sluice_redis_memory_max_bytes', 'shard')} > 0`, `maxmemory, ${shard}`],
    ],
  }),
];

export const bus = {
  uid: 'sluice-bus',
  title: 'Bus and Redis',
  description: 'The frame stream, the dead letters and the Redis below them.',
  panels: [...stream, ...troubles, ...redis],
};
