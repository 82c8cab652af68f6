import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeMachine, describeVersions, readCommit } from '@sluice/bench';
import { canonical, type LoadOptions, readOptions, usage } from './command-line.js';
import { docsTable, documentedRuns, replaceTable } from './docs-table.js';
import { inspectRun } from './inspect.js';
import { formatReport, type LoadReport } from './report.js';
import { runLoad } from './run-load.js';
import { openTarget } from './target.js';

export * from './api-file.js';
export * from './back-end-process.js';
export * from './k6-process.js';
export * from './load-result.js';

const say = (line: string) => console.error(line);

/** Runs what the arguments ask for and returns the exit code. Nothing it started outlives it, and k6 bounds every run in time. */
export async function runLoadtest(args: string[]): Promise<number> {
  let options: LoadOptions;
  try {
    options = readOptions(args);
  } catch (error) {
    say(`${messageOf(error)}\n\n${usage}`);
    return 2;
  }
  if (options.help) {
    console.log(usage);
    return 0;
  }
  if (process.platform !== 'linux') {
    say('The load test reads the CPU time of each process from /proc, which only Linux has: run it in a container.');
    return 2;
  }
  try {
    return options.writeDocs ? await writeDocs(options) : await runOnce(options);
  } catch (error) {
    say(`loadtest: ${messageOf(error)}`);
    return 1;
  }
}

async function runOnce(options: LoadOptions): Promise<number> {
  const { exitCode, report } = await measure(options);
  console.log(options.json ? JSON.stringify(report, undefined, 2) : formatReport(report));
  if (options.out !== undefined) await writeFiles(options.out, report);
  return exitCode;
}

async function measure(options: LoadOptions): Promise<{ exitCode: number; report: LoadReport }> {
  // Before anything is started: a wrong variable should not cost a cluster.
  await inspectRun({ SLOW_EDGE_URL: 'ws://127.0.0.1:1', ...options.variables });
  say(
    `${options.variables['SCENARIO'] ?? canonical.SCENARIO} against ${options.variables['EDGE_URL'] ?? 'a cluster of its own'}`,
  );
  const target = await openTarget(options);
  try {
    const { exitCode, result } = await runLoad(options, target, say);
    return { exitCode, report: { ...result, ...provenance(target.redisVersion) } };
  } finally {
    await target.stop();
  }
}

function provenance(redisVersion: string | undefined) {
  const { redis, ...versions } = describeVersions(redisVersion ?? '');
  const k6 = /k6 v?(\S+)/.exec(execFileSync('k6', ['version'], { encoding: 'utf8' }))?.[1] ?? 'unknown';
  return {
    machine: describeMachine(),
    versions: { ...versions, ...(redis === '' ? {} : { redis }), k6 },
    commit: readCommit(),
  };
}

async function writeFiles(directory: string, report: LoadReport): Promise<void> {
  // Plain JavaScript, because k6 runs the same file.
  const page = new URL('../lib/summary-html.js', import.meta.url).href;
  const { renderHtml } = (await import(page)) as { renderHtml(report: LoadReport): string };
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'summary.json'), `${JSON.stringify(report, undefined, 2)}\n`);
  await writeFile(join(directory, 'summary.html'), renderHtml(report));
  say(`${join(directory, 'summary.html')} and summary.json are written`);
}

async function writeDocs(options: LoadOptions): Promise<number> {
  const reports: LoadReport[] = [];
  for (const variables of documentedRuns) {
    const { exitCode, report } = await measure({ ...options, variables: { ...variables, ...options.given } });
    say(formatReport(report));
    // A latency over its threshold is a figure; a message lost is a fault, and nothing to be written down as usual.
    const { messages, abnormalCloses, clientsUnaccounted } = report;
    if (messages.lost + messages.duplicated + abnormalCloses + clientsUnaccounted > 0) return exitCode;
    reports.push(report);
  }
  const path = new URL('../../docs/operate/load-tests.md', import.meta.url);
  await writeFile(path, replaceTable(await readFile(path, 'utf8'), docsTable(reports)));
  say('docs/operate/load-tests.md has the new figures');
  return 0;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
