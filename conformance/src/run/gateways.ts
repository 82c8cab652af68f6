import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startCluster, startGatewayProcess } from '@sluice/testkit';
import { parse } from 'yaml';
import { startBalancer } from './balancer.js';

/** Where the configuration of the suite expects its back end, unless the suite starts the gateway itself. */
export const usualBackEndPort = 9300;

/** The configuration that a gateway under test has to run with. */
export const configurationFile = fileURLToPath(new URL('../../sluice.yaml', import.meta.url));

export interface OwnGateway {
  address: string;
  management: string;
  stop(): Promise<void>;
}

/** Gateways that the suite starts by itself, from the build. */
export const ownGateways = {
  standalone: startStandalone,
  cluster: startTwoEdges,
} as const;

export type GatewayKind = keyof typeof ownGateways;

async function startStandalone(backEndPort: number): Promise<OwnGateway> {
  const gateway = await startGatewayProcess({ role: 'start', config: configuration(backEndPort) });
  const at = `127.0.0.1:${gateway.port}`;
  return { address: `ws://${at}`, management: `http://${at}`, stop: () => gateway.kill() };
}

/** Two edges and two routers. Clients connect to the first edge, callbacks go to the callback service, as through a balancer. */
async function startTwoEdges(backEndPort: number): Promise<OwnGateway> {
  const config = configuration(backEndPort);
  const cluster = await startCluster({ config, roles: ['edge', 'edge', 'router', 'router', 'callback'] });
  const { port } = cluster.the('callback');
  const edges = cluster.processes.filter(({ role }) => role === 'edge');
  const balancer = await startBalancer(edges.map((edge) => edge.port));
  return {
    address: `ws://127.0.0.1:${balancer.port}`,
    management: `http://127.0.0.1:${port}`,
    async stop() {
      await balancer.stop();
      await cluster.stop();
    },
  };
}

function configuration(backEndPort: number): object {
  const text = readFileSync(configurationFile, 'utf8').replaceAll(`:${usualBackEndPort}`, `:${backEndPort}`);
  return parse(text, { merge: true }) as object;
}
