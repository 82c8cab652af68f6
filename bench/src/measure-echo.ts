import type { BenchRun } from './bench-run.js';
import type { GatewayDeployment } from './deployments.js';
import { clientPath } from './gateway.js';
import { sayHotSpots } from './hot-spots.js';
import { type MessageCost, measureCost } from './measure-round.js';
import { budget, type CostRow, costBudget, type Deployment } from './rows.js';
import type { Workload } from './workloads.js';

/** The rows of one load: opens connections, measures, closes them, for each number in flight. */
export async function measureWorkload(
  run: BenchRun,
  gateways: Omit<GatewayDeployment, 'end'>,
  workload: Workload,
  raw: CostRow[],
): Promise<CostRow[]> {
  const rows: CostRow[] = [];
  for (const inFlight of workload.inFlight) rows.push(await measureEcho(run, gateways, workload, inFlight, raw));
  return rows;
}

async function measureEcho(
  run: BenchRun,
  { deployment, ports, groups, profiled }: Omit<GatewayDeployment, 'end'>,
  { work, action, expectation }: Workload,
  inFlight: number,
  raw: CostRow[],
): Promise<CostRow> {
  run.say(`${work}, ${deployment}, ${inFlight} in flight`);
  await run.generator.call('openEcho', {
    ports,
    path: clientPath,
    connections: run.connections,
    action,
    expectation,
  });
  try {
    const cost = await measureCost(run.generator, inFlight, groups, run.pace);
    run.say(costLine(cost));
    if (run.profile) await sayHotSpots(run, inFlight, profiled);
    return costRow(work, deployment, inFlight, cost, raw);
  } finally {
    await run.generator.call('close', undefined);
  }
}

/** What the person who waits sees of a row at once. */
export function costLine({ all, messagesPerSecond, generatorBusy }: MessageCost): string {
  return `  ${all.toFixed(1)} µs, ${Math.round(messagesPerSecond)}/s, generator ${Math.round(generatorBusy * 100)} % busy`;
}

export function costRow(
  work: CostRow['work'],
  deployment: Deployment,
  inFlight: number,
  cost: MessageCost,
  raw: CostRow[],
): CostRow {
  const floor = raw.find((row) => row.inFlight === inFlight)?.all;
  const atMost = costBudget(work, deployment, inFlight);
  return {
    kind: 'cost',
    work,
    deployment,
    inFlight,
    ...cost,
    ratio: floor === undefined ? undefined : cost.all / floor,
    budget: atMost === undefined ? undefined : budget(cost.all, atMost),
  };
}
