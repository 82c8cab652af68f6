import { randomInt } from 'node:crypto';
import { Command, InvalidArgumentError } from 'commander';
import { type Plan, runMsMax, type TargetReport } from './play-target.js';
import { targets } from './targets/index.js';
import { Logbook, LostWorkerError, resultOf } from './watched-worker.js';
import type { WorkerOrder } from './worker.js';

export * from './play-target.js';
export * from './target.js';
export * from './watched-worker.js';

interface Flags {
  seed: string;
  seconds?: number;
  runs?: number;
  only?: string[];
  from: number;
}

/** Opening a target can mean to start a gateway. */
const silentMsMax = runMsMax + 35_000;
const shownCharsMax = 4_000;

/** `npm run fuzz`: plays the targets one after another and prints their counts; 1 where one of them had a fault. */
export async function runFuzz(args: readonly string[]): Promise<number> {
  const flags = readFlags(args);
  const chosen = targets.map(({ name }) => name).filter((name) => flags.only?.includes(name) ?? true);
  const unlimited = Number.MAX_SAFE_INTEGER;
  const seconds = flags.seconds ?? (flags.runs === undefined ? 60 : unlimited);
  const plan = { seed: flags.seed, from: flags.from, runs: flags.runs ?? unlimited, seconds: seconds / chosen.length };
  console.log(`seed ${flags.seed}`);
  console.log(`${'target'.padEnd(22)}${'runs'.padStart(9)}${'seconds'.padStart(9)}  what became of them`);
  let faults = 0;
  for (const target of chosen) {
    const report = await play(target, plan);
    print(report, flags.seed);
    if (report.fault !== undefined) faults += 1;
  }
  console.log(faults === 0 ? 'No fault found.' : `${faults} of ${chosen.length} targets have a fault.`);
  return faults === 0 ? 0 : 1;
}

async function play(target: string, plan: Plan): Promise<TargetReport> {
  const logbook = new Logbook();
  const workerData: WorkerOrder = { target, plan, memory: logbook.memory };
  const startMs = performance.now();
  try {
    return await resultOf<TargetReport>(new URL('./worker.js', import.meta.url), { workerData }, logbook, silentMsMax);
  } catch (error) {
    if (!(error instanceof LostWorkerError)) throw error;
    const fault = { run: error.run, input: error.input, error: error.reason };
    const seconds = (performance.now() - startMs) / 1000;
    return { target, runs: error.run - plan.from, seconds, outcomes: {}, fault };
  }
}

function print({ target, runs, seconds, outcomes, fault }: TargetReport, seed: string): void {
  const counts = Object.entries(outcomes)
    .sort(([, a], [, b]) => b - a)
    .map(([outcome, count]) => `${outcome} ${count}`);
  console.log(
    `${target.padEnd(22)}${String(runs).padStart(9)}${seconds.toFixed(1).padStart(9)}  ${counts.join(', ') || '-'}`,
  );
  if (fault === undefined) return;
  console.log(`\nFAULT in ${target}: ${fault.error}\n`);
  console.log(`input (${fault.input.length} characters):\n${fault.input.slice(0, shownCharsMax)}\n`);
  console.log(`again: npm run fuzz -- --only ${target} --seed ${seed} --from ${fault.run} --runs 1\n`);
}

function readFlags(args: readonly string[]): Flags {
  const known = targets.map(({ name }) => name);
  return new Command('fuzz')
    .description('Gives the gateway and its parts random input that follows from a seed.')
    .option('--seed <text>', 'repeats the inputs of an earlier run', String(randomInt(1_000_000_000)))
    .option('--seconds <number>', 'for all targets together (default: 60, or as long as --runs takes)', positive)
    .option('--runs <number>', 'for each target', positive)
    .option('--from <number>', 'the first run', positive, 0)
    .option('--only <names>', `targets, with commas between: ${known.join(', ')}`, (text: string) => {
      const names = text.split(',');
      const unknown = names.find((name) => !known.includes(name));
      if (unknown !== undefined) throw new InvalidArgumentError(`there is no target ${unknown}`);
      return names;
    })
    .parse(args, { from: 'user' })
    .opts<Flags>();
}

function positive(text: string): number {
  const number = Number(text);
  if (!Number.isFinite(number) || number < 0) throw new InvalidArgumentError('a number of 0 or more');
  return number;
}
