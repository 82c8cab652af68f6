import { type BenchRun, wanted } from './bench-run.js';
import { startCluster, startStandalone } from './deployments.js';
import { measureWorkload } from './measure-echo.js';
import type { CostRow } from './rows.js';
import { workloadsApart } from './workloads.js';

/** Loads that would change what other rows cost, by their settings or by what they leave behind: each on gateways of its own. */
export async function measureApart(run: BenchRun, place: 'standalone' | 'cluster', raw: CostRow[]): Promise<CostRow[]> {
  const start = place === 'standalone' ? startStandalone : startCluster;
  const rows: CostRow[] = [];
  for (const { kind, config, workload } of workloadsApart) {
    if (!wanted(run, place, kind)) continue;
    const gateways = await start(run, run.configs[config]);
    rows.push(...(await measureWorkload(run, gateways, workload, raw)));
    await gateways.end();
  }
  return rows;
}
