import { startRedis } from '@sluice/testkit';
import type { BenchRun } from './bench-run.js';
import { clusterOf, type GatewayDeployment } from './deployments.js';
import { clientPath, startGateway } from './gateway.js';
import { sayHotSpots } from './hot-spots.js';
import { measureCost, median } from './measure-round.js';
import type { TracingRow } from './rows.js';
import { messageKinds, type Workload, workloads } from './workloads.js';

/** Switched on and nothing recorded, the default, and everything. */
const sampleRatios = [0, 0.01, 1] as const;
const inFlight = 10;
/** Rounds of each cluster for one of the other rows: the difference is small. The median of their ratios is taken. */
const cyclesPerRound = 2;

interface Variant {
  /** Undefined: no tracing. */
  sampleRatio: number | undefined;
  gateways: GatewayDeployment;
}

/**
 * Clusters, each with a Redis of its own, that differ in nothing but tracing, measured in turn: what else the machine does
 * changes from minute to minute by more than tracing costs, and hits neighbouring rounds alike.
 */
export async function measureTracing(run: BenchRun): Promise<TracingRow[]> {
  const variants: Variant[] = [];
  for (const sampleRatio of [undefined, ...sampleRatios]) variants.push(await startVariant(run, sampleRatio));
  const rows: TracingRow[] = [];
  for (const kind of messageKinds) {
    for (const workload of workloads[kind]) rows.push(await measureWork(run, variants, workload));
  }
  for (const { gateways } of variants) await gateways.end();
  return rows;
}

async function startVariant(run: BenchRun, sampleRatio: number | undefined): Promise<Variant> {
  const redis = await startRedis();
  run.processes.alsoEnd(() => redis.stop());
  const env: Record<string, string> =
    sampleRatio === undefined
      ? {}
      : { OTEL_EXPORTER_OTLP_ENDPOINT: run.backEndUrl, OTEL_TRACES_SAMPLER_ARG: `${sampleRatio}` };
  const options = { configPath: run.configs.secured, redisUrl: redis.url, env };
  const router = await startGateway(run.processes, 'router', options);
  const edge = await startGateway(run.processes, 'edge', options);
  return { sampleRatio, gateways: clusterOf({ ...run, redis }, [edge], router) };
}

async function measureWork(run: BenchRun, variants: Variant[], workload: Workload): Promise<TracingRow> {
  const costs = new Map<Variant, number[]>(variants.map((variant) => [variant, []]));
  for (let cycle = -1; cycle < cyclesPerRound * run.pace.rounds; cycle++) {
    // The first serves to warm up; every other runs the other way round, so that no cluster is always the one that comes first.
    const order = cycle % 2 === 0 ? variants : variants.toReversed();
    for (const variant of order) {
      const all = await measureOnce(run, variant, workload);
      if (cycle >= 0) costs.get(variant)?.push(all);
    }
  }
  const [off, ...traced] = variants as [Variant, ...Variant[]];
  const offCosts = costs.get(off) ?? [];
  const rates = traced.map((variant) => {
    const own = costs.get(variant) ?? [];
    const sampleRatio = variant.sampleRatio ?? 0;
    const ratio = median(own.map((all, round) => all / (offCosts[round] ?? Number.NaN)));
    return { sampleRatio, all: median(own), ratio };
  });
  const row = { work: workload.work, deployment: off.gateways.deployment, inFlight, off: median(offCosts) };
  return { kind: 'tracing', ...row, rates };
}

async function measureOnce(run: BenchRun, { sampleRatio, gateways }: Variant, workload: Workload): Promise<number> {
  const { work, action, expectation } = workload;
  const { ports, groups } = gateways;
  await run.generator.call('openEcho', { ports, path: clientPath, connections: run.connections, action, expectation });
  try {
    const pace = { warmUpMs: run.pace.warmUpMs / 6, rounds: 1, roundMs: run.pace.roundMs };
    const { all } = await measureCost(run.generator, inFlight, groups, pace);
    run.say(`  tracing ${sampleRatio === undefined ? 'off' : `${sampleRatio * 100} %`}, ${work}: ${all.toFixed(2)} µs`);
    if (run.profile) await sayHotSpots(run, inFlight, gateways.profiled);
    return all;
  } finally {
    await run.generator.call('close', undefined);
  }
}
