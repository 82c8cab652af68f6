import { type Cluster, type GatewayProcess, startCluster, startGatewayProcess, testKey } from '@sluice/testkit';

/** A running gateway, whichever way it is run: where clients connect and where back ends call back. */
export interface Gateway {
  webSocketUrl: string;
  /** Base of `@connections` on the callback service (standalone: the edge port, which serves it too). */
  managementUrl: string;
  /** The edge port's own `@connections`. */
  edgeManagementUrl: string;
  edge: GatewayProcess;
  router: GatewayProcess;
  stop(): Promise<void>;
}

/** What users have: the standalone process, and a cluster of one process each over Redis. Suites run on both. */
export const gatewayKinds: [name: string, start: (config: object) => Promise<Gateway>][] = [
  ['standalone', startStandalone],
  ['cluster', startSmallCluster],
];

async function startStandalone(config: object): Promise<Gateway> {
  const gateway = await startGatewayProcess({
    role: 'start',
    // Signed in both kinds, so that the same suite holds for both.
    config: { auth: { callback: 'sigv4', keys: [testKey] }, ...config },
  });
  return {
    webSocketUrl: `ws://127.0.0.1:${gateway.port}`,
    managementUrl: `http://127.0.0.1:${gateway.port}`,
    edgeManagementUrl: `http://127.0.0.1:${gateway.port}`,
    edge: gateway,
    router: gateway,
    stop: () => gateway.kill(),
  };
}

async function startSmallCluster(config: object): Promise<Gateway> {
  const cluster: Cluster = await startCluster({ config });
  return {
    webSocketUrl: `ws://127.0.0.1:${cluster.the('edge').port}`,
    managementUrl: `http://127.0.0.1:${cluster.the('callback').port}`,
    edgeManagementUrl: `http://127.0.0.1:${cluster.the('edge').port}`,
    edge: cluster.the('edge'),
    router: cluster.the('router'),
    stop: () => cluster.stop(),
  };
}
