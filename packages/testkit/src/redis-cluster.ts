import type { Certificates } from './certificates.js';
import { askRedis } from './redis-launch.js';
import { freeClusterPort, type RedisServer, startRedis } from './redis-server.js';
import { waitFor } from './wait-for.js';

/** A real Redis Cluster of this test alone: primaries without replicas, the hash slots spread evenly. */
export interface RedisCluster {
  readonly nodes: RedisServer[];
  /** `host:port` of each node, with certificates that of its TLS. */
  readonly addresses: string[];
  stop(): Promise<void>;
}

const slotCount = 16_384;
const formedTimeoutMs = 20_000;

/** Starts the cluster and waits until every node knows all the others. */
export async function startRedisCluster(
  options: { nodes?: number; certificates?: Certificates } = {},
): Promise<RedisCluster> {
  const { nodes: nodeCount = 3, certificates } = options;
  const args = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000', '--cluster-announce-ip', '127.0.0.1'];
  const tlsPorts: number[] = [];
  const start = async (index: number) => {
    if (certificates === undefined) return startRedis({ args });
    const tlsPort = await freeClusterPort();
    tlsPorts[index] = tlsPort;
    return startRedis({ args: [...args, '--tls-cluster', 'yes', ...certificates.redisArgs(tlsPort)] });
  };
  const nodes = await Promise.all(Array.from({ length: nodeCount }, (_, index) => start(index)));
  const stop = async () => {
    await Promise.all(nodes.map((node) => node.stop()));
  };
  try {
    await form(nodes.map(({ port }, index) => ({ port, meetPort: tlsPorts[index] ?? port })));
  } catch (error) {
    await stop();
    throw error;
  }
  return { nodes, addresses: nodes.map(({ port }, index) => `127.0.0.1:${tlsPorts[index] ?? port}`), stop };
}

/** `meetPort`: where nodes reach each other. */
async function form(ports: { port: number; meetPort: number }[]): Promise<void> {
  const [first] = ports;
  for (const [i, { port }] of ports.entries()) {
    const firstSlot = Math.ceil((i * slotCount) / ports.length);
    const lastSlot = Math.ceil(((i + 1) * slotCount) / ports.length) - 1;
    await askRedis(port, `CLUSTER ADDSLOTSRANGE ${firstSlot} ${lastSlot}`);
    await askRedis(port, `CLUSTER SET-CONFIG-EPOCH ${i + 1}`);
    if (port !== first?.port) await askRedis(port, `CLUSTER MEET 127.0.0.1 ${first?.meetPort}`);
  }
  for (const { port } of ports) {
    const formed = async () => {
      const info = await askRedis(port, 'CLUSTER INFO');
      return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${ports.length}`);
    };
    await waitFor(`the cluster as node ${port} sees it`, formed, formedTimeoutMs);
  }
}
