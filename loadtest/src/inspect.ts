import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { mainScript } from './k6-process.js';

/** What k6 says about a run before it starts it. */
export interface RunPlan {
  /** The longest it can take. */
  maxMs: number;
}

/** Reads the variables as the run would, so that a wrong one is told before anything is started. Throws with its sentence. */
export async function inspectRun(variables: Record<string, string>): Promise<RunPlan> {
  const given = Object.entries(variables).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
  try {
    const { stdout } = await promisify(execFile)('k6', ['inspect', '--execution-requirements', ...given, mainScript], {
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], K6_NO_USAGE_REPORT: 'true' },
    });
    const { totalDuration } = JSON.parse(stdout) as { totalDuration: string };
    return { maxMs: goDurationMs(totalDuration) };
  } catch (error) {
    throw new Error(reasonOf(error));
  }
}

/** `1h2m3.5s` → ms. */
export function goDurationMs(text: string): number {
  const units: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1, µs: 0.001 };
  return [...text.matchAll(/([\d.]+)(h|ms|m|µs|s)/g)].reduce(
    (sum, [, number, unit]) => sum + Number(number) * (units[unit ?? ''] ?? 0),
    0,
  );
}

/** k6 wraps what a script throws in a log line with a stack; the sentence is what helps. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
  const sentence = /(?:SettingsError|Error): (.*?)(?:\\n|\n|" hint)/.exec(text)?.[1];
  return sentence?.replaceAll('\\"', '"').replace(/\s+at .*$/, '') ?? text.trim();
}
