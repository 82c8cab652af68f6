// `k6 run -e SCENARIO=… -e PROFILE=… loadtest/main.js`: one scenario with one profile. README.md has every variable.
import { countDisconnects, requireBackEnd } from './lib/back-end.js';
import { showAllCounters } from './lib/metrics.js';
import { readSettings } from './lib/settings.js';
import { renderText, summarise } from './lib/summary.js';
import { renderHtml } from './lib/summary-html.js';
import { thresholdsOf } from './lib/thresholds.js';
import { profiles } from './profiles/index.js';
import { scenarios } from './scenarios/index.js';

const { settings, scenario, profile } = readSettings(__ENV, { scenarios, profiles });

export const options = {
  scenarios: { [scenario.name]: { exec: 'work', ...scenario.executor(settings, profile) } },
  thresholds: thresholdsOf(settings, scenario),
  summaryTrendStats: ['min', 'avg', 'med', 'p(95)', 'p(99)', 'max', 'count'],
  setupTimeout: '30s',
  teardownTimeout: '60s',
  // Not `url`: it holds run and connection ids, and would be as many series in Prometheus.
  systemTags: ['scenario', 'name', 'method', 'status', 'error_code', 'group', 'expected_response'],
  // The names of hosts are looked up anew: pods behind a Service come and go.
  dns: { ttl: '5s' },
  userAgent: 'sluice-loadtest',
};

export function setup() {
  showAllCounters();
  requireBackEnd(settings);
  return { runId: settings.runId, startedAt: new Date().toISOString() };
}

export function work(data) {
  // Each VU reads the variables by itself and would make another id: that of the setup is the run's.
  return scenario.run({ settings: { ...settings, runId: data.runId }, profile });
}

export function teardown(data) {
  const record = countDisconnects({ ...settings, runId: data.runId });
  if (record !== undefined) console.info(`back end: ${JSON.stringify(record)}`);
}

export function handleSummary(data) {
  const result = summarise(data, settings, scenario);
  const files = { stdout: renderText(result) };
  if (settings.out !== undefined) {
    files[`${settings.out}/summary.json`] = `${JSON.stringify(result, undefined, 2)}\n`;
    files[`${settings.out}/summary.html`] = renderHtml(result);
  }
  return files;
}
