import { askRedis } from './redis-launch.js';
import { type RedisServer, startRedis } from './redis-server.js';
import { waitFor } from './wait-for.js';

/** A real Redis Cluster of this test alone: primaries without replicas, the hash slots spread evenly. */
export interface RedisCluster {
  readonly nodes: RedisServer[];
  /** `host:port` of each node. */
  readonly addresses: string[];
  stop(): Promise<void>;
}

const slotCount = 16_384;
const formedTimeoutMs = 20_000;

/** Starts the cluster and waits until every node knows all the others. */
export async function startRedisCluster(options: { nodes?: number } = {}): Promise<RedisCluster> {
  const nodeCount = options.nodes ?? 3;
  const args = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000', '--cluster-announce-ip', '127.0.0.1'];
  const nodes = await Promise.all(Array.from({ length: nodeCount }, () => startRedis({ args })));
  const stop = async () => {
    await Promise.all(nodes.map((node) => node.stop()));
  };
  try {
    await form(nodes.map(({ port }) => port));
  } catch (error) {
    await stop();
    throw error;
  }
  return { nodes, addresses: nodes.map(({ port }) => `127.0.0.1:${port}`), stop };
}

async function form(ports: number[]): Promise<void> {
  const [firstPort] = ports;
  for (const [i, port] of ports.entries()) {
    const firstSlot = Math.ceil((i * slotCount) / ports.length);
    const lastSlot = Math.ceil(((i + 1) * slotCount) / ports.length) - 1;
    await askRedis(port, `CLUSTER ADDSLOTSRANGE ${firstSlot} ${lastSlot}`);
    await askRedis(port, `CLUSTER SET-CONFIG-EPOCH ${i + 1}`);
    if (port !== firstPort) await askRedis(port, `CLUSTER MEET 127.0.0.1 ${firstPort}`);
  }
  for (const port of ports) {
    const formed = async () => {
      const info = await askRedis(port, 'CLUSTER INFO');
      return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${ports.length}`);
    };
    await waitFor(`the cluster as node ${port} sees it`, formed, formedTimeoutMs);
  }
}
