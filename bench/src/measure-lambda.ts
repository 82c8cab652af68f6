import { type BenchRun, wanted } from './bench-run.js';
import { startCluster, startStandalone } from './deployments.js';
import { measureWorkload } from './measure-echo.js';
import type { CostRow } from './rows.js';
import { lambdaWorkloads } from './workloads.js';

/** A function behind the Invoke API that echoes, with calls unsigned and signed. */
export async function measureLambda(
  run: BenchRun,
  place: 'standalone' | 'cluster',
  raw: CostRow[],
): Promise<CostRow[]> {
  if (!wanted(run, place, 'lambda')) return [];
  const start = place === 'standalone' ? startStandalone : startCluster;
  const rows: CostRow[] = [];
  for (const { workload, signed } of lambdaWorkloads) {
    const gateways = await start(run, signed ? run.configs.signing : run.configs.open);
    rows.push(...(await measureWorkload(run, gateways, workload, raw)));
    await gateways.end();
  }
  return rows;
}
