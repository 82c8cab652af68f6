import { closeCodes } from './close-codes.js';
import { timelineOf } from './timeline.js';

/** Own counters → where they stand in the result. */
const messageCounts = {
  sent: 'messages_sent',
  answered: 'messages_answered',
  refused: 'messages_refused',
  cut: 'messages_cut',
  skipped: 'messages_skipped',
  lost: 'lost',
  duplicated: 'duplicated',
  outOfOrder: 'out_of_order',
  unknownFrames: 'unknown_frames',
};
const postCounts = {
  sent: 'posts',
  failed: 'posts_failed',
  throttled: 'posts_throttled',
  falseGone: 'false_410',
  falseOk: 'false_200',
};
const connectionCounts = {
  opened: 'connections_opened',
  handshakesRetried: 'handshakes_retried',
  handshakesFailed: 'handshakes_failed',
  abnormalCloses: 'abnormal_closes',
  slowClosed: 'slow_consumers_closed',
};
const latencies = {
  rttMs: 'rtt_ms',
  deliveryMs: 'delivery_ms',
  fanOutMs: 'fan_out_ms',
  connectMs: 'connect_ms',
  reconnectMs: 'reconnect_ms',
  handshakeMs: 'ws_connecting',
  generatorLagMs: 'generator_lag_ms',
};

/** What k6 hands to `handleSummary` as the result of a run: names and units that scripts may rely on. */
export function summarise(data, settings, scenario) {
  const { metrics } = data;
  const thresholds = thresholdResults(metrics);
  const seconds = settings.durationMs / 1_000;
  const messages = countsOf(metrics, messageCounts);
  const posts = countsOf(metrics, postCounts);
  return {
    scenario: scenario.name,
    profile: settings.profile,
    passed: thresholds.every(({ ok }) => ok),
    runId: data.setup_data?.runId ?? settings.runId,
    startedAt: data.setup_data?.startedAt,
    ...windowOf(data.setup_data?.startedAt, settings, scenario),
    per: scenario.per ?? 'message',
    seed: settings.seed,
    target: settings.edgeUrl,
    connections: settings.connections,
    ratePerSecond: settings.rate,
    workSeconds: seconds,
    runSeconds: data.state.testRunDurationMs / 1_000,
    messages: { ...messages, perSecond: messages.answered / seconds },
    posts: { ...posts, perSecond: posts.sent / seconds },
    ...countsOf(metrics, connectionCounts),
    disconnectsMissing: settings.backEndUrl === undefined ? 0 : imbalance(metrics.disconnects_accounted),
    clientsUnaccounted: imbalance(metrics.clients_accounted),
    closes: closesByCode(metrics),
    latency: Object.fromEntries(
      Object.entries(latencies)
        .filter(([, name]) => (metrics[name]?.values.count ?? 0) > 0)
        .map(([key, name]) => [key, percentiles(metrics[name].values)]),
    ),
    failed: thresholds.filter(({ ok }) => !ok),
    thresholds,
  };
}

/** When the load itself ran, in ms since 1970: what a watcher of CPU times takes its difference over. */
function windowOf(startedAt, settings, scenario) {
  const { workFromMs, workToMs } = scenario.window?.(settings) ?? timelineOf(settings);
  const startedMs = Date.parse(startedAt ?? '');
  return { workFromMs: startedMs + workFromMs, workToMs: startedMs + workToMs };
}

function countsOf(metrics, names) {
  return Object.fromEntries(Object.entries(names).map(([key, name]) => [key, metrics[name]?.values.count ?? 0]));
}

/** How many of the second kind are missing, see `balances` in metrics.js. */
function imbalance(metric) {
  const { passes = 0, fails = 0 } = metric?.values ?? {};
  return Math.max(0, fails - passes);
}

function closesByCode(metrics) {
  const counts = closeCodes.map((code) => [String(code), metrics[`closes{code:${code}}`]?.values.count ?? 0]);
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

function percentiles(values) {
  return { p50: values.med, p95: values['p(95)'], p99: values['p(99)'], max: values.max, count: values.count };
}

function thresholdResults(metrics) {
  return Object.entries(metrics)
    .filter(([metric]) => !metric.startsWith('closes{'))
    .flatMap(([metric, { thresholds = {} }]) =>
      Object.entries(thresholds).map(([threshold, { ok }]) => ({ metric, threshold, ok })),
    );
}

/** The result for a terminal. */
export function renderText(result) {
  const { messages, posts } = result;
  const lines = [
    '',
    `${result.scenario} × ${result.profile}: ${result.passed ? 'passed' : 'FAILED'}`,
    ...result.failed.map(({ metric, threshold }) => `  failed: ${metric} ${threshold}`),
    ...(result.clientsUnaccounted > 0
      ? [`  NOT IN THE COUNTS: ${result.clientsUnaccounted} clients that k6 has broken off`]
      : []),
    line('clients', `${result.connections}, ${result.opened} connections opened, closes ${closesText(result)}`),
  ];
  if (messages.sent > 0) {
    const rest = countsText(messages, ['refused', 'cut', 'skipped', 'lost', 'duplicated', 'outOfOrder']);
    lines.push(
      line(
        'messages',
        `${messages.sent} sent, ${messages.answered} answered (${messages.perSecond.toFixed(0)}/s), ${rest}`,
      ),
    );
  }
  if (posts.sent > 0) {
    lines.push(
      line(
        'posts',
        `${posts.sent} (${posts.perSecond.toFixed(0)}/s), ${countsText(posts, ['failed', 'throttled', 'falseGone', 'falseOk'])}`,
      ),
    );
  }
  for (const [name, { p50, p95, p99, max, count }] of Object.entries(result.latency)) {
    lines.push(line(name, `p50 ${ms(p50)}  p95 ${ms(p95)}  p99 ${ms(p99)}  max ${ms(max)}  (${count})`));
  }
  return `${lines.join('\n')}\n`;
}

const line = (name, text) => `  ${name.padEnd(16)}${text}`;
const ms = (value) => `${value.toFixed(value < 10 ? 2 : 1)} ms`;
const countsText = (counts, names) => names.map((name) => `${counts[name]} ${words(name)}`).join(', ');
const words = (name) => name.replace(/([A-Z])/g, ' $1').toLowerCase();

function closesText({ closes }) {
  const all = Object.entries(closes).map(([code, count]) => `${code}: ${count}`);
  return all.length === 0 ? 'none' : all.join(', ');
}
