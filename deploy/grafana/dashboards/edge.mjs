import { row, timeseries } from '../panels.mjs';
import { ofApis, ofStages, percentiles, rate, sum } from '../queries.mjs';

const quantile = 'p{{quantile}}';

const connections = [
  row('Connections'),
  timeseries('Sockets by pod', {
    unit: 'short',
    min: 0,
    stack: true,
    description: 'Open sockets. Their sum is exactly the number of connected clients.',
    queries: [[sum('sluice_sockets', 'pod, instance', ofStages), '{{pod}}']],
  }),
  timeseries('Sockets by API', {
    unit: 'short',
    min: 0,
    stack: true,
    description: 'Open sockets of each stage.',
    queries: [[sum('sluice_sockets', 'api, stage', ofStages), '{{api}} {{stage}}']],
  }),
  timeseries('Handshakes', {
    unit: 'reqps',
    stack: true,
    description: 'Upgrade requests by result.',
    queries: [[rate('sluice_handshakes_total', 'result', ofStages), '{{result}}']],
  }),
  timeseries('Handshake until answered', {
    unit: 's',
    description: 'Upgrade request to 101 or refusal; with a $connect route its back end is in it.',
    queries: [[percentiles('sluice_handshake_seconds', '', ofStages), quantile]],
  }),
  timeseries('Closes', {
    unit: 'cps',
    stack: true,
    description: 'By close code and reason; `client` is a close frame of the client.',
    queries: [[rate('sluice_closes_total', 'code, reason', ofStages), '{{code}} {{reason}}']],
  }),
  timeseries('Life of a connection', {
    unit: 's',
    description: 'Of those that ended. A line at one height is an idle timeout somewhere in between.',
    queries: [[percentiles('sluice_connection_seconds', '', ofStages), quantile]],
  }),
];

const messages = [
  row('Messages'),
  timeseries('Messages', {
    unit: 'mps',
    description: 'Frames from clients and to clients.',
    queries: [[rate('sluice_frames_total', 'kind', ofStages), '{{kind}}']],
  }),
  timeseries('Bytes', {
    unit: 'Bps',
    description: 'Payload of those frames.',
    queries: [[rate('sluice_frame_bytes_total', 'kind', ofStages), '{{kind}}']],
  }),
  timeseries('Size of a message', {
    unit: 'bytes',
    description: 'Payload, in and out together.',
    queries: [[percentiles('sluice_frame_size_bytes', '', ofStages), quantile]],
  }),
  timeseries('Messages over 32 KB', {
    unit: 'mps',
    description: 'The model service takes those in several frames only.',
    quiet: 'no message was that large',
    queries: [[rate('sluice_large_messages_total', 'api', ofApis), '{{api}}']],
  }),
  timeseries('Ordered routes: waiting', {
    unit: 'short',
    min: 0,
    description: 'Messages of routes with `order: connection` that wait for the one before them.',
    quiet: 'no ordered route was used',
    queries: [[sum('sluice_ordered_waiting', 'api', ofApis), '{{api}}']],
  }),
  timeseries('Ordered routes: results', {
    unit: 'mps',
    description: 'Sent, done, refused, overdue or dropped.',
    quiet: 'no ordered route was used',
    queries: [[rate('sluice_ordered_messages_total', 'result', ofApis), '{{result}}']],
  }),
];

const pressure = [
  row('Pressure'),
  timeseries('Turned away', {
    unit: 'reqps',
    stack: true,
    description: 'Handshakes, messages and calls refused, by reason.',
    quiet: 'nothing was refused',
    queries: [[rate('sluice_throttled_total', 'reason'), '{{reason}}']],
  }),
  timeseries('Slow readers', {
    unit: 'short',
    min: 0,
    description: 'Sockets over their soft limit of queued bytes. They are closed with 1008 if they stay there.',
    quiet: 'every client read in time',
    queries: [[sum('sluice_slow_consumers', 'api', ofApis), '{{api}}']],
  }),
  timeseries('Queued for slow readers', {
    unit: 'bytes',
    min: 0,
    description: 'Bytes that wait in edges because clients do not read.',
    quiet: 'every client read in time',
    queries: [[sum('sluice_queued_bytes', 'pod, instance', ofApis), '{{pod}}']],
  }),
  timeseries('Ping to sign of life', {
    unit: 's',
    description: "From the edge's ping until the client showed that it is there.",
    quiet: 'pings are 25 s apart, later than a short run',
    queries: [[percentiles('sluice_pong_seconds', '', ofApis), quantile]],
  }),
  timeseries('Event loop delay', {
    unit: 's',
    description: 'Of the chosen pods together.',
    queries: [[percentiles('sluice_event_loop_lag_seconds'), quantile]],
  }),
  timeseries('File descriptors', {
    unit: 'short',
    min: 0,
    description: 'Open ones by pod; each socket takes one.',
    queries: [[sum('sluice_fds_open', 'pod, instance'), '{{pod}}']],
  }),
];

export const edge = {
  uid: 'sluice-edge',
  title: 'Edge',
  description: 'Connections, messages at the sockets, and what presses on the edges.',
  panels: [...connections, ...messages, ...pressure],
};
