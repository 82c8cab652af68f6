import { afterAll, beforeAll, expect, it } from 'vitest';
// @ts-expect-error plain JavaScript, like all scripts
import { checkQueries } from './check-queries.mjs';
// @ts-expect-error plain JavaScript, like all scripts
import { runLoadedCluster } from './loaded-cluster.mjs';

interface PanelResult {
  panel: string;
  state: 'data' | 'quiet' | 'empty';
  reason?: string;
}

/** What even the load of this test does not bring about; test/metrics.test.ts sees their metrics with numbers. */
const unseen = new Set([
  'bus: Dropped by a cap',
  'bus: Inboxes: not delivered',
  'bus: Taken over from other routers',
  'deploys: Entries of a newer version',
  'deploys: Entries taken over from other routers',
  'edge: Ping to sign of life',
  'router: Repeats',
]);
const loadSeconds = 60;

let run: Awaited<ReturnType<typeof runLoadedCluster>>;
beforeAll(async () => {
  run = await runLoadedCluster({ seconds: loadSeconds });
}, 240_000);
afterAll(() => run?.stop());

it('[O1] every panel has data in a real Prometheus that scrapes a real cluster under load', async () => {
  const results: PanelResult[] = await checkQueries(run.prometheus, {
    minutes: (run.endedAt - run.startedAt) / 60,
    at: run.endedAt,
    interval: '10s',
  });
  expect(run.sent).toBeGreaterThan(500);
  expect(results.length).toBeGreaterThan(100);
  expect(results.filter(({ state }) => state === 'empty')).toEqual([]);
  const quiet = results.filter(({ state }) => state === 'quiet').map(({ panel }) => panel);
  expect(quiet.filter((panel) => !unseen.has(panel))).toEqual([]);
  console.log(
    `${results.length} panels, ${results.length - quiet.length} with data; quiet: ${quiet.join('; ') || 'none'}`,
  );
}, 60_000);
