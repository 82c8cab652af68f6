import type { Path } from './problems.js';
import type { Command } from './settings.js';

/** A setting that can also be given on the command line or as a variable; flag over variable over file. */
export interface Override {
  /** Name without dashes; undefined for what should not be seen in a process list. */
  flag: string | undefined;
  /** What stands for the value in `--help`. */
  valueName: string;
  env: string;
  /** Key of the file it sets, which also says its default and what is allowed. Undefined: not part of the file. */
  path(command: Command): Path | undefined;
  kind: 'text' | 'number' | 'yes or no' | 'list';
  description: string;
  /** Commands that have it. */
  commands: readonly Command[];
}

export const all: readonly Command[] = ['start', 'edge', 'router', 'callback'];

export function at(...path: string[]): () => Path {
  return () => path;
}

const kinds: Record<string, Override['kind']> = { list: 'list', number: 'number', ms: 'number', boolean: 'yes or no' };

export function override(
  flag: string | undefined,
  valueName: string,
  env: string,
  path: (command: Command) => Path | undefined,
  commands: readonly Command[],
  description: string,
): Override {
  const kind = kinds[valueName] ?? 'text';
  return { flag, valueName, env, path, kind, description, commands };
}
