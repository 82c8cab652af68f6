import { waitFor } from '@sluice/testkit';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type LoadCluster, startLoadCluster } from './load-cluster.fixture.js';
import { thresholdsCrossed } from './src/index.js';

let load: LoadCluster;

beforeAll(async () => {
  load = await startLoadCluster();
});
beforeEach(() => load.backEnd.faults({}));
afterAll(() => load?.stop());

const short = { CONNECTIONS: '10', SOCKETS_PER_VU: '5', RATE: '50', RAMP: '500ms', DURATION: '4s', GRACE: '1s' };

it('a back end that leaves an answer out makes lost move, and k6 names the threshold', async () => {
  await load.backEnd.faults({ dropEvery: 40 });
  const { exitCode, result, output } = await load.run({ ...short, SCENARIO: 'webhook-echo', RUN_ID: 'drop' });
  expect(exitCode).toBe(thresholdsCrossed);
  expect(result.passed).toBe(false);
  expect(result.failed).toContainEqual({ metric: 'lost', threshold: 'count==0', ok: false });
  // 200 messages, every fortieth without an answer.
  expect(result.messages).toMatchObject({ sent: 200, answered: 195, lost: 5, duplicated: 0 });
  expect(output).toMatch(/thresholds on metrics '.*lost/);
});

it('a back end that answers with the message before makes duplicated move, and the run is broken off', async () => {
  await load.backEnd.faults({ repeatEvery: 30 });
  const { exitCode, result, output } = await load.run({
    ...short,
    CONNECTIONS: '1',
    SCENARIO: 'webhook-echo',
    RUN_ID: 'repeat',
  });
  expect(exitCode).toBe(thresholdsCrossed);
  expect(result.failed.map(({ metric }) => metric)).toContain('duplicated');
  expect(result.messages.duplicated).toBeGreaterThan(0);
  expect(output).toMatch(/duplicated.*abortOnFail|abortOnFail.*duplicated/s);
});

it('a latency over its threshold fails at the end, after the whole load', async () => {
  const { exitCode, result } = await load.run({ ...short, SCENARIO: 'webhook-echo', RUN_ID: 'slow', P99_MS: '0.01' });
  expect(exitCode).toBe(thresholdsCrossed);
  expect(result.failed).toEqual([{ metric: 'rtt_ms', threshold: 'p(99)<0.01', ok: false }]);
  expect(result.messages).toMatchObject({ sent: 200, answered: 200 });
});

it('latency counts from when a message was due: a pause of the gateway is seen by every message that fell into it', async () => {
  const run = load.run({ ...short, SCENARIO: 'echo', RUN_ID: 'pause', DURATION: '6s' });
  await waitFor('the run to send', async () => (await load.backEnd.stats('pause')).connects === 10, 30_000);
  const router = load.cluster.the('router');
  router.signal('SIGSTOP');
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  router.signal('SIGCONT');
  const { result } = await run;
  expect(result.messages).toMatchObject({ sent: 300, lost: 0 });
  // 50 a second fell into the pause; they waited between 0 and 2.5 s.
  expect(result.latency.rttMs?.max).toBeGreaterThan(1_500);
});

it('an edge that is killed is seen as abnormal closes, and the run is broken off', async () => {
  const edge = await load.cluster.add('edge');
  const run = load.run({ ...short, SCENARIO: 'drain-under-load', RUN_ID: 'killed', DURATION: '20s' });
  await waitFor('messages to flow', async () => (await load.backEnd.stats('killed')).messages > 20, 30_000);
  await edge.kill();
  const { exitCode, result } = await run;
  expect(exitCode).toBe(thresholdsCrossed);
  expect(result.failed.map(({ metric }) => metric)).toContain('abnormal_closes');
  expect(result.abnormalCloses).toBe(5);
  expect(result.closes['1006']).toBe(5);
});

it('a key that may not post makes posts_failed move', async () => {
  const { exitCode, result } = await load.run({
    ...short,
    SCENARIO: 'management-post',
    RUN_ID: 'forbidden',
    SECRET_ACCESS_KEY: 'not-the-secret',
  });
  expect(exitCode).toBe(thresholdsCrossed);
  expect(result.failed.map(({ metric }) => metric)).toContain('posts_failed');
});
