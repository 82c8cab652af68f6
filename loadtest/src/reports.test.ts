import { describe, expect, it } from 'vitest';
import { readOptions } from './command-line.js';
import { docsTable, replaceTable } from './docs-table.js';
import { judgeGenerator } from './generator-health.js';
import { goDurationMs } from './inspect.js';
import type { LoadResult } from './load-result.js';
import { formatReport, type LoadReport } from './report.js';
import { sourceAddresses } from './run-load.js';

const percentiles = { p50: 1, p95: 2, p99: 3.456, max: 9, count: 100 };
const report = {
  scenario: 'webhook-echo',
  profile: 'load',
  passed: true,
  per: 'message',
  target: ['ws://127.0.0.1:1'],
  connections: 200,
  ratePerSecond: 2_000,
  workSeconds: 30,
  workFromMs: 0,
  workToMs: 30_000,
  startedAt: '2026-01-02T03:04:05Z',
  seed: '1',
  messages: { sent: 60_000, answered: 60_000, refused: 0, cut: 0, lost: 0, duplicated: 0, perSecond: 2_000 },
  posts: { sent: 0, perSecond: 0 },
  closes: { 1000: 200 },
  latency: { rttMs: percentiles },
  failed: [],
  gateway: [
    { process: 'edge', cpuSeconds: 0.6, cpuMicrosecondsPerMessage: 10 },
    { process: 'Redis', cpuSeconds: 0.3, cpuMicrosecondsPerMessage: 5 },
  ],
  generator: { facts: { 'machine busy': '70 %', 'CPU of k6': '0.50 of 2 cores' }, warnings: [] },
  machine: { cpu: 'A CPU', cores: 2, system: 'Linux 6' },
  versions: { sluice: '0.1.0', k6: '1.8.1' },
  commit: 'abc1234',
} as unknown as LoadReport;

it('a report says throughput, latency and cost with where they come from', () => {
  const text = formatReport(report);
  expect(text).toContain('webhook-echo × load: passed');
  expect(text).toContain('200 clients, 2000 messages/s for 30 s');
  expect(text).toContain('p99 3.46');
  expect(text).toContain('µs per message: edge 10.0, Redis 5.0; all 15.0');
  expect(text).toContain('A CPU, 2 cores; sluice 0.1.0, k6 1.8.1; commit abc1234; seed 1');
});

describe('the table of the docs', () => {
  it('has a line for each run, and says which machine', () => {
    const table = docsTable([report]);
    expect(table).toContain(
      '| webhook-echo | 200 clients, 2000 messages/s for 30 s | rtt | 1.00 | 2.00 | 3.46 | 10.0 µs |  |  | 5.0 µs | 0, 0 | 70 %, 0.50 of 2 cores |',
    );
    expect(table).toContain('commit abc1234, 2026-01-02');
  });

  it('stands between its marks, which have to be there once', () => {
    const page = 'a\n<!-- loadtest:start -->\nold\n<!-- loadtest:end -->\nb';
    expect(replaceTable(page, 'new')).toBe('a\n<!-- loadtest:start -->\n\nnew\n\n<!-- loadtest:end -->\nb');
    expect(() => replaceTable('a', 'new')).toThrow('<!-- loadtest:start -->');
  });
});

it('a generator without reserve is said to be one', () => {
  const judge = (busy: number, lagMs: number, connections: number) =>
    judgeGenerator({
      result: { ...report, connections, latency: { generatorLagMs: { ...percentiles, p99: lagMs } } } as LoadResult,
      k6CpuSeconds: 15,
      busy,
      cores: 2,
      sourceAddresses: 1,
    });
  expect(judge(0.5, 10, 200)).toMatchObject({ warnings: [], facts: { 'CPU of k6': '0.50 of 2 cores' } });
  expect(judge(0.9, 80, 200_000).warnings.map((text) => text.split(' ').slice(0, 3).join(' '))).toEqual([
    'The machine was',
    'Timers of k6',
    '200000 connections to',
  ]);
});

it('more connections than source ports get more addresses, on loopback only', () => {
  expect(sourceAddresses({ EDGE_URL: 'ws://127.0.0.1:8080', CONNECTIONS: '200' })).toBe(1);
  expect(sourceAddresses({ EDGE_URL: 'ws://127.0.0.1:8080', CONNECTIONS: '100000' })).toBeGreaterThan(1);
  expect(sourceAddresses({ EDGE_URL: 'wss://ws.example.com', CONNECTIONS: '100000' })).toBe(1);
});

describe('options', () => {
  it('none are the canonical workload; some of them change it', () => {
    expect(readOptions([]).variables).toEqual({ SCENARIO: 'webhook-echo', PROFILE: 'load', DURATION: '30s' });
    expect(readOptions(['--duration', '5s', '--set', 'GRACE=1s']).variables).toMatchObject({
      DURATION: '5s',
      GRACE: '1s',
    });
    expect(readOptions(['--scenario', 'churn', '--profile', 'smoke']).variables).toEqual({
      SCENARIO: 'churn',
      PROFILE: 'smoke',
    });
  });

  it.each([
    [['--set', 'GRACE'], '--set GRACE: it has to be NAME=VALUE'],
    [['--edges', '0'], '--edges is "0"; allowed: 1 to 16'],
    [['--nope'], '--nope'],
  ])('%o is refused', (args, message) => {
    expect(() => readOptions(args)).toThrow(message);
  });
});

it('reads durations as Go prints them', () => {
  expect(['58.5s', '1h2m3s', '500ms', '10m0s'].map(goDurationMs)).toEqual([58_500, 3_723_000, 500, 600_000]);
});
