import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LoadResult } from './load-result.js';

/** The script that k6 runs. */
export const mainScript = fileURLToPath(new URL('../main.js', import.meta.url));

/** k6 says it by its exit code: a threshold was crossed. */
export const thresholdsCrossed = 99;

export interface K6Options {
  /** Variables of the run: `SCENARIO`, `PROFILE`, `EDGE_URL` … */
  variables: Record<string, string>;
  /** Further flags of `k6 run`. */
  flags?: string[];
  /** Variables of k6 itself, `K6_…`. */
  env?: Record<string, string>;
  /** Each line that k6 prints, as it comes. */
  say?: (line: string) => void;
  /** k6 is ended after this, whatever it does. */
  timeoutMs: number;
}

export interface K6Run {
  readonly pid: number;
  /** Everything printed so far. */
  output(): string;
  /** Asks k6 to end; it still writes its summary. */
  interrupt(): void;
  /** The end: exit code, and the summary where the script came as far as that. */
  readonly ended: Promise<{ exitCode: number; result: LoadResult | undefined; html: string; output: string }>;
}

/** Starts k6, which is found on the PATH (`scripts/go-tools.mjs` puts it there). It reports its use to nobody and listens nowhere. */
export function startK6({ variables, flags = [], env = {}, say = () => {}, timeoutMs }: K6Options): K6Run {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-k6-'));
  const given = Object.entries({ ...variables, OUT: directory }).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
  const child = spawn('k6', ['run', '--no-usage-report', '--quiet', '--address', '', ...flags, ...given, mainScript], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // Nothing of the caller's environment may stand for a variable of the run.
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], K6_NO_USAGE_REPORT: 'true', ...env },
  });
  let output = '';
  const keep = (chunk: Buffer) => {
    output = `${output}${chunk}`.slice(-1_000_000);
    for (const line of String(chunk).split('\n')) if (line.trim() !== '') say(line);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const killAtExit = () => child.kill('SIGKILL');
  process.once('exit', killAtExit);
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  const ended = endOf(child).then((exitCode) => {
    clearTimeout(timer);
    process.off('exit', killAtExit);
    const read = (name: string) => readOr(join(directory, name), '');
    const text = read('summary.json');
    const html = read('summary.html');
    rmSync(directory, { recursive: true, force: true });
    return { exitCode, result: text === '' ? undefined : (JSON.parse(text) as LoadResult), html, output };
  });
  return { pid: child.pid ?? 0, output: () => output, interrupt: () => void child.kill('SIGINT'), ended };
}

function endOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => {
      reject(
        new Error(
          `k6 could not be started (${error.message}). Put it on the PATH: eval "$(node scripts/go-tools.mjs)"`,
        ),
      );
    });
    child.once('close', (code) => resolve(code ?? -1));
  });
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return otherwise;
  }
}
