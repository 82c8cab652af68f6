import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LoadReport } from './src/report.js';

const script = fileURLToPath(new URL('../scripts/loadtest.mjs', import.meta.url));
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-loadtest-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** `npm run loadtest -- …`, without npm's own lines on stdout. */
function runScript(...args: string[]) {
  return spawnSync(process.execPath, [script, ...args], { encoding: 'utf8', timeout: 110_000 });
}

it('starts a cluster of its own, runs the canonical scenario, and says throughput, latency, cost and where they come from', () => {
  const small = [
    '--connections',
    '20',
    '--rate',
    '100',
    '--duration',
    '4s',
    '--set',
    'GRACE=1s',
    '--set',
    'P99_MS=60000',
  ];
  const { status, stdout, stderr } = runScript(...small, '--edges', '2', '--json', '--out', directory);
  expect(status, stderr).toBe(0);
  const report = JSON.parse(stdout) as LoadReport;
  expect(report).toMatchObject({ scenario: 'webhook-echo', passed: true, connections: 20, per: 'message' });
  expect(report.messages).toMatchObject({ sent: 400, answered: 400, lost: 0, duplicated: 0, perSecond: 100 });
  expect(report.gateway.map(({ process }) => process).sort()).toEqual(['Redis', 'callback', 'edge', 'router']);
  for (const { process, cpuMicrosecondsPerMessage } of report.gateway) {
    expect(cpuMicrosecondsPerMessage, process).toBeGreaterThan(0);
  }
  expect(report.versions).toMatchObject({ node: process.version, k6: expect.stringMatching(/^\d+\.\d+/) });
  expect(report.commit).toMatch(/^[0-9a-f]{7,}\+?$|^unknown$/);
  expect(Object.keys(report.generator.facts)).toEqual([
    'CPU of k6',
    'machine busy',
    'timers late, p99',
    'source ports',
  ]);
  expect(JSON.parse(readFileSync(join(directory, 'summary.json'), 'utf8'))).toEqual(report);
  const page = readFileSync(join(directory, 'summary.html'), 'utf8');
  expect(page).toContain('webhook-echo × load: <span class="passed">passed</span>');
  expect(page).toContain('CPU of the gateway');
  // One page that works without a network.
  expect(page).not.toMatch(/<script|<link|src=|href=|url\(/);
});

it('a wrong variable is told before anything is started', () => {
  const { status, stderr } = runScript('--duration', '30');
  expect(status).toBe(1);
  expect(stderr).toContain('DURATION is "30"; allowed: a number with its unit');
  expect(stderr).not.toContain('a cluster of its own');
});

it('a gateway that is not there makes the run fail with the reason', () => {
  const { status, stderr } = runScript(
    '--edge-url',
    'ws://127.0.0.1:1',
    '--connections',
    '1',
    '--duration',
    '1s',
    '--set',
    'HANDSHAKE_TRIES=1',
  );
  expect(status).toBe(99);
  expect(stderr).toContain('no handshake in 1 tries: dial tcp 127.0.0.1:1: connect: connection refused');
});
