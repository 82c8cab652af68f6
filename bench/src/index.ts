import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRedis } from '@sluice/testkit';
import type { IssuerKeysMessage } from './back-end-server.js';
import type { BenchRun } from './bench-run.js';
import { type BenchOptions, readOptions, usage } from './command-line.js';
import { writeConfigs } from './gateway-config.js';
import { LoadGenerator } from './load-generator.js';
import { describeMachine, describeVersions, readCommit } from './machine.js';
import { measureCluster } from './measure-cluster.js';
import { measureRaw } from './measure-raw.js';
import { measureStandalone } from './measure-standalone.js';
import { replaceTable, shortTable } from './readme-table.js';
import { readRedisFacts } from './redis-facts.js';
import { formatReport } from './report.js';
import type { BenchResult, Row } from './rows.js';
import { StartedProcesses } from './started-processes.js';
import { issueTokens } from './token-issuer.js';
import { tracingTable } from './tracing-table.js';
import { tokenCount } from './workloads.js';

export { describeMachine, describeVersions, readCommit } from './machine.js';
export { cpuMicroseconds } from './measure-cpu.js';
export { readRedisFacts } from './redis-facts.js';

/** The whole benchmark takes less than this, or something hangs. */
const runTimeoutMs = 20 * 60_000;
const fullPace = { warmUpMs: 3_000, rounds: 5, roundMs: 1_600 };
const quickPace = { warmUpMs: 1_000, rounds: 3, roundMs: 500 };

/** Runs the benchmark with these arguments and returns the exit code. Nothing it started outlives it. */
export async function runBench(args: string[]): Promise<number> {
  let options: BenchOptions;
  try {
    options = readOptions(args);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`);
    return 2;
  }
  if (options.help) {
    console.log(usage);
    return 0;
  }
  if (process.platform !== 'linux') {
    console.error(
      'The benchmark reads the CPU time of each process from /proc, which only Linux has: run it in a container.',
    );
    return 2;
  }
  const stopped = stopOn(['SIGINT', 'SIGTERM']);
  try {
    const result = await measureAll(options, stopped);
    console.log(options.json ? JSON.stringify(result, undefined, 2) : formatReport(result));
    if (options.writeReadme) await writeTable('README.md', shortTable(result));
    if (options.writeTraces) await writeTable('docs/operate/traces.md', tracingTable(result));
    return 0;
  } catch (error) {
    console.error(`bench: ${error instanceof Error ? error.message : error}`);
    return 1;
  }
}

async function measureAll(options: BenchOptions, stopped: Promise<never>): Promise<BenchResult> {
  const startedMs = performance.now();
  let lost: (error: Error) => void = () => {};
  const broken = new Promise<never>((_, reject) => {
    lost = reject;
  });
  const timeout = setTimeout(() => lost(new Error(`not finished after ${runTimeoutMs / 1_000} s`)), runTimeoutMs);
  // What breaks while nobody waits for it must not be an unhandled rejection: the race below has it.
  broken.catch(() => {});
  const directory = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  const processes = new StartedProcesses((error) => lost(error));
  const redis = await startRedis();
  try {
    const versions = describeVersions((await readRedisFacts(redis.port)).version);
    const rows = await Promise.race([broken, stopped, measureRows(options, directory, processes, redis, lost)]);
    const seconds = (performance.now() - startedMs) / 1_000;
    const date = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
    const { quick } = options;
    return { machine: describeMachine(), versions, commit: readCommit(), date, quick, rows, seconds };
  } catch (error) {
    console.error(processes.lastOutput());
    throw error;
  } finally {
    clearTimeout(timeout);
    await processes.endAll();
    await redis.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function measureRows(
  options: BenchOptions,
  directory: string,
  processes: StartedProcesses,
  redis: BenchRun['redis'],
  lost: (error: Error) => void,
): Promise<Row[]> {
  const backEnd = await processes.fork('back end', 'back-end-server');
  const { port } = (await backEnd.ready) as { port: number };
  const issued = issueTokens(`http://127.0.0.1:${port}`, options.selection.kinds.has('handshake') ? tokenCount : 0);
  backEnd.started.child.send({ keySet: issued.keySet } satisfies IssuerKeysMessage);
  const run: BenchRun = {
    processes,
    generator: await LoadGenerator.start(processes, lost),
    redis,
    configs: await writeConfigs(directory, port),
    backEndUrl: `http://127.0.0.1:${port}`,
    tokens: issued.tokens,
    pace: options.quick ? quickPace : fullPace,
    connections: 100,
    idleConnections: options.quick ? 2_000 : 15_000,
    roundTrips: options.quick ? 1_000 : 3_000,
    selection: options.selection,
    profile: options.profile,
    say: (line) => console.error(line),
  };
  const raw = await measureRaw(run);
  const standalone = await measureStandalone(run, raw.costs);
  const cluster = await measureCluster(run, raw.costs);
  return [...raw.costs, ...raw.memory, ...standalone, ...cluster];
}

async function writeTable(name: string, table: string): Promise<void> {
  const path = new URL(`../../${name}`, import.meta.url);
  await writeFile(path, replaceTable(await readFile(path, 'utf8'), table));
  console.error(`${name} has the new table`);
}

/** Rejects when one of the signals comes, so that what was started is ended before the process is. */
function stopOn(signals: NodeJS.Signals[]): Promise<never> {
  const stopped = new Promise<never>((_, reject) => {
    for (const signal of signals) process.once(signal, () => reject(new Error(`stopped by ${signal}`)));
  });
  stopped.catch(() => {});
  return stopped;
}
