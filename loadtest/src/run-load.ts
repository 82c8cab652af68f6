import { availableParallelism } from 'node:os';
import type { LoadOptions } from './command-line.js';
import { CpuWatch } from './cpu-watch.js';
import { type GeneratorHealth, judgeGenerator, sourcePorts } from './generator-health.js';
import { inspectRun } from './inspect.js';
import { startK6 } from './k6-process.js';
import type { LoadResult } from './load-result.js';
import type { Target } from './target.js';

/** CPU of one kind of process during the load. */
export interface ProcessCost {
  process: string;
  cpuSeconds: number;
  cpuMicrosecondsPerMessage: number;
}

export interface MeasuredLoad {
  exitCode: number;
  result: LoadResult & { gateway: ProcessCost[]; generator: GeneratorHealth };
}

/** Connections from which on one source address gets short of ports. */
const portReserve = 3_000;
const progressMs = 10_000;
const marginMs = 120_000;

/** Runs one scenario with one profile against the target, and measures its processes and k6 meanwhile. Throws where there is no result. */
export async function runLoad(
  options: LoadOptions,
  target: Target,
  say: (line: string) => void,
): Promise<MeasuredLoad> {
  const variables = { ...target.variables, ...options.variables };
  const plan = await inspectRun(variables);
  const sources = sourceAddresses(variables);
  const watch = new CpuWatch();
  const run = startK6({
    variables,
    flags: sources > 1 ? ['--local-ips', `127.0.0.1-127.0.0.${sources}`] : [],
    timeoutMs: plan.maxMs + marginMs,
  });
  for (const { name, pid } of target.processes) watch.add(name, pid);
  watch.add('k6', run.pid);
  const startedMs = Date.now();
  const progress = setInterval(() => {
    const seconds = Math.round((Date.now() - startedMs) / 1_000);
    say(`  ${seconds} s of at most ${Math.ceil(plan.maxMs / 1_000)} s`);
  }, progressMs);
  const stop = () => run.interrupt();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    const { exitCode, result, output } = await run.ended;
    if (result === undefined) throw new Error(`k6 ended with ${exitCode} and left no summary:\n${output}`);
    for (const line of output.split('\n')) if (/level=error/.test(line)) say(line);
    return { exitCode, result: { ...result, ...measured(result, watch, sources) } };
  } finally {
    clearInterval(progress);
    watch.stop();
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}

function measured(result: LoadResult, watch: CpuWatch, sourceAddresses: number) {
  const { workFromMs, workToMs } = result;
  const seconds = watch.between(workFromMs, workToMs);
  const count = workCount(result);
  const gateway = [...seconds]
    .filter(([process]) => process !== 'k6')
    .map(([process, cpuSeconds]) => ({
      process,
      cpuSeconds,
      cpuMicrosecondsPerMessage: count === 0 ? 0 : (cpuSeconds * 1e6) / count,
    }));
  const generator = judgeGenerator({
    result,
    k6CpuSeconds: seconds.get('k6') ?? 0,
    busy: watch.busyBetween(workFromMs, workToMs),
    cores: availableParallelism(),
    sourceAddresses,
  });
  return { gateway, generator };
}

/** By what costs are divided: answered messages, posts, or connections. */
export function workCount({ per, messages, posts, opened }: LoadResult): number {
  return { message: messages.answered, post: posts.sent, connection: opened }[per];
}

/** A pair of addresses has no more connections than there are source ports: on loopback, others are to be had for the asking. */
export function sourceAddresses(variables: Record<string, string>): number {
  const targets = (variables['EDGE_URL'] ?? '').split(',');
  const isLoopback = targets.every((each) => /^wss?:\/\/127\.0\.0\.1[:/]/.test(`${each}/`));
  const wanted = Number(variables['CONNECTIONS'] ?? 0) / targets.length;
  return isLoopback ? Math.max(1, Math.ceil(wanted / (sourcePorts() - portReserve))) : 1;
}
