import { type BenchRun, type Kind, wanted } from './bench-run.js';
import { startGateway } from './gateway.js';
import { measureEcho } from './measure-echo.js';
import { measureIdle } from './measure-idle.js';
import type { CostRow, Row } from './rows.js';

/** One process on the in-process bus. */
export async function measureStandalone(run: BenchRun, raw: CostRow[]): Promise<Row[]> {
  const works = (['mock', 'http'] as Kind[]).filter((kind) => wanted(run, 'standalone', kind));
  const rows: Row[] = [];
  const options = { configPath: run.openConfigPath, redisUrl: undefined };
  if (works.length > 0) {
    const gateway = await startGateway(run.processes, 'start', options);
    const shared = { groups: { standalone: [gateway.started.pid] }, profiled: [gateway.started] };
    for (const kind of works) {
      for (const inFlight of [1, 10]) {
        const work = kind === 'mock' ? 'MOCK' : 'HTTP';
        const echo = { work, deployment: 'standalone', inFlight, ports: [gateway.port], ...shared } as const;
        rows.push(await measureEcho(run, echo, raw));
      }
    }
    await gateway.started.end();
  }
  if (wanted(run, 'standalone', 'idle')) {
    const gateway = await startGateway(run.processes, 'start', options);
    rows.push(await measureIdle(run, gateway, 'standalone', undefined));
    await gateway.started.end();
  }
  return rows;
}
