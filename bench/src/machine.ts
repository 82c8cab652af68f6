import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, release, type } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { BenchResult } from './rows.js';

const root = new URL('../../', import.meta.url);

export function describeMachine(): BenchResult['machine'] {
  const all = cpus();
  return { cpu: all[0]?.model.trim() ?? 'unknown CPU', cores: all.length, system: `${type()} ${release()}` };
}

export function describeVersions(redis: string): BenchResult['versions'] {
  const manifest = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as { version: string };
  const uWebSockets = createRequire(import.meta.url).resolve('uWebSockets.js/package.json');
  return {
    sluice: manifest(fileURLToPath(new URL('package.json', root))).version,
    node: process.version,
    redis,
    uWebSockets: manifest(uWebSockets).version,
  };
}

/** Short hash of the commit measured, with `+` where the tree differs from it; `unknown` outside a repository. */
export function readCommit(): string {
  try {
    const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
    const hash = git('rev-parse', '--short', 'HEAD');
    return git('status', '--porcelain', '--untracked-files=no') === '' ? hash : `${hash}+`;
  } catch {
    return 'unknown';
  }
}
