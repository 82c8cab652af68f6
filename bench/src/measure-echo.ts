import type { BenchRun } from './bench-run.js';
import { clientPath } from './gateway.js';
import { sayHotSpots } from './hot-spots.js';
import { type MessageCost, measureCost, type ProcessGroups } from './measure-round.js';
import { budget, type CostRow, costBudget, type Deployment } from './rows.js';
import type { StartedProcess } from './started-processes.js';

export interface EchoWork {
  work: 'raw echo' | 'MOCK' | 'HTTP';
  deployment: Deployment;
  inFlight: number;
  ports: readonly number[];
  groups: ProcessGroups;
  /** Whose hottest functions are shown where that is asked for. */
  profiled: readonly StartedProcess[];
}

/** One row of echo load: opens the connections, measures, closes them. */
export async function measureEcho(run: BenchRun, echo: EchoWork, raw: CostRow[]): Promise<CostRow> {
  const { work, deployment, inFlight, ports } = echo;
  run.say(`${work}, ${deployment}, ${inFlight} in flight`);
  await run.generator.call('openEcho', {
    ports,
    path: clientPath,
    connections: run.connections,
    action: work === 'MOCK' ? 'mock' : 'echo',
    expectation: work === 'MOCK' ? 'fixed' : 'echo',
  });
  try {
    const cost = await measureCost(run.generator, inFlight, echo.groups, run.pace);
    run.say(costLine(cost));
    if (run.profile) await sayHotSpots(run, inFlight, echo.profiled);
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
