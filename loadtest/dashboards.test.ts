import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, waitFor } from '@sluice/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LoadCluster, startLoadCluster } from './load-cluster.fixture.js';

interface Dashboard {
  panels: { title: string; description: string; targets: { expr: string }[] }[];
}

const file = new URL('dashboards/k6.json', import.meta.url);
const dashboard = JSON.parse(readFileSync(file, 'utf8')) as Dashboard;
let load: LoadCluster;
let prometheus: { url: string; child: ChildProcess; directory: string };

beforeAll(async () => {
  [load, prometheus] = await Promise.all([startLoadCluster(), startPrometheus()]);
});
afterAll(async () => {
  prometheus?.child.kill('SIGKILL');
  if (prometheus !== undefined) rmSync(prometheus.directory, { recursive: true, force: true });
  await load?.stop();
});

/** A real Prometheus that takes what k6 writes to it. */
async function startPrometheus() {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-prometheus-'));
  writeFileSync(join(directory, 'prometheus.yml'), 'global: {}\n');
  const port = await freePort();
  const child = spawn(
    'prometheus',
    [
      `--config.file=${join(directory, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(directory, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--web.enable-remote-write-receiver',
    ],
    { stdio: 'ignore' },
  );
  const url = `http://127.0.0.1:${port}`;
  await waitFor(
    'Prometheus',
    () =>
      fetch(`${url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      ),
    60_000,
  );
  return { url, child, directory };
}

async function seriesOf(query: string): Promise<unknown[]> {
  const response = await fetch(`${prometheus.url}/api/v1/query?query=${encodeURIComponent(query)}`);
  const body = (await response.json()) as { status: string; error?: string; data?: { result: unknown[] } };
  expect(body.error, query).toBeUndefined();
  return body.data?.result ?? [];
}

it('the dashboard is what build.mjs makes, and every panel says what it shows', async () => {
  const { buildDashboard } = (await import(new URL('dashboards/build.mjs', import.meta.url).href)) as {
    buildDashboard(): Dashboard;
  };
  expect(dashboard).toEqual(buildDashboard());
  for (const { title, description } of dashboard.panels) expect(description.length, title).toBeGreaterThan(20);
});

it('every query finds what k6 has written to a real Prometheus', async () => {
  const env = {
    K6_PROMETHEUS_RW_SERVER_URL: `${prometheus.url}/api/v1/write`,
    K6_PROMETHEUS_RW_TREND_STATS: 'p(50),p(95),p(99),max',
    K6_PROMETHEUS_RW_PUSH_INTERVAL: '1s',
  };
  const short = { CONNECTIONS: '10', RATE: '40', RAMP: '500ms', DURATION: '4s', GRACE: '1s' };
  for (const SCENARIO of ['webhook-echo', 'management-post']) {
    const { exitCode, output } = await load.run(
      { ...short, SCENARIO },
      { env, flags: ['-o', 'experimental-prometheus-rw'] },
    );
    expect(exitCode, output).toBe(0);
  }
  const missing: string[] = [];
  for (const { title, targets } of dashboard.panels) {
    for (const { expr } of targets) {
      const query = expr
        .replaceAll('$scenario', '.*')
        .replaceAll('$__rate_interval', '1m')
        .replaceAll('$__range', '5m');
      if ((await seriesOf(query)).length === 0) missing.push(`${title}: ${query}`);
    }
  }
  expect(missing).toEqual([]);
  // Ids of runs and connections are no labels.
  const labels = (await (await fetch(`${prometheus.url}/api/v1/labels`)).json()) as { data: string[] };
  expect(labels.data).not.toContain('url');
});
