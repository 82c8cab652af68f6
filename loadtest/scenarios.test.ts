import { afterAll, beforeAll, expect, it } from 'vitest';
import { Schedule } from './lib/schedule.js';
import { type LoadCluster, startLoadCluster } from './load-cluster.fixture.js';
import { profiles } from './profiles/index.js';
import { type BackEndProcess, startBackEndProcess } from './src/index.js';

let load: LoadCluster;
let slowLink: BackEndProcess;

beforeAll(async () => {
  load = await startLoadCluster(['edge', 'edge', 'router', 'callback']);
  slowLink = await startBackEndProcess({ slowLinkTarget: `127.0.0.1:${load.cluster.the('edge').port}` });
});
afterAll(async () => {
  await slowLink?.stop();
  await load?.stop();
});

/** A run of a few seconds with its summary and what the back end saw of it. */
async function runShort(variables: Record<string, string>) {
  const runId = variables['RUN_ID'] ?? variables['SCENARIO'] ?? '';
  const run = await load.run({
    RUN_ID: runId,
    CONNECTIONS: '30',
    SOCKETS_PER_VU: '10',
    RATE: '60',
    RAMP: '1s',
    DURATION: '3s',
    GRACE: '1s',
    ...variables,
  });
  expect(run.exitCode, run.output).toBe(0);
  expect(run.result).toMatchObject({
    passed: true,
    failed: [],
    abnormalCloses: 0,
    handshakesFailed: 0,
    disconnectsMissing: 0,
  });
  const stats = await load.backEnd.stats(runId);
  // Every connection that k6 has opened had its $connect and its $disconnect. A handshake that was refused because Redis did not
  // confirm in time may have reached the back end too.
  expect(stats.disconnects).toBe(run.result.opened);
  expect(stats.connects).toBeGreaterThanOrEqual(run.result.opened);
  expect(stats.connects).toBeLessThanOrEqual(run.result.opened + run.result.handshakesRetried);
  return { ...run, stats };
}

const nothingWrong = { lost: 0, duplicated: 0, refused: 0, cut: 0, skipped: 0, unknownFrames: 0 };

it('echo: every message of the fixed schedule is sent and answered, without a back end', async () => {
  const { result, stats } = await runShort({ SCENARIO: 'echo' });
  expect(result.messages).toMatchObject({ ...nothingWrong, sent: 180, answered: 180 });
  expect(result.latency.rttMs?.count).toBe(180);
  expect(result.closes).toEqual({ 1000: 30 });
  expect(stats.messages).toBe(0);
});

it('webhook-echo: what was answered is what the back end has seen, each once', async () => {
  const { result, stats } = await runShort({ SCENARIO: 'webhook-echo' });
  expect(result.messages).toMatchObject({ ...nothingWrong, sent: 180, answered: 180 });
  expect(stats).toMatchObject({ messages: 180, repeats: 0 });
});

it('webhook-echo on the ordered route: no answer overtakes another', async () => {
  const { result } = await runShort({ SCENARIO: 'webhook-echo', ROUTE: 'ordered', RUN_ID: 'in-order' });
  expect(result.messages).toMatchObject({ ...nothingWrong, answered: 180, outOfOrder: 0 });
  expect(result.thresholds).toContainEqual({ metric: 'out_of_order', threshold: 'count==0', ok: true });
});

it.each(['stress', 'spike', 'soak'])('the profile %s, shortened, sends what its curve says', async (PROFILE) => {
  const { curve } = profiles[PROFILE] ?? { curve: [] };
  const { result } = await runShort({ SCENARIO: 'webhook-echo', PROFILE, RUN_ID: `profile-${PROFILE}` });
  const due = new Schedule(curve, 60, 3_000).count;
  expect(result.messages).toMatchObject({ ...nothingWrong, sent: due, answered: due });
});

it('two runners of one run have half of the clients and messages each, and account for their own', async () => {
  // What the k6 operator gives each of two runners.
  const half = (segment: string) => ({
    flags: ['--execution-segment', segment, '--execution-segment-sequence', '0,1/2,1'],
  });
  const variables = { SCENARIO: 'webhook-echo', CONNECTIONS: '40', SOCKETS_PER_VU: '10', RATE: '80', RAMP: '1s' };
  const both = await Promise.all(
    ['0:1/2', '1/2:1'].map((segment) => load.run({ ...variables, DURATION: '3s', GRACE: '1s' }, half(segment))),
  );
  for (const { exitCode, result, output } of both) {
    expect(exitCode, output).toBe(0);
    expect(result.messages).toMatchObject({ ...nothingWrong, sent: 120, answered: 120 });
    const stats = await load.backEnd.stats(result.runId);
    expect(stats).toMatchObject({ connects: 20, disconnects: 20, connected: 0, messages: 120 });
  }
  expect(both[0]?.result.runId).not.toBe(both[1]?.result.runId);
});

it('management-post: every post that was answered 200 has arrived, and each closed connection answers 410', async () => {
  const { result } = await runShort({ SCENARIO: 'management-post' });
  expect(result.posts).toMatchObject({ sent: 180, failed: 0, throttled: 0, falseGone: 0, falseOk: 0 });
  expect(result.messages).toMatchObject({ answered: 180, lost: 0, duplicated: 0, outOfOrder: 0, unknownFrames: 0 });
  expect(result.latency.deliveryMs?.count).toBe(180);
});

it('fan-out: each broadcast reaches every member of its room', async () => {
  const { result } = await runShort({ SCENARIO: 'fan-out', RATE: '6' });
  // 18 broadcasts to rooms of 10.
  expect(result.posts).toMatchObject({ sent: 180, failed: 0 });
  expect(result.messages).toMatchObject({ answered: 180, lost: 0, duplicated: 0 });
  expect(result.latency.fanOutMs?.count).toBe(18);
});

it('churn: clients come, say their one thing and leave', async () => {
  const { result, stats } = await runShort({ SCENARIO: 'churn', RATE: '20', LIFETIME: '1s' });
  expect(result.opened).toBeGreaterThanOrEqual(50);
  expect(result.messages).toMatchObject({ ...nothingWrong, sent: result.opened, answered: result.opened });
  expect(stats.messages).toBe(result.opened);
});

it('churn with a spike: as many come as the curve says', async () => {
  const spike = { PROFILE: 'spike', RATE: '20', LIFETIME: '1s', SOCKETS_PER_VU: '2', DURATION: '5s' };
  const { result, stats } = await runShort({ SCENARIO: 'churn', RUN_ID: 'churn-spike', ...spike });
  // The area under the curve is 0.4625 times its length: 46 of 100, in groups of two.
  expect(result.opened).toBeGreaterThanOrEqual(44);
  expect(result.opened).toBeLessThanOrEqual(50);
  expect(stats.messages).toBe(result.opened);
});

it('connect-storm: every client gets in, and its time counts from when it was due', async () => {
  const { result } = await runShort({ SCENARIO: 'connect-storm', CONNECTIONS: '100', RATE: '100', DURATION: '1s' });
  expect(result).toMatchObject({ opened: 100, closes: { 1000: 100 } });
  expect(result.latency.connectMs?.count).toBe(100);
});

it('idle-hold: silent clients stay', async () => {
  const { result } = await runShort({ SCENARIO: 'idle-hold', CONNECTIONS: '100' });
  expect(result).toMatchObject({ opened: 100, closes: { 1000: 100 } });
});

it('slow-consumer: slow clients are throttled and closed, the others get everything', async () => {
  const variables = {
    SLOW_EDGE_URL: slowLink.slowLinkUrl ?? '',
    CONNECTIONS: '11',
    RATE: '33',
    PAYLOAD_BYTES: '120000',
  };
  const { result } = await runShort({ SCENARIO: 'slow-consumer', ...variables, DURATION: '35s' });
  // Clients 0 and 10 are slow.
  expect(result.slowClosed).toBe(2);
  expect(result.posts.throttled).toBeGreaterThan(0);
  expect(result.posts).toMatchObject({ failed: 0, falseGone: 0, falseOk: 0 });
  expect(result.messages).toMatchObject({ lost: 0, duplicated: 0, outOfOrder: 0 });
  expect(await load.cluster.the('edge').metric('sluice_closes_total', 'code="1008"')).toBe(2);
});
