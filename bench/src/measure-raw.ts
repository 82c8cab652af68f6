import type { BenchRun } from './bench-run.js';
import { measureEcho } from './measure-echo.js';
import type { CostRow } from './rows.js';

/** The floor of this machine at this moment: the bare uWebSockets.js echo with the same connections and messages. */
export async function measureRaw(run: BenchRun): Promise<CostRow[]> {
  const { started, ready } = await run.processes.fork('raw echo', 'raw-echo-server');
  const { port } = (await ready) as { port: number };
  const rows: CostRow[] = [];
  for (const inFlight of [1, 10]) {
    const groups = { edge: [started.pid] };
    rows.push(await measureEcho(run, { work: 'raw echo', deployment: 'raw', inFlight, ports: [port], groups }, []));
  }
  await started.end();
  return rows.map((row) => ({ ...row, ratio: 1 }));
}
