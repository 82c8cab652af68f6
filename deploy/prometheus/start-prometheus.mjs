// A real Prometheus of this test or script alone: free port of the loopback interface, files in a folder of its own.
import { spawn } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const startMsMax = 30_000;

/**
 * Scrapes and evaluates each second.
 * @param {{ rules?: string }} [options] a rules file's text
 */
export async function startPrometheus({ rules } = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-prometheus-'));
  const port = await freePort();
  writeFileSync(join(directory, 'targets.json'), '[]');
  if (rules !== undefined) writeFileSync(join(directory, 'rules.yaml'), rules);
  writeFileSync(join(directory, 'prometheus.json'), JSON.stringify(configuration(rules !== undefined)));
  const child = spawn(
    'prometheus',
    [
      `--config.file=${join(directory, 'prometheus.json')}`,
      `--storage.tsdb.path=${join(directory, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let output = '';
  child.stderr.on('data', (chunk) => {
    output = `${output}${chunk}`.slice(-20_000);
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.once('error', (error) => {
    output += error.message;
  });
  const killAtExit = () => child.kill('SIGKILL');
  process.once('exit', killAtExit);
  const stop = async () => {
    process.off('exit', killAtExit);
    child.kill('SIGKILL');
    await ended;
    rmSync(directory, { recursive: true, force: true });
  };
  const prometheus = { ...clientOf(`http://127.0.0.1:${port}`), setTargets: targetsIn(directory), stop };
  try {
    await untilReady(prometheus.url, child);
  } catch (error) {
    await stop();
    throw new Error(`prometheus did not start (Debian's package is \`prometheus\`): ${error.message}\n${output}`);
  }
  return prometheus;
}

/** What tests and scripts ask of any Prometheus. */
export function clientOf(url) {
  const get = async (path, parameters) => {
    const response = await fetch(`${url}${path}`, { method: 'POST', body: new URLSearchParams(parameters) });
    const answer = await response.json();
    if (answer.status !== 'success') throw new Error(`${parameters.query}: ${answer.error}`);
    return answer.data.result;
  };
  return {
    url,
    /** Series of now, or of `time` (Unix seconds). */
    query: (query, time) => get('/api/v1/query', { query, ...(time === undefined ? {} : { time }) }),
    queryRange: (query, start, end, step) => get('/api/v1/query_range', { query, start, end, step }),
    async alerts() {
      const { data } = await (await fetch(`${url}/api/v1/alerts`)).json();
      return data.alerts;
    },
  };
}

const configuration = (withRules) => ({
  global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
  ...(withRules ? { rule_files: ['rules.yaml'] } : {}),
  scrape_configs: [{ job_name: 'sluice', file_sd_configs: [{ files: ['targets.json'] }] }],
});

/** Replaces what is scraped: `[{ address, labels }]`. */
const targetsIn = (directory) => (targets) => {
  const text = JSON.stringify(targets.map(({ address, labels }) => ({ targets: [address], labels })));
  // Renamed into place: Prometheus watches the file, and must not read half of it.
  writeFileSync(join(directory, 'targets.new'), text);
  renameSync(join(directory, 'targets.new'), join(directory, 'targets.json'));
};

async function untilReady(url, child) {
  const deadline = Date.now() + startMsMax;
  while (Date.now() < deadline && child.exitCode === null && child.pid !== undefined) {
    const ready = await fetch(`${url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (ready) return;
    await sleep(100);
  }
  throw new Error(child.exitCode === null ? 'it is not ready' : `it ended with ${child.exitCode}`);
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
