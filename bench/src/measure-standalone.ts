import { type BenchRun, wanted } from './bench-run.js';
import { startStandalone } from './deployments.js';
import { startGateway } from './gateway.js';
import { measureApart } from './measure-apart.js';
import { measureWorkload } from './measure-echo.js';
import { measureHandshakes } from './measure-handshakes.js';
import { measureIdle } from './measure-idle.js';
import type { CostRow, Row } from './rows.js';
import { messageKinds, workloads } from './workloads.js';

/** One process on the in-process bus. */
export async function measureStandalone(run: BenchRun, raw: CostRow[]): Promise<Row[]> {
  const kinds = messageKinds.filter((kind) => wanted(run, 'standalone', kind));
  const rows: Row[] = [];
  if (kinds.length > 0) {
    const gateway = await startStandalone(run, run.configs.open);
    for (const kind of kinds) {
      for (const workload of workloads[kind]) rows.push(...(await measureWorkload(run, gateway, workload, raw)));
    }
    await gateway.end();
  }
  rows.push(...(await measureApart(run, 'standalone', raw)));
  rows.push(...(await measureHandshakes(run, 'standalone', raw)));
  if (wanted(run, 'standalone', 'idle')) {
    const options = { configPath: run.configs.open, redisUrl: undefined };
    const gateway = await startGateway(run.processes, 'start', options);
    rows.push(await measureIdle(run, gateway, 'standalone', undefined));
    await gateway.started.end();
  }
  return rows;
}
