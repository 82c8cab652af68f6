import { row, stat, timeseries } from '../panels.mjs';
import { ofApis, ofStages, percentile, percentiles, rate, share, sum, sumBy } from '../queries.mjs';

const quantile = 'p{{quantile}}';
const inRange = (metric, more = '') => sumBy('', `increase(${metric}{${ofStages}${more}}[$__range])`);

export const api = {
  uid: 'sluice-api',
  title: 'API drill-down',
  description: 'One API, or one stage: choose it above.',
  panels: [
    row('Now, and over the chosen time'),
    stat('Connected', {
      unit: 'short',
      description: 'Open sockets now.',
      queries: [[sum('sluice_sockets', '', ofStages)]],
    }),
    stat('Handshakes', {
      unit: 'short',
      description: 'Accepted ones, in the chosen time.',
      queries: [[inRange('sluice_handshakes_total', ',result="accepted"')]],
    }),
    stat('Messages', {
      unit: 'short',
      description: 'From clients, in the chosen time.',
      queries: [[inRange('sluice_frames_total', ',kind="in"')]],
    }),
    stat('Messages that failed', {
      unit: 'percentunit',
      description: 'Share of messages with an outcome other than ok.',
      steps: [
        [0.01, 'orange'],
        [0.1, 'red'],
      ],
      queries: [[`1 - ${share(inRange('sluice_messages_total', ',result="ok"'), inRange('sluice_messages_total'))}`]],
    }),
    stat('Message to outcome, p99', {
      unit: 's',
      description: 'Back end included.',
      queries: [[percentile(0.99, 'sluice_message_seconds', '', ofStages).replace('$__rate_interval', '$__range')]],
    }),
    stat('Back end, p99', {
      unit: 's',
      description: 'The call of the integration alone.',
      queries: [[percentile(0.99, 'sluice_integration_seconds', '', ofStages).replace('$__rate_interval', '$__range')]],
    }),
    row('Connections'),
    timeseries('Sockets', {
      unit: 'short',
      min: 0,
      stack: true,
      description: 'Open ones by stage.',
      queries: [[sum('sluice_sockets', 'api, stage', ofStages), '{{api}} {{stage}}']],
    }),
    timeseries('Handshakes', {
      unit: 'reqps',
      stack: true,
      description: 'Upgrade requests by result.',
      queries: [[rate('sluice_handshakes_total', 'result', ofStages), '{{result}}']],
    }),
    timeseries('Closes', {
      unit: 'cps',
      stack: true,
      description: 'By code and reason.',
      queries: [[rate('sluice_closes_total', 'code, reason', ofStages), '{{code}} {{reason}}']],
    }),
    row('Messages'),
    timeseries('In and out', {
      unit: 'mps',
      description: 'Frames at the sockets.',
      queries: [[rate('sluice_frames_total', 'kind', ofStages), '{{kind}}']],
    }),
    timeseries('By route', {
      unit: 'mps',
      stack: true,
      description: 'What the routers worked.',
      queries: [[rate('sluice_messages_total', 'route', ofStages), '{{route}}']],
    }),
    timeseries('By outcome', {
      unit: 'mps',
      stack: true,
      description: 'ok, unmatched, or an error code.',
      queries: [[rate('sluice_messages_total', 'result', ofStages), '{{result}}']],
    }),
    timeseries('Message to outcome', {
      unit: 's',
      description: 'Back end included.',
      queries: [[percentiles('sluice_message_seconds', '', ofStages), quantile]],
    }),
    timeseries('Back end by route, p99', {
      unit: 's',
      description: 'The call of the integration alone.',
      queries: [[percentile(0.99, 'sluice_integration_seconds', 'route', ofStages), '{{route}}']],
    }),
    timeseries('Failed calls', {
      unit: 'reqps',
      stack: true,
      description: 'By route and code.',
      quiet: 'no call has failed',
      queries: [[rate('sluice_integration_errors_total', 'route, code', ofStages), '{{route}} {{code}}']],
    }),
    timeseries('Turned away', {
      unit: 'reqps',
      stack: true,
      description: 'By rates, quotas and bounds of this API.',
      quiet: 'nothing was refused',
      queries: [[rate('sluice_throttled_total', 'reason', ofApis), '{{reason}}']],
    }),
    timeseries('Size of a message', {
      unit: 'bytes',
      description: 'Payload, in and out together.',
      queries: [[percentiles('sluice_frame_size_bytes', '', ofStages), quantile]],
    }),
    timeseries('Overhead of the gateway', {
      unit: 's',
      description: 'Socket to integration request.',
      queries: [[percentiles('sluice_overhead_seconds', '', ofStages), quantile]],
    }),
  ],
};
