import { type LoadResult, startK6 } from '@sluice/loadtest';
import { waitFor } from '@sluice/testkit';
import { expect } from 'vitest';
import type { ApiProxy, Namespace } from './cluster.js';
import { Fleet, type FleetReport } from './fleet.js';
import { LoadBackEnd } from './load-back-end.js';
import { Posts, type PostsReport } from './posts.js';
import { releaseAddresses } from './release.js';
import { addRow, rowOf } from './results.js';

export interface Outcome {
  seconds: number;
  fleet: FleetReport;
  posts: PostsReport;
  k6: LoadResult | undefined;
}

export interface TrafficOptions {
  namespace: Namespace;
  proxy: ApiProxy;
  /** Line of the table. */
  step: string;
  /** Also k6, with so many sockets and messages a second, for so long. */
  k6?: { connections: number; rate: number; seconds: number };
}

const fleetSize = 20;
const messageIntervalMs = 250;
const postIntervalMs = 40;
let runs = 0;

/**
 * Runs `happen` while clients talk, posts arrive, and, where asked for, k6 holds sockets; then counts. The clients go on for a
 * little, so that what was broken shows.
 */
export async function underTraffic(options: TrafficOptions, happen: (fleet: Fleet) => Promise<void>): Promise<Outcome> {
  const { namespace, proxy, step } = options;
  const addresses = await releaseAddresses(namespace);
  const backEnd = new LoadBackEnd(proxy, namespace);
  runs += 1;
  // Unique over the files of the suite, which the back end outlives.
  const run = `fleet-${process.pid}-${runs}`;
  const k6 = options.k6 === undefined ? undefined : startLoad(addresses, run, options.k6);
  const fleet = new Fleet({ url: addresses.client, run, size: fleetSize, intervalMs: messageIntervalMs });
  await waitFor('the clients to be connected', () => fleet.connected.length === fleetSize, 30_000);
  const posts = new Posts(addresses.management, fleet, postIntervalMs);
  const startedAt = performance.now();
  await happen(fleet);
  const seconds = (performance.now() - startedAt) / 1000;
  const result = await k6;
  await posts.stop();
  await fleet.stop();
  const report = await fleet.report(backEnd);
  const outcome = { seconds, fleet: report, posts: posts.report(), k6: result };
  addRow(rowOf(step, seconds, report, outcome.posts, result));
  await allDisconnected(backEnd, run, report.connects);
  return outcome;
}

/** Every connection that was made has had its `$disconnect`, once. */
async function allDisconnected(backEnd: LoadBackEnd, run: string, connects: number): Promise<void> {
  await waitFor(
    `${connects} $disconnects`,
    async () => (await backEnd.stats(run)).disconnects >= connects,
    60_000,
  ).catch(() => undefined);
  const stats = await backEnd.stats(run);
  expect(stats, `connects and disconnects of ${run}`).toMatchObject({
    connects,
    disconnects: connects,
    connected: 0,
    disconnectRepeats: 0,
  });
}

async function startLoad(
  addresses: { edge: string; callback: string; backEnd: string },
  run: string,
  { connections, rate, seconds }: { connections: number; rate: number; seconds: number },
): Promise<LoadResult> {
  const { ended } = startK6({
    timeoutMs: (seconds + 90) * 1000,
    variables: {
      SCENARIO: 'drain-under-load',
      RUN_ID: `k6-${run}`,
      EDGE_URL: addresses.edge,
      CALLBACK_URL: addresses.callback,
      BACK_END_URL: addresses.backEnd,
      API: 'load',
      CONNECTIONS: String(connections),
      RATE: String(rate),
      DURATION: `${seconds}s`,
      RAMP: '3s',
      // Counts are asserted here. How long anything takes depends on what else the machine does.
      P99_MS: '60000',
    },
  });
  const { result, output, exitCode } = await ended;
  if (result === undefined) throw new Error(`k6 ended with ${exitCode} and left no summary:\n${output}`);
  return result;
}

/** What a planned change may look like to a client: a close with 1001 and a new connection; nothing else. */
export function expectUnharmed({ fleet, posts, k6 }: Outcome): void {
  expect(fleet.faults).toEqual([]);
  // A frame that Redis does not take in time is refused out loud, and counted in the table: a machine that is too busy has some.
  expect(fleet.lost).toBe(0);
  expect(Object.keys(fleet.closes).filter((code) => code !== '1000' && code !== '1001')).toEqual([]);
  expect(fleet.answered).toBeGreaterThan(0);
  expect(posts.untruthful).toEqual([]);
  expect(posts.ok).toBeGreaterThan(0);
  if (k6 === undefined) return;
  expect(k6.failed).toEqual([]);
  expect(k6.messages).toMatchObject({ lost: 0, unknownFrames: 0 });
  expect(k6).toMatchObject({ abnormalCloses: 0, handshakesFailed: 0, disconnectsMissing: 0 });
  expect(Object.keys(k6.closes).filter((code) => code !== '1000' && code !== '1001')).toEqual([]);
  expect(k6.messages.answered).toBeGreaterThan(0);
}
