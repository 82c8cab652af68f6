import { startRedis } from '@sluice/testkit';
import { type BenchRun, wanted } from './bench-run.js';
import { clusterOf, type GatewayDeployment } from './deployments.js';
import { clientPath, type GatewayProcess, startGateway } from './gateway.js';
import { benchKey, stage } from './gateway-config.js';
import { sayHotSpots } from './hot-spots.js';
import { measureApart } from './measure-apart.js';
import { costLine, costRow, measureWorkload } from './measure-echo.js';
import { measureHandshakes } from './measure-handshakes.js';
import { measureIdle } from './measure-idle.js';
import { measureCost, percentile } from './measure-round.js';
import { measureTracing } from './measure-tracing.js';
import { budget, type CostRow, type MemoryRow, type RoundTripRow, type Row, roundTripBudgetMs } from './rows.js';
import { messageKinds, workloads } from './workloads.js';

const twoEdgeKinds = ['mock', 'http'] as const;

/** Separate processes over Redis Streams: edges and a router, later a callback service. */
export async function measureCluster(run: BenchRun, raw: CostRow[]): Promise<Row[]> {
  const rows = await measureShared(run, raw);
  rows.push(...(await measureApart(run, 'cluster', raw)));
  rows.push(...(await measureHandshakes(run, 'cluster', raw)));
  if (wanted(run, 'cluster', 'idle')) rows.push(await measureIdleCluster(run));
  if (wanted(run, 'cluster', 'tracing')) rows.push(...(await measureTracing(run)));
  return rows;
}

/** The rows that one router and one edge can serve one after the other, and those of a second edge. */
async function measureShared(run: BenchRun, raw: CostRow[]): Promise<Row[]> {
  const works = { cluster: [...messageKinds, 'post', 'roundtrip'], edges2: twoEdgeKinds } as const;
  const places = (['cluster', 'edges2'] as const).filter((place) =>
    works[place].some((kind) => wanted(run, place, kind)),
  );
  if (places.length === 0) return [];
  const options = { configPath: run.configs.secured, redisUrl: run.redis.url };
  const router = await startGateway(run.processes, 'router', options);
  const edge = await startGateway(run.processes, 'edge', options);
  const rows: Row[] = [];
  if (places.includes('cluster')) {
    const kinds = messageKinds.filter((kind) => wanted(run, 'cluster', kind));
    rows.push(...(await echoRows(run, clusterOf(run, [edge], router), kinds, raw)));
    if (wanted(run, 'cluster', 'roundtrip')) rows.push(await measureRoundTrip(run, edge));
    if (wanted(run, 'cluster', 'post')) {
      rows.push(await measurePosts(run, edge, 'POST unsigned', raw));
      rows.push(await measurePosts(run, edge, 'POST SigV4', raw));
    }
  }
  if (places.includes('edges2')) {
    const second = await startGateway(run.processes, 'edge', options);
    const kinds = twoEdgeKinds.filter((kind) => wanted(run, 'edges2', kind));
    rows.push(...(await echoRows(run, clusterOf(run, [edge, second], router), kinds, raw)));
    await second.started.end();
  }
  await edge.started.end();
  await router.started.end();
  return rows;
}

async function echoRows(
  run: BenchRun,
  gateways: GatewayDeployment,
  kinds: (keyof typeof workloads)[],
  raw: CostRow[],
): Promise<CostRow[]> {
  const rows: CostRow[] = [];
  for (const kind of kinds) {
    for (const workload of workloads[kind]) rows.push(...(await measureWorkload(run, gateways, workload, raw)));
  }
  return rows;
}

async function measurePosts(
  run: BenchRun,
  edge: GatewayProcess,
  work: 'POST unsigned' | 'POST SigV4',
  raw: CostRow[],
): Promise<CostRow> {
  run.say(`${work}, cluster`);
  const signed = work === 'POST SigV4';
  const configPath = signed ? run.configs.secured : run.configs.open;
  const callback = await startGateway(run.processes, 'callback', { configPath, redisUrl: run.redis.url });
  await run.generator.call('openPosts', {
    edgePort: edge.port,
    path: clientPath,
    stage,
    connections: run.connections,
    callbackPort: callback.port,
    key: signed ? benchKey : undefined,
  });
  const groups = { edge: [edge.started.pid], callback: [callback.started.pid], redis: [run.redis.pid] };
  const cost = await measureCost(run.generator, 1, groups, run.pace);
  run.say(costLine(cost));
  if (run.profile) await sayHotSpots(run, 1, [callback.started, edge.started]);
  await run.generator.call('close', undefined);
  await callback.started.end();
  return costRow(work, 'cluster-1-edge', 1, cost, raw);
}

async function measureRoundTrip(run: BenchRun, edge: GatewayProcess): Promise<RoundTripRow> {
  run.say('round trip of one connection');
  const target = { ports: [edge.port], path: clientPath, connections: 1, action: 'echo', expectation: 'echo' } as const;
  await run.generator.call('openEcho', target);
  await run.generator.call('roundTrips', { count: Math.round(run.roundTrips / 4), pauseMs: 0 });
  // A millisecond of silence after each: the processes have gone to sleep when the next message comes, as on an idle cluster.
  const trips = await run.generator.call('roundTrips', { count: run.roundTrips, pauseMs: 1 });
  await run.generator.call('close', undefined);
  const p50Ms = percentile(trips, 0.5);
  const p99Ms = percentile(trips, 0.99);
  return {
    kind: 'round-trip',
    deployment: 'cluster-1-edge',
    samples: trips.length,
    p50Ms,
    p99Ms,
    p50Budget: budget(p50Ms, roundTripBudgetMs.p50),
    p99Budget: budget(p99Ms, roundTripBudgetMs.p99),
  };
}

/** On a Redis of its own: what earlier rows have left in memory, and what is freed of it meanwhile, would be counted too. */
async function measureIdleCluster(run: BenchRun): Promise<MemoryRow> {
  const redis = await startRedis();
  run.processes.alsoEnd(() => redis.stop());
  const edge = await startGateway(run.processes, 'edge', { configPath: run.configs.secured, redisUrl: redis.url });
  const row = await measureIdle(run, edge, 'cluster-1-edge', redis.port);
  await edge.started.end();
  await redis.stop();
  return row;
}
