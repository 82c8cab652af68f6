import { type BenchRun, wanted } from './bench-run.js';
import { type GatewayDeployment, startCluster, startStandalone } from './deployments.js';
import { stage } from './gateway-config.js';
import { sayHotSpots } from './hot-spots.js';
import { costLine, costRow } from './measure-echo.js';
import { measureCost } from './measure-round.js';
import { type CostRow, handshakesAtOnce } from './rows.js';
import { handshakeWorkloads } from './workloads.js';

/**
 * Handshakes, each followed by the end of its connection: plain, with a `$connect` route, with a token to be
 * judged, and with one that was judged not long ago.
 */
export async function measureHandshakes(
  run: BenchRun,
  place: 'standalone' | 'cluster',
  raw: CostRow[],
): Promise<CostRow[]> {
  if (!wanted(run, place, 'handshake')) return [];
  const start = place === 'standalone' ? startStandalone : startCluster;
  const gateways = await start(run, run.configs.handshakes);
  const rows: CostRow[] = [];
  for (const { work, api, tokens } of handshakeWorkloads) {
    const lines = run.tokens.slice(0, tokens).map((token) => `Authorization: Bearer ${token}\r\n`);
    const headers = lines.length === 0 ? [''] : lines;
    rows.push(await measureHandshake(run, gateways, { work, path: `/${api}/${stage}`, headers }, raw));
  }
  await gateways.end();
  return rows;
}

export async function measureHandshake(
  run: BenchRun,
  { deployment, ports, groups, profiled }: GatewayDeployment,
  { work, path, headers }: { work: CostRow['work']; path: string; headers: string[] },
  raw: CostRow[],
): Promise<CostRow> {
  run.say(`${work}, ${deployment}, ${handshakesAtOnce} at once`);
  await run.generator.call('openHandshakes', { ports, path, headers, atOnce: handshakesAtOnce });
  const cost = await measureCost(run.generator, handshakesAtOnce, groups, run.pace);
  run.say(costLine(cost));
  if (run.profile) await sayHotSpots(run, handshakesAtOnce, profiled);
  await run.generator.call('close', undefined);
  return costRow(work, deployment, handshakesAtOnce, cost, raw);
}
