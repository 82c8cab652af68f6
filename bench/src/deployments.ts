import type { BenchRun } from './bench-run.js';
import { type GatewayProcess, startGateway } from './gateway.js';
import type { ProcessGroups } from './measure-round.js';
import type { Deployment } from './rows.js';
import type { StartedProcess } from './started-processes.js';

/** Gateway processes that take messages together, and what of them is measured. */
export interface GatewayDeployment {
  deployment: Deployment;
  /** Where clients connect. */
  ports: number[];
  groups: ProcessGroups;
  /** Whose hottest functions are shown where that is asked for. */
  profiled: StartedProcess[];
  end(): Promise<void>;
}

/** One process on the in-process bus. */
export async function startStandalone(run: BenchRun, configPath: string): Promise<GatewayDeployment> {
  const gateway = await startGateway(run.processes, 'start', { configPath, redisUrl: undefined });
  return {
    deployment: 'standalone',
    ports: [gateway.port],
    groups: { standalone: [gateway.started.pid] },
    profiled: [gateway.started],
    end: () => gateway.started.end(),
  };
}

/** An edge and a router over Redis Streams. */
export async function startCluster(run: BenchRun, configPath: string): Promise<GatewayDeployment> {
  const options = { configPath, redisUrl: run.redis.url };
  const router = await startGateway(run.processes, 'router', options);
  const edge = await startGateway(run.processes, 'edge', options);
  return clusterOf(run, [edge], router);
}

export function clusterOf(run: BenchRun, edges: GatewayProcess[], router: GatewayProcess): GatewayDeployment {
  const processes = [...edges, router].map((gateway) => gateway.started);
  return {
    deployment: edges.length > 1 ? 'cluster-2-edges' : 'cluster-1-edge',
    ports: edges.map((edge) => edge.port),
    groups: {
      edge: edges.map((edge) => edge.started.pid),
      router: [router.started.pid],
      redis: [run.redis.pid],
    },
    profiled: processes,
    end: async () => {
      for (const started of processes) await started.end();
    },
  };
}
