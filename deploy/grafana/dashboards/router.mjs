import { row, timeseries } from '../panels.mjs';
import { ofApis, ofPods, ofStages, percentiles, rate, share, sum, sumBy } from '../queries.mjs';

const quantile = 'p{{quantile}}';
const perSecond = (metric) => sumBy('api, stage, route', `rate(${metric}{${ofStages}}[$__rate_interval])`);

const messages = [
  row('Messages'),
  timeseries('By outcome', {
    unit: 'mps',
    stack: true,
    description:
      'ok, unmatched, or the code of the error the client got. Handshakes and ends of connections are in it.',
    queries: [[rate('sluice_messages_total', 'result', ofStages), '{{result}}']],
  }),
  timeseries('By route', {
    unit: 'mps',
    stack: true,
    description: 'Messages that each route took.',
    queries: [[rate('sluice_messages_total', 'api, route', ofStages), '{{api}} {{route}}']],
  }),
  timeseries('Overhead', {
    unit: 's',
    steps: [[0.1, 'red']],
    description: 'Socket to integration request: what the gateway adds.',
    queries: [[percentiles('sluice_overhead_seconds', '', ofStages), quantile]],
  }),
  timeseries('Message to outcome', {
    unit: 's',
    description: 'From the edge until the message was done, back end included.',
    queries: [[percentiles('sluice_message_seconds', '', ofStages), quantile]],
  }),
  timeseries('Authorizers', {
    unit: 's',
    description: 'Authorization of handshakes and messages, cached results included.',
    quiet: 'no route has an authorizer',
    queries: [[percentiles('sluice_authorizer_seconds', '', ofStages), quantile]],
  }),
  timeseries('Authorizers: results', {
    unit: 'reqps',
    stack: true,
    description: 'ok, or the code of the refusal.',
    quiet: 'no route has an authorizer',
    queries: [[rate('sluice_authorizer_seconds_count', 'result', ofStages), '{{result}}']],
  }),
];

const integrations = [
  row('Integrations'),
  timeseries('Calls', {
    unit: 'reqps',
    stack: true,
    description: 'By class of status, or by the code of the failure.',
    queries: [[rate('sluice_integration_seconds_count', 'code', ofStages), '{{code}}']],
  }),
  timeseries('Duration', {
    unit: 's',
    description: 'What back ends take.',
    queries: [[percentiles('sluice_integration_seconds', '', ofStages), quantile]],
  }),
  timeseries('Duration by route, p99', {
    unit: 's',
    description: 'Which back end is the slow one.',
    queries: [
      [
        `histogram_quantile(0.99, ${sumBy('api, route, le', `rate(sluice_integration_seconds_bucket{${ofStages}}[$__rate_interval])`)})`,
        '{{api}} {{route}}',
      ],
    ],
  }),
  timeseries('Failing share', {
    unit: 'percentunit',
    min: 0,
    max: 1,
    steps: [[0.2, 'red']],
    description: 'Failed calls out of all, by route.',
    quiet: 'no call has failed',
    queries: [
      [
        share(perSecond('sluice_integration_errors_total'), perSecond('sluice_integration_seconds_count')),
        '{{api}} {{stage}} {{route}}',
      ],
    ],
  }),
  timeseries('Calls in work', {
    unit: 'short',
    min: 0,
    description: 'A back end that hangs keeps them until its timeout.',
    queries: [[sum('sluice_integration_inflight', 'api, route', ofStages), '{{api}} {{route}}']],
  }),
  timeseries('Repeats', {
    unit: 'cps',
    description: '$disconnect calls made again, and envelopes recognised as repeats.',
    quiet: 'nothing had to be repeated',
    queries: [
      [rate('sluice_integration_retries_total', '', ofStages), '$disconnect made again'],
      [rate('sluice_duplicates_total', '', ofStages), 'repeats recognised'],
    ],
  }),
];

const work = [
  row('Beside the messages'),
  timeseries('Refused by rates and quotas', {
    unit: 'reqps',
    stack: true,
    description: 'Of routes, accounts and usage plans, by reason.',
    quiet: 'nothing was refused',
    queries: [[rate('sluice_throttled_total', 'api, reason', ofApis), '{{api}} {{reason}}']],
  }),
  timeseries('Background jobs', {
    unit: 'ops',
    description: 'Reaping, repeated $disconnects and redrives, by result.',
    queries: [[rate('sluice_jobs_total', 'kind, result'), '{{kind}} {{result}}']],
  }),
  timeseries('Access log lines', {
    unit: 'ops',
    description: 'By destination and result; dropped ones had no room.',
    quiet: 'no stage writes an access log',
    queries: [[rate('sluice_access_log_lines_total', 'kind, result'), '{{kind}} {{result}}']],
  }),
  timeseries('Rates decided alone', {
    unit: 'ops',
    description: 'Takes that a process decided by itself, Redis being away or slow.',
    quiet: 'Redis was there',
    queries: [[rate('sluice_rates_local_total', 'pod, instance', ofPods), '{{pod}}']],
  }),
  timeseries('Trace spans', {
    unit: 'ops',
    description: 'Exported, dropped, failed.',
    quiet: 'traces are off',
    queries: [[rate('sluice_trace_spans_total', 'result'), '{{result}}']],
  }),
  timeseries('Heap', {
    unit: 'bytes',
    min: 0,
    description: 'Used heap by pod.',
    queries: [[sum('nodejs_heap_size_used_bytes', 'pod, instance'), '{{pod}}']],
  }),
];

export const router = {
  uid: 'sluice-router',
  title: 'Router and integrations',
  description: 'What becomes of messages, and how back ends do.',
  panels: [...messages, ...integrations, ...work],
};
