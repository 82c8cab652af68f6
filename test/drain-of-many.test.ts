import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type BackEnd, type Cluster, startBackEnd, startCluster, waitFor } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const socketCount = 10_000;
const clientProcesses = 2;
const holdMs = 1_000;
const windowMs = 20_000;
const settleMs = 10_000;
/** What an operator grants: the sum of the steps and 10 s. */
const graceMs = holdMs + windowMs + settleMs + 10_000;

type Closed = [code: number, reason: string, atMs: number];

interface Seen {
  closes: Closed[];
  /** How long the clients' process was held up at most: it saw the closes of that time as one burst. */
  stalledMs: number;
}

/** Sockets of a process of their own, all open. */
class IdleSockets {
  readonly closed: Promise<Seen>;

  private constructor(private readonly child: ChildProcess) {
    this.closed = new Promise((resolve, reject) => {
      child.on('message', (message: Partial<Seen> & { failed?: string }) => {
        const { closes, stalledMs = 0 } = message;
        if (closes !== undefined) resolve({ closes, stalledMs });
        if (message.failed !== undefined) reject(new Error(message.failed));
      });
    });
  }

  static async open(url: string, count: number): Promise<IdleSockets> {
    const child = fork(fileURLToPath(new URL('clients/idle-sockets.mjs', import.meta.url)), [url, String(count)]);
    const sockets = new IdleSockets(child);
    const opened = new Promise<void>((resolve) => {
      child.on('message', (message: { opened?: number }) => message.opened !== undefined && resolve());
    });
    await Promise.race([opened, sockets.closed]);
    return sockets;
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }
}

/** The most closes that any span of one second has seen. */
function busiestSecond(timesMs: readonly number[]): number {
  let most = 0;
  let from = 0;
  for (let to = 0; to < timesMs.length; to++) {
    while ((timesMs[to] as number) - (timesMs[from] as number) >= 1_000) from++;
    most = Math.max(most, to - from + 1);
  }
  return most;
}

describe(`a drain of ${socketCount} sockets`, () => {
  let backEnd: BackEnd;
  let cluster: Cluster;
  const clients: IdleSockets[] = [];

  beforeAll(async () => {
    backEnd = await startBackEnd(() => ({}));
    const backend = { integrationType: 'HTTP_PROXY', integrationUri: backEnd.url };
    cluster = await startCluster({
      config: {
        apis: { chat: { integrations: { backend }, routes: { $disconnect: 'backend' }, stages: { dev: {} } } },
        edge: { maxConnections: socketCount + 1_000, handshakesPerSecondMax: 100_000, handshakesBurstMax: 100_000 },
        drain: { holdMs, windowMs, settleMs },
      },
      roles: ['edge', 'router'],
    });
    const url = `ws://127.0.0.1:${cluster.the('edge').port}/chat/dev`;
    for (let n = 0; n < clientProcesses; n++) clients.push(await IdleSockets.open(url, socketCount / clientProcesses));
  }, 120_000);
  afterAll(async () => {
    for (const each of clients) each.kill();
    await cluster?.stop();
    await backEnd?.stop();
  });

  it('[DR-2] no second closes more than twice the mean, all with 1001, every $disconnect, exit 0 before the grace period is over', async () => {
    const edge = cluster.the('edge');
    await waitFor('all to be counted', async () => (await edge.metric('sluice_sockets')) === socketCount);
    const startedAtMs = Date.now();
    edge.signal('SIGTERM');
    const exit = await edge.exited;
    const tookMs = Date.now() - startedAtMs;
    const seen = await Promise.all(clients.map((each) => each.closed));
    const closes = seen.flatMap((each) => each.closes);
    const stalledMs = Math.max(...seen.map((each) => each.stalledMs));
    await waitFor('every $disconnect', () => backEnd.of('DISCONNECT').length >= socketCount, 20_000);

    const times = closes.map(([, , atMs]) => atMs).sort((a, b) => a - b);
    const busiest = busiestSecond(times);
    const mean = (1_000 * socketCount) / windowMs;
    const bound = 2 * mean * (1 + stalledMs / 1_000);
    const disconnected = new Set(backEnd.of('DISCONNECT').map(({ connectionId }) => connectionId)).size;
    console.log(
      `drain of ${socketCount} sockets in a window of ${windowMs} ms: first close after ${(times[0] as number) - startedAtMs} ms, ` +
        `last after ${(times.at(-1) as number) - startedAtMs} ms, ${busiest} closes in the busiest second (bound ${2 * mean}; clients held up for ${Math.round(stalledMs)} ms at most), ` +
        `${disconnected} $disconnects, exit ${exit.code} after ${tookMs} ms (grace ${graceMs} ms)`,
    );
    expect(new Set(closes.map(([code, reason]) => `${code} ${reason}`))).toEqual(new Set(['1001 Going away']));
    expect(closes.length).toBe(socketCount);
    expect((times[0] as number) - startedAtMs).toBeGreaterThanOrEqual(holdMs);
    expect(busiest).toBeLessThanOrEqual(bound);
    expect(exit).toEqual({ code: 0, signal: null });
    expect(tookMs).toBeLessThan(graceMs);
    expect([disconnected, backEnd.of('DISCONNECT').length]).toEqual([socketCount, socketCount]);
    const codes = backEnd.of('DISCONNECT').map(({ headers }) => headers['x-sluice-disconnect-code']);
    expect(new Set(codes)).toEqual(new Set(['1001']));
  }, 120_000);
});
