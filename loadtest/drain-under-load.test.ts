import { waitFor } from '@sluice/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LoadCluster, startLoadCluster } from './load-cluster.fixture.js';

let load: LoadCluster;

beforeAll(async () => {
  load = await startLoadCluster(['edge', 'edge', 'router', 'callback'], {
    SLUICE_DRAIN_HOLD_MS: '500',
    SLUICE_DRAIN_WINDOW_MS: '3000',
  });
});
afterAll(() => load?.stop());

it('an edge that is drained under load closes with 1001 only, and every client comes back', async () => {
  const runId = 'drain';
  // Addresses in turn are what a load balancer does; the drained edge's clients must find another.
  const run = load.run({
    SCENARIO: 'drain-under-load',
    RUN_ID: runId,
    CONNECTIONS: '40',
    RATE: '200',
    DURATION: '10s',
    GRACE: '2s',
    RAMP: '1s',
  });
  await waitFor('messages to flow', async () => (await load.backEnd.stats(runId)).messages > 200, 30_000);
  const edge = load.cluster.the('edge');
  edge.signal('SIGTERM');
  const { exitCode, result, output } = await run;
  expect(exitCode, output).toBe(0);
  const { messages } = result;
  const drained = result.closes['1001'] ?? 0;
  expect(drained).toBe(20);
  expect(result.closes).toEqual({ 1000: 40, 1001: 20 });
  expect(result.opened).toBe(60);
  expect(result).toMatchObject({ abnormalCloses: 0, handshakesFailed: 0, disconnectsMissing: 0 });
  expect(messages).toMatchObject({ lost: 0, duplicated: 0, refused: 0, unknownFrames: 0 });
  // Every message of the fixed schedule has one outcome.
  expect(messages.sent + messages.skipped).toBe(2_000);
  expect(messages.answered + messages.cut).toBe(messages.sent);
  const stats = await load.backEnd.stats(runId);
  expect(stats).toMatchObject({ connects: 60, disconnects: 60, connected: 0 });
  // What was answered has been at the back end; of what was cut, some may have been.
  expect(stats.messages).toBeGreaterThanOrEqual(messages.answered);
  expect(stats.messages).toBeLessThanOrEqual(messages.answered + messages.cut);
  expect((await edge.exited).code).toBe(0);
});
