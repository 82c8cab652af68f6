import { setTimeout as sleep } from 'node:timers/promises';
import { type BackEnd, type BackEndRequest, type Cluster, startBackEnd, startCluster, waitFor } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chatConfig } from './chat-config.js';
import { checkHistory } from './history-check.js';
import { HistoryCluster } from './history-faults.js';
import { type History, type Seen, seededRandom } from './history-record.js';
import { Traffic } from './history-traffic.js';

const seed = Number(process.env['SLUICE_HISTORY_SEED'] ?? Math.floor(Math.random() * 1e9));
const seconds = Number(process.env['SLUICE_HISTORY_SECONDS'] ?? 20);
const clients = 12;
/** A dead edge's lease, the second look at it, and the turns of the survivors in between. */
const reapedWithinMs = 45_000;

describe('a history under random faults', () => {
  const random = seededRandom(seed);
  const history: History = { sessions: [], posts: [], seen: [], edgeDeaths: new Map(), faults: [] };
  let backEnd: BackEnd;
  let cluster: Cluster;
  let onSeen = (_seen: Seen) => {};

  beforeAll(async () => {
    backEnd = await startBackEnd(async (request, response) => {
      const seen = readSeen(request);
      history.seen.push(seen);
      onSeen(seen);
      // Work is in flight whenever a fault comes.
      await sleep(Math.random() * 60);
      response.writeHead(200, { 'content-length': Buffer.byteLength(request.body) }).end(request.body);
    });
    cluster = await startCluster({
      config: chatConfig(backEnd.url, { root: { auth: { callback: 'none' } } }),
      roles: ['edge', 'edge', 'router', 'router', 'callback'],
      // What Redis has confirmed is on the disk, so that nothing confirmed may be missing after its death.
      redis: { appendOnly: true, args: ['--appendfsync', 'always'] },
    });
  });
  afterAll(async () => {
    await cluster?.stop();
    await backEnd?.stop();
  });

  it(
    `[PR-1] [PR-2] [PR-3] [PR-5] [PR-9] keeps the promises (SLUICE_HISTORY_SEED=${seed})`,
    async () => {
      const processes = new HistoryCluster(cluster, random, history.edgeDeaths);
      const traffic = new Traffic(processes, history, Math.random);
      onSeen = ({ session, connectionId }) => {
        if (session !== undefined) traffic.named(session, connectionId);
      };
      traffic.start(clients);
      const endMs = Date.now() + seconds * 1_000;
      await sleep(500);
      // One edge dies early in every history, so that its survivor is at work while other things break.
      history.faults.push(await processes.killEdge());
      while (Date.now() < endMs) {
        history.faults.push(await processes.fault(Date.now() < endMs - seconds * 500));
        await sleep(300 + random() * 1_200);
      }
      await sleep(1_000);
      await traffic.quiet();

      const judged = () => checkHistory(history);
      // Whatever is still under way now comes before the clients go; then the survivors have their time.
      const waitsOnly = (fault: string) => / never (came|ended|received)|no \$disconnect/.test(fault);
      await waitFor(
        'the frames',
        () => !judged().faults.some((fault) => /never (came|received)/.test(fault)),
        15_000,
      ).catch(() => {});
      await traffic.close();
      await waitFor('the ends', () => !judged().faults.some(waitsOnly), reapedWithinMs).catch(() => {});
      await sleep(500);

      const { counts, faults } = judged();
      console.log(`history, seed ${seed}: ${history.faults.join(', ')}; ${JSON.stringify(counts)}`);
      expect(faults).toEqual([]);
      expect(counts['delivered']).toBeGreaterThan(seconds * clients);
      expect(counts['posts200']).toBeGreaterThan(seconds * clients);
      expect(counts['broken']).toBeGreaterThan(0);
      const deadLetters = await Promise.all(
        cluster.processes.map((each) => each.metric('sluice_dead_letters_total').catch(() => 0)),
      );
      expect(deadLetters.reduce((sum, count) => sum + count, 0)).toBe(0);
    },
    seconds * 1_000 + 90_000,
  );
});

function readSeen(request: BackEndRequest): Seen {
  const { atMs, eventType, connectionId, messageId, headers } = request;
  const body = eventType === 'MESSAGE' ? (JSON.parse(request.body) as { session: string; number: number }) : undefined;
  return {
    atMs,
    eventType,
    connectionId,
    messageId,
    requestId: String(headers['x-sluice-request-id']),
    session: body?.session,
    number: body?.number ?? -1,
  };
}
