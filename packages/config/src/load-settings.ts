import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { openFileLimit } from '@sluice/telemetry';
import { type AppliedOverride, applyOverrides, type Flags, readOverrides } from './apply-overrides.js';
import { crossCheck } from './cross-checks.js';
import { type Environment, unknownVariables, withoutServiceLinks } from './environment.js';
import type { ExpressionCheckers } from './expression-checkers.js';
import { type FileInput, fileSchema } from './file-schema.js';
import { originOf, originOfOverride } from './origins.js';
import { ConfigError, describeProblems } from './problems.js';
import { resolveSettings } from './resolve-settings.js';
import { checkSchema } from './schema-issues.js';
import type { Command, Settings } from './settings.js';
import { type OnFileRead, readYamlFile, type YamlFile } from './yaml-file.js';

export interface LoadOptions {
  command: Command;
  /** Values of flags by name without dashes. */
  flags?: Flags;
  /** Unset: the environment of this process. */
  env?: Environment;
  /** Unset: the current directory. */
  cwd?: string;
  /** Compilers of expressions; one that is missing checks nothing. */
  checkers?: Partial<ExpressionCheckers>;
  /** Flags and variables are enough where no file is named and the default one is not there: no API is defined then. */
  fileOptional?: boolean;
  /** How many files this process may open. Unset: asked of the system. */
  openFilesMax?: number;
  /** Hears of every file that the settings come from, also where they turn out wrong: for whoever watches them. */
  onFileRead?: OnFileRead;
}

const defaultFile = 'sluice.yaml';

/**
 * Reads file, variables and flags (each over the one before) and returns settings that are checked and complete.
 * Throws `ConfigError` with every problem it finds: where it stands, what it is, what would be allowed.
 */
export function loadSettings(options: LoadOptions): Settings {
  const env = withoutServiceLinks(options.env ?? process.env);
  const flags = options.flags ?? {};
  const name = flags['config'] ?? (env['SLUICE_CONFIG'] || defaultFile);
  const path = resolve(options.cwd ?? process.cwd(), name);
  const applied = readOverrides(options.command, flags, env);
  const named = flags['config'] !== undefined || Boolean(env['SLUICE_CONFIG']);
  const withoutFile = options.fileOptional === true && !named && !existsSync(path);
  const file = withoutFile ? noFile : readFile({ path, name, named, onFileRead: options.onFileRead }, applied, env);
  const checked = check(file, applied, env, options);
  if ('lines' in checked) throw new ConfigError(checked.lines);
  const openFilesMax = options.openFilesMax ?? openFileLimit();
  return resolveSettings({
    command: options.command,
    configFile: path,
    input: checked.input,
    file,
    applied,
    env,
    openFilesMax,
    onFileRead: options.onFileRead,
  });
}

/** In place of a file that need not be there. */
const noFile: YamlFile = {
  content: { apis: {} },
  duplicates: [],
  problems: [],
  placeOf: () => 'command line',
  keysOf: () => [],
};

// Where there is no file to check, flags and variables still are: their mistakes should not wait for the second attempt.
function readFile(
  { path, name, named, onFileRead }: { path: string; name: string; named: boolean; onFileRead: OnFileRead | undefined },
  applied: AppliedOverride[],
  env: Environment,
): YamlFile {
  try {
    return readYamlFile(path, name, onFileRead);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const result = checkSchema(fileSchema, applyOverrides({}, applied));
    const problems = 'problems' in result ? result.problems : [];
    const ofOverrides = problems.filter(({ path: at }) => originOfOverride(applied, at) !== undefined);
    const lines = describeProblems(ofOverrides, (at) => originOfOverride(applied, at) ?? name);
    const hint = named || existsSync(path) ? '' : '; write one, or name another with --config (SLUICE_CONFIG)';
    const missing = error.lines.map((line) => `${line}${hint}`);
    throw new ConfigError([...missing, ...lines, ...variableLines(env)]);
  }
}

function variableLines(env: Environment): string[] {
  return unknownVariables(env).map(({ name, problem }) => `${name}: ${problem.message}`);
}

function check(
  file: YamlFile,
  applied: AppliedOverride[],
  env: Environment,
  { checkers = {}, command }: LoadOptions,
): { input: FileInput } | { lines: string[] } {
  const content = applyOverrides(file.content, applied);
  const result = checkSchema(fileSchema, content);
  const problems = [...file.problems, ...(file === noFile ? [] : crossCheck(content, checkers, command))];
  if ('problems' in result) problems.unshift(...result.problems);
  const lines = [...file.duplicates, ...describeProblems(problems, originOf(file, applied)), ...variableLines(env)];
  if (lines.length > 0 || !('value' in result)) return { lines };
  return { input: result.value };
}
