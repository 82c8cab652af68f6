import { row, stat, timeseries } from '../panels.mjs';
import { increase, ofPods, ofStages, percentile, percentiles, rate, share, sum, sumBy, worst } from '../queries.mjs';

const inRange = (metric, filter) => sumBy('', `increase(${metric}{${filter}}[$__range])`);
const handshakes = (results) => inRange('sluice_handshakes_total', `${ofStages},result=~"${results}"`);
const management = (codes) => inRange('sluice_management_requests_total', `${ofPods},code=~"${codes}"`);
const good = [
  [0.99, 'orange'],
  [0.9995, 'green'],
];
const objective = { unit: 'percentunit', max: 1, steps: [[0, 'red'], ...good] };
const ratio = (metric, limit, by) => `${sum(metric, by)} / on (${by}) (${sum(limit, by)} > 0)`;

const objectives = [
  row('Objectives, over the chosen time'),
  stat('Handshakes accepted', {
    ...objective,
    description: 'Of those that nothing denied; asked for are 99.95 % over 30 days (S1).',
    queries: [[share(handshakes('accepted'), handshakes('accepted|failed|throttled'))]],
  }),
  stat('Messages with an outcome in 60 s', {
    ...objective,
    description: 'Answered, failed out loud or a dead letter; asked for are 99.99 % over 30 days (S2).',
    queries: [
      [
        share(
          inRange('sluice_message_seconds_bucket', `${ofStages},le=~"60|60.0"`),
          inRange('sluice_message_seconds_count', ofStages),
        ),
      ],
    ],
  }),
  stat('Entries lost', {
    unit: 'short',
    description:
      'Accepted messages that went from the stream unworked. Anything but 0 is a fault of Redis or its operation.',
    steps: [[1, 'red']],
    queries: [[inRange('sluice_stream_lost_total', ofPods)]],
  }),
  stat('Management calls answered truthfully', {
    ...objective,
    description: '200 and 410 against 5xx; asked for are 99.95 % over 30 days (S3).',
    queries: [[share(management('2..|410'), management('2..|410|5..'))]],
  }),
  stat('Overhead p99', {
    unit: 's',
    description: 'Socket to integration request, without the back end; at most 25 ms at half of the capacity (S4).',
    steps: [
      [0.025, 'orange'],
      [0.1, 'red'],
    ],
    queries: [[percentile(0.99, 'sluice_overhead_seconds', '', ofStages).replace('$__rate_interval', '$__range')]],
  }),
  stat('Delivery p99', {
    unit: 's',
    description: 'Management call to bytes on the socket; at most 25 ms in one zone (S5).',
    steps: [
      [0.025, 'orange'],
      [0.1, 'red'],
    ],
    queries: [[percentile(0.99, 'sluice_delivery_seconds', '').replace('$__rate_interval', '$__range')]],
  }),
];

const planes = [
  row('Rate, errors and duration of each plane'),
  timeseries('Edge: handshakes', {
    unit: 'reqps',
    stack: true,
    description:
      'By result. Refused ones were denied by an authorizer, a quota or an origin list; failed ones got 5xx.',
    queries: [[rate('sluice_handshakes_total', 'result', ofStages), '{{result}}']],
  }),
  timeseries('Edge: messages in and out of sockets', {
    unit: 'mps',
    description: 'Frames that clients sent, and that were written to them.',
    queries: [[rate('sluice_frames_total', 'kind', ofStages), '{{kind}}']],
  }),
  timeseries('Router: messages by outcome', {
    unit: 'mps',
    stack: true,
    description: 'ok, unmatched, or the code of the error the client got.',
    queries: [[rate('sluice_messages_total', 'result', ofStages), '{{result}}']],
  }),
  timeseries('Router: message to outcome', {
    unit: 's',
    description: 'From the edge until the message was done, back end included.',
    queries: [[percentiles('sluice_message_seconds', '', ofStages), 'p{{quantile}}']],
  }),
  timeseries('Bus: appends', {
    unit: 'ops',
    description: 'Batches of messages appended to the frame stream; failed ones were refused out loud.',
    queries: [[rate('sluice_stream_appends_total', 'result'), '{{result}}']],
  }),
  timeseries('Bus: append until confirmed', {
    unit: 's',
    description: 'What Redis takes to accept a batch.',
    queries: [[percentiles('sluice_stream_append_seconds'), 'p{{quantile}}']],
  }),
  timeseries('Callback: requests', {
    unit: 'reqps',
    stack: true,
    description: '@connections calls by operation and status.',
    queries: [[rate('sluice_management_requests_total', 'kind, code'), '{{kind}} {{code}}']],
  }),
  timeseries('Callback: request to answer', {
    unit: 's',
    description: 'What a back end waits for its call of @connections.',
    queries: [[percentiles('sluice_management_seconds'), 'p{{quantile}}']],
  }),
  timeseries('Integrations: failed calls', {
    unit: 'reqps',
    description: 'By code: 5xx of the back end, or why there was no answer.',
    quiet: 'no call has failed',
    queries: [[rate('sluice_integration_errors_total', 'api, code', ofStages), '{{api}} {{code}}']],
  }),
];

const saturation = [
  row('Saturation'),
  timeseries('Sockets, share of the limit', {
    unit: 'percentunit',
    min: 0,
    steps: [[0.85, 'red']],
    description: 'Of each edge. At 1 its handshakes get 503.',
    queries: [[ratio('sluice_sockets', 'sluice_sockets_limit', 'pod, instance'), '{{pod}}']],
  }),
  timeseries('Oldest entry of the stream', {
    unit: 's',
    min: 0,
    steps: [[30, 'red']],
    description: 'The primary sign of a backlog: how long ago the oldest message not yet done was sent.',
    queries: [[worst('sluice_stream_oldest_age_seconds', 'shard'), 'shard {{shard}}']],
  }),
  timeseries('Event loop delay, p99', {
    unit: 's',
    steps: [[0.2, 'red']],
    description: 'How late a process does its work.',
    queries: [[percentile(0.99, 'sluice_event_loop_lag_seconds', 'pod, instance'), '{{pod}}']],
  }),
  timeseries('CPU', {
    unit: 'percentunit',
    min: 0,
    description: 'Of one core. A process uses one core for its loop.',
    queries: [[rate('process_cpu_seconds_total', 'pod, instance'), '{{pod}}']],
  }),
  timeseries('Memory, share of the limit', {
    unit: 'percentunit',
    min: 0,
    steps: [[0.85, 'red']],
    description: 'Resident memory out of what the control group, or else the machine, grants.',
    queries: [[ratio('process_resident_memory_bytes', 'sluice_memory_limit_bytes', 'pod, instance'), '{{pod}}']],
  }),
  timeseries('Redis memory', {
    unit: 'bytes',
    min: 0,
    description: 'Used by the Redis of each shard, and its maxmemory where one is set.',
    queries: [
      [worst('sluice_redis_memory_used_bytes', 'shard'), 'used, shard {{shard}}'],
      [`${worst('sluice_redis_memory_max_bytes', 'shard')} > 0`, 'maxmemory, shard {{shard}}'],
    ],
  }),
  timeseries('Turned away', {
    unit: 'reqps',
    stack: true,
    description: 'Handshakes, messages and calls refused by a rate, a quota or a bound, by reason.',
    quiet: 'nothing was refused',
    queries: [[rate('sluice_throttled_total', 'reason'), '{{reason}}']],
  }),
  timeseries('Dead letters', {
    unit: 'short',
    min: 0,
    description: 'New ones, by reason.',
    queries: [[increase('sluice_dead_letters_total', 'reason'), '{{reason}}']],
  }),
  timeseries('Connections closed', {
    unit: 'cps',
    stack: true,
    description: 'By close code. 1006 had no close handshake.',
    queries: [[rate('sluice_closes_total', 'code', ofStages), '{{code}}']],
  }),
];

export const overview = {
  uid: 'sluice-overview',
  title: 'Overview',
  description: 'Objectives, the four planes, and how full they are.',
  panels: [...objectives, ...planes, ...saturation],
};
