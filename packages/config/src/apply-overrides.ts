import type { Environment } from './environment.js';
import { overrides } from './overrides.js';
import type { Path } from './problems.js';
import type { Command } from './settings.js';

export type Flags = Readonly<Record<string, string | undefined>>;

export interface AppliedOverride {
  path: Path;
  /** `--port` or `SLUICE_PORT`: where the reader has to change it. */
  origin: string;
  value: string | number;
}

/** What flags and variables set, the flag where both do. An empty variable is as good as none. */
export function readOverrides(command: Command, flags: Flags, env: Environment): AppliedOverride[] {
  const applied: AppliedOverride[] = [];
  for (const { flag, env: variable, path, kind, commands } of overrides) {
    const fromFlag = flag === undefined ? undefined : flags[flag];
    const text = fromFlag ?? (env[variable] === '' ? undefined : env[variable]);
    const target = path(command);
    if (text === undefined || target === undefined || !commands.includes(command)) continue;
    const value = kind === 'number' && /^-?\d{1,15}$/.test(text) ? Number(text) : text;
    applied.push({ path: target, origin: fromFlag === undefined ? variable : `--${flag}`, value });
  }
  return applied;
}

/** The file with the overrides in it; the file's own value is left as it is. */
export function applyOverrides(content: unknown, applied: readonly AppliedOverride[]): unknown {
  if (applied.length === 0) return content;
  const root: Record<string, unknown> = { ...(content as Record<string, unknown> | null) };
  for (const { path, value } of applied) {
    const [section, key] = path as [string, string];
    const before = root[section];
    if (typeof before === 'object' || before === undefined) root[section] = { ...before, [key]: value };
  }
  return root;
}
