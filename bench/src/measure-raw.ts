import type { BenchRun } from './bench-run.js';
import type { GatewayDeployment } from './deployments.js';
import { clientPath, type GatewayProcess } from './gateway.js';
import { measureWorkload } from './measure-echo.js';
import { measureHandshake } from './measure-handshakes.js';
import { measureIdle } from './measure-idle.js';
import type { CostRow, MemoryRow } from './rows.js';
import { rawWorkload } from './workloads.js';

/** The floor of this machine at this moment: the bare uWebSockets.js echo with the same connections and messages. */
export async function measureRaw(run: BenchRun): Promise<{ costs: CostRow[]; memory: MemoryRow[] }> {
  const { started, port } = await startRawEcho(run);
  const bare: GatewayDeployment = {
    deployment: 'raw',
    ports: [port],
    groups: { edge: [started.pid] },
    profiled: [],
    end: () => started.end(),
  };
  const costs = await measureWorkload(run, bare, rawWorkload, []);
  if (run.selection.kinds.has('handshake')) {
    costs.push(await measureHandshake(run, bare, { work: 'handshake', path: clientPath, headers: [''] }, []));
  }
  await bare.end();
  const memory: MemoryRow[] = [];
  if (run.selection.kinds.has('idle')) {
    // A process that was under load has memory to spare, in which idle connections would hide.
    const fresh = await startRawEcho(run);
    memory.push(await measureIdle(run, fresh, 'raw', undefined));
    await fresh.started.end();
  }
  return { costs: costs.map((row) => ({ ...row, ratio: 1 })), memory };
}

async function startRawEcho(run: BenchRun): Promise<GatewayProcess> {
  const { started, ready } = await run.processes.fork('raw echo', 'raw-echo-server');
  const { port } = (await ready) as { port: number };
  return { started, port };
}
