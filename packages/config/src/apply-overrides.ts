import type { Environment } from './environment.js';
import type { Override } from './override.js';
import { overrides } from './overrides.js';
import type { Path } from './problems.js';
import type { Command } from './settings.js';

export type Flags = Readonly<Record<string, string | undefined>>;

export interface AppliedOverride {
  path: Path;
  /** `--port` or `SLUICE_PORT`: where the reader has to change it. */
  origin: string;
  value: string | number | boolean | string[];
}

/** What flags and variables set, the flag where both do. An empty variable is as good as none. */
export function readOverrides(command: Command, flags: Flags, env: Environment): AppliedOverride[] {
  const applied: AppliedOverride[] = [];
  for (const { flag, env: variable, path, kind, commands } of overrides) {
    const fromFlag = flag === undefined ? undefined : flags[flag];
    const text = fromFlag ?? (env[variable] === '' ? undefined : env[variable]);
    const target = path(command);
    if (text === undefined || target === undefined || !commands.includes(command)) continue;
    applied.push({
      path: target,
      origin: fromFlag === undefined ? variable : `--${flag}`,
      value: readValue(kind, text),
    });
  }
  return applied;
}

/** What does not read as its kind stays a text, which the schema then names. */
function readValue(kind: Override['kind'], text: string): AppliedOverride['value'] {
  if (kind === 'number' && /^-?\d{1,15}$/.test(text)) return Number(text);
  if (kind === 'yes or no' && /^(?:true|false)$/.test(text)) return text === 'true';
  if (kind === 'list') return text.split(',').map((each) => each.trim());
  return text;
}

/** The file with the overrides in it; the file's own value is left as it is. */
export function applyOverrides(content: unknown, applied: readonly AppliedOverride[]): unknown {
  if (applied.length === 0) return content;
  return applied.reduce((root, { path, value }) => withValue(root, path, value), content);
}

/** A copy with the value at the path. Where something else than a map stands in the way, it is left to the schema. */
function withValue(node: unknown, path: Path, value: AppliedOverride['value']): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return value;
  if (node !== undefined && (typeof node !== 'object' || Array.isArray(node))) return node;
  const before: Record<string, unknown> = { ...(node as Record<string, unknown> | null) };
  return { ...before, [String(first)]: withValue(before[String(first)], rest, value) };
}
