import { readRedisFacts } from '@sluice/bench';
import { startCluster } from '@sluice/testkit';
import { configurationFor } from './api-file.js';
import { startBackEndProcess } from './back-end-process.js';
import type { LoadOptions } from './command-line.js';

/** What k6 runs against. */
export interface Target {
  variables: Record<string, string>;
  /** Processes whose CPU is counted, by name; none where the gateway is somebody else's. */
  processes: { name: string; pid: number }[];
  redisVersion: string | undefined;
  stop(): Promise<void>;
}

/** The gateway that the options name, or a cluster of separate processes on this machine as an operator would start it. */
export async function openTarget(options: LoadOptions): Promise<Target> {
  if (options.variables['EDGE_URL'] !== undefined) {
    return { variables: {}, processes: [], redisVersion: undefined, stop: async () => {} };
  }
  const backEnd = await startBackEndProcess();
  const stops = [() => backEnd.stop()];
  const stop = async () => {
    for (const each of stops.reverse()) await each();
  };
  try {
    const roles = [
      ...Array.from({ length: options.edges }, () => 'edge' as const),
      ...Array.from({ length: options.routers }, () => 'router' as const),
      'callback' as const,
    ];
    const cluster = await startCluster({ config: configurationFor(`127.0.0.1:${backEnd.port}`), roles: [] });
    stops.push(() => cluster.stop());
    // One after the other: a busy machine takes long for all at once, and each has its own time to be ready in.
    for (const role of roles) await cluster.add(role);
    const edges = cluster.processes.filter(({ role }) => role === 'edge');
    const slowLink = await startBackEndProcess({ slowLinkTarget: `127.0.0.1:${edges[0]?.port}` });
    stops.push(() => slowLink.stop());
    return {
      variables: {
        EDGE_URL: edges.map(({ port }) => `ws://127.0.0.1:${port}`).join(','),
        CALLBACK_URL: `http://127.0.0.1:${cluster.the('callback').port}`,
        BACK_END_URL: backEnd.url,
        SLOW_EDGE_URL: slowLink.slowLinkUrl ?? '',
      },
      processes: [
        ...cluster.processes.map(({ role, pid }) => ({ name: role, pid })),
        { name: 'Redis', pid: cluster.redis.pid },
      ],
      redisVersion: (await readRedisFacts(cluster.redis.port)).version,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
