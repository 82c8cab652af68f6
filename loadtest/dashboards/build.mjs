// `node loadtest/dashboards/build.mjs` writes k6.json, a Grafana dashboard over what k6 writes to Prometheus. Its panels are the list below.
import { writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';

const selector = '{scenario=~"$scenario"}';
const rate = (metric, by = '') => `sum${by}(rate(${metric}${selector}[$__rate_interval]))`;
/** What has been counted so far in the runs that are seen. */
const total = (metric) => `sum(max_over_time(${metric}${selector}[$__range]))`;
const percentiles = (trend) =>
  ['p50', 'p95', 'p99'].map((each) => ({ expr: `max(${trend}_${each}${selector})`, legend: each }));
/** k6 writes times in seconds, whatever the name of the trend says. */
const times = (title, description, trend) => ({
  title,
  description,
  unit: 's',
  queries: percentiles(trend),
  width: 12,
});
const verdict = (title, description, metric) => ({
  title,
  description,
  unit: 'short',
  type: 'stat',
  width: 4,
  queries: [{ expr: total(metric), legend: title }],
});

export const panels = [
  verdict(
    'Lost',
    'Messages with neither answer nor error frame, and posts answered 200 that did not arrive. Has to be 0.',
    'k6_lost_total',
  ),
  verdict('Duplicated', 'Answers and posts that came twice. Has to be 0 without faults.', 'k6_duplicated_total'),
  verdict(
    'Abnormal closes',
    'Connections that ended with another code than the scenario may see. Has to be 0.',
    'k6_abnormal_closes_total',
  ),
  verdict(
    'Handshakes failed',
    'Connects that did not succeed in HANDSHAKE_TRIES tries. Has to be 0.',
    'k6_handshakes_failed_total',
  ),
  verdict(
    'Posts failed',
    'Calls of @connections that were answered with neither 200, 410 nor 429. Has to be 0.',
    'k6_posts_failed_total',
  ),
  verdict(
    'Handshakes tried again',
    'Refused or failed at first: usual while edges drain, or over their rate of handshakes.',
    'k6_handshakes_retried_total',
  ),
  {
    title: 'Messages and posts',
    description: 'Sent by clients, answered to them, and posted through @connections, of all runners.',
    unit: 'ops',
    width: 12,
    queries: [
      { expr: rate('k6_messages_sent_total'), legend: 'sent' },
      { expr: rate('k6_messages_answered_total'), legend: 'answered or delivered' },
      { expr: rate('k6_posts_total'), legend: 'posts' },
    ],
  },
  {
    title: 'Messages without an answer',
    description: 'Refused with an error frame, cut off by a close, or not sent because the client had no connection.',
    unit: 'ops',
    width: 12,
    queries: ['refused', 'cut', 'skipped'].map((name) => ({ expr: rate(`k6_messages_${name}_total`), legend: name })),
  },
  times('Round trip', 'From the time that a message was due to its answer. The worst runner.', 'k6_rtt_ms'),
  times(
    'Delivery',
    'From the time that a post was due to its arrival at the client. The worst runner.',
    'k6_delivery_ms',
  ),
  times(
    'Connect',
    'From the time that a connect was due to the open connection, retries included. The worst runner.',
    'k6_connect_ms',
  ),
  times('Handshake', 'One handshake, from TCP to 101. The worst runner.', 'k6_ws_connecting'),
  {
    title: 'Connections',
    description: 'Opened, and handshakes that were tried again.',
    unit: 'ops',
    width: 12,
    queries: [
      { expr: rate('k6_connections_opened_total'), legend: 'opened' },
      { expr: rate('k6_handshakes_retried_total'), legend: 'tried again' },
    ],
  },
  {
    title: 'Closes by code',
    description: '1000: the client left. 1001: the gateway drains. Anything else is abnormal for most scenarios.',
    unit: 'ops',
    width: 12,
    queries: [{ expr: rate('k6_closes_total', ' by (code) '), legend: '{{code}}' }],
  },
  times(
    'Generator lag',
    'How late the timers of k6 are: part of every latency above. Over 50 ms the generator is too small.',
    'k6_generator_lag_ms',
  ),
  {
    title: 'Virtual users',
    description: 'Event loops of k6, each with up to SOCKETS_PER_VU connections.',
    unit: 'short',
    width: 12,
    queries: [
      { expr: 'sum(k6_vus)', legend: 'in use' },
      { expr: 'sum(k6_vus_max)', legend: 'made' },
    ],
  },
];

const columns = 24;

/** The dashboard as Grafana imports it. */
export function buildDashboard() {
  const datasource = { type: 'prometheus', uid: '${datasource}' };
  let [x, y, rowHeight] = [0, 0, 0];
  const placed = panels.map(({ title, description, unit, type = 'timeseries', width, queries }, index) => {
    const height = type === 'stat' ? 4 : 8;
    if (x + width > columns) [x, y, rowHeight] = [0, y + rowHeight, 0];
    const gridPos = { x, y, w: width, h: height };
    x += width;
    rowHeight = Math.max(rowHeight, height);
    return {
      id: index + 1,
      type,
      title,
      description,
      datasource,
      gridPos,
      fieldConfig: { defaults: { unit, min: 0, ...(type === 'stat' ? stat : {}) }, overrides: [] },
      targets: queries.map(({ expr, legend }, at) => ({
        refId: String.fromCharCode(65 + at),
        datasource,
        expr,
        legendFormat: legend,
      })),
    };
  });
  return {
    uid: 'sluice-k6',
    title: 'Sluice / load test',
    tags: ['sluice', 'k6'],
    schemaVersion: 39,
    timezone: 'browser',
    refresh: '5s',
    time: { from: 'now-15m', to: 'now' },
    templating: { list: [datasourceVariable, scenarioVariable(datasource)] },
    panels: placed,
  };
}

const stat = {
  thresholds: {
    mode: 'absolute',
    steps: [
      { color: 'green', value: null },
      { color: 'red', value: 1 },
    ],
  },
  noValue: '0',
};
const datasourceVariable = { name: 'datasource', type: 'datasource', query: 'prometheus', label: 'Data source' };
const scenarioVariable = (datasource) => ({
  name: 'scenario',
  type: 'query',
  label: 'Scenario',
  datasource,
  query: 'label_values(k6_iterations_total, scenario)',
  refresh: 2,
  includeAll: true,
  multi: true,
  allValue: '.*',
  current: { text: 'All', value: '$__all' },
});

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  writeFileSync(
    fileURLToPath(new URL('k6.json', import.meta.url)),
    `${JSON.stringify(buildDashboard(), undefined, 2)}\n`,
  );
}
