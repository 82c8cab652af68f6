import { type Cluster, type GatewayRole, startCluster } from '@sluice/testkit';
import { type BackEndProcess, configurationFor, type LoadResult, startBackEndProcess, startK6 } from './src/index.js';

export interface LoadCluster {
  cluster: Cluster;
  backEnd: BackEndProcess;
  edgeUrls(): string;
  /** Runs k6 to its end; throws where it left no summary. */
  run(
    variables: Record<string, string>,
    more?: { env?: Record<string, string>; flags?: string[] },
  ): Promise<{ exitCode: number; result: LoadResult; output: string }>;
  stop(): Promise<void>;
}

/** A real cluster with the API of the load tests and their back end, and k6 to run against it. */
export async function startLoadCluster(
  roles: GatewayRole[] = ['edge', 'router', 'callback'],
  env: Record<string, string> = {},
): Promise<LoadCluster> {
  const backEnd = await startBackEndProcess();
  const config = configurationFor(`127.0.0.1:${backEnd.port}`);
  const cluster = await startCluster({ config, roles: [], env }).catch(async (error: unknown) => {
    await backEnd.stop();
    throw error;
  });
  const stop = async () => {
    await cluster.stop();
    await backEnd.stop();
  };
  try {
    // One after the other: a busy machine takes long for four at once, and each has its own time to be ready in.
    for (const role of roles) await cluster.add(role, { env });
  } catch (error) {
    await stop();
    throw error;
  }
  const edgeUrls = () =>
    cluster.processes
      .filter(({ role }) => role === 'edge')
      .map(({ port }) => `ws://127.0.0.1:${port}`)
      .join(',');
  return {
    cluster,
    backEnd,
    edgeUrls,
    async run(variables, more = {}) {
      const run = startK6({
        ...more,
        timeoutMs: 90_000,
        variables: {
          EDGE_URL: edgeUrls(),
          CALLBACK_URL: `http://127.0.0.1:${cluster.the('callback').port}`,
          BACK_END_URL: backEnd.url,
          // What is asserted here are counts. How long anything takes depends on what else the machine does.
          P99_MS: '60000',
          ...variables,
        },
      });
      const { result, exitCode, output } = await run.ended;
      if (result === undefined) throw new Error(`k6 left no summary:\n${output}`);
      return { exitCode, result, output };
    },
    stop,
  };
}
