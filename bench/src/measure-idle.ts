import type { BenchRun } from './bench-run.js';
import { clientPath, type GatewayProcess } from './gateway.js';
import { Inspector } from './inspector.js';
import { residentBytes } from './measure-cpu.js';
import { pause } from './measure-round.js';
import { readRedisFacts } from './redis-facts.js';
import { budget, type Deployment, edgeBytesBudget, type MemoryRow, redisBytesBudget } from './rows.js';

/** Just below the handshakes a node takes in a second, so that hardly one is refused and tried again. */
const handshakesPerSecond = 480;
/** The raw echo has no such limit; this one only spares the machine. */
const rawHandshakesPerSecond = 3_000;
/** Opened before the first look: code and tables that the first connections bring in are not counted for all of them. */
const warmUpShare = 0.1;
const settleMs = 1_500;

/**
 * Memory of connections that do nothing: from `warmUpShare` of them to all, with a garbage collection before each look, so
 * that what is counted is what the connections keep, and not what their handshakes have dropped.
 */
export async function measureIdle(
  run: BenchRun,
  gateway: GatewayProcess,
  deployment: Deployment,
  redisPort: number | undefined,
): Promise<MemoryRow> {
  run.say(`${run.idleConnections} idle connections, ${deployment}`);
  const inspector = await Inspector.attach(gateway.started);
  const perSecondMax = deployment === 'raw' ? rawHandshakesPerSecond : handshakesPerSecond;
  const target = { port: gateway.port, path: clientPath, perSecondMax };
  const open = (connections: number) => run.generator.call('openIdle', { ...target, connections });
  const look = async () => {
    await pause(settleMs);
    await inspector.collectGarbage();
    await pause(settleMs);
    return {
      edge: residentBytes(gateway.started.pid),
      redis: redisPort === undefined ? undefined : (await readRedisFacts(redisPort)).usedMemoryBytes,
    };
  };
  const first = await open(Math.round(run.idleConnections * warmUpShare));
  const before = await look();
  const all = await open(run.idleConnections - first);
  const after = await look();
  inspector.close();
  await run.generator.call('close', undefined);

  const counted = all - first;
  const edgeBytes = (after.edge - before.edge) / counted;
  const redisBytes =
    after.redis === undefined || before.redis === undefined ? undefined : (after.redis - before.redis) / counted;
  const inRedis = redisBytes === undefined ? '' : `, ${Math.round(redisBytes)} B in Redis`;
  run.say(`  ${(edgeBytes / 1_024).toFixed(2)} KB each${inRedis}`);
  const inCluster = deployment === 'cluster-1-edge';
  return {
    kind: 'memory',
    deployment,
    connections: all,
    edgeBytes,
    redisBytes,
    edgeBudget: inCluster ? budget(edgeBytes, edgeBytesBudget) : undefined,
    redisBudget: redisBytes === undefined ? undefined : budget(redisBytes, redisBytesBudget),
  };
}
