import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { openFileLimit } from '@sluice/telemetry';
import { crossCheck, type ExpressionCheckers } from './cross-checks.js';
import { type FileInput, fileSchema } from './file-schema.js';
import {
  type AppliedOverride,
  applyOverrides,
  type Environment,
  type Flags,
  readOverrides,
  unknownVariables,
  withoutServiceLinks,
} from './overrides.js';
import { ConfigError, describeProblems, type Path, type Problem } from './problems.js';
import { resolveApi } from './resolve-api.js';
import { resolveAuth } from './resolve-auth.js';
import { resolveRedis } from './resolve-redis.js';
import { checkSchema } from './schema-issues.js';
import type { Command, Settings } from './settings.js';
import { readTracing } from './tracing-settings.js';
import { readYamlFile, type YamlFile } from './yaml-file.js';

export interface LoadOptions {
  command: Command;
  /** Values of flags by name without dashes. */
  flags?: Flags;
  /** Unset: the environment of this process. */
  env?: Environment;
  /** Unset: the current directory. */
  cwd?: string;
  checkers?: ExpressionCheckers;
  /** How many files this process may open. Unset: asked of the system. */
  openFilesMax?: number;
}

const defaultFile = 'sluice.yaml';
const maxConnectionsDefault = 100_000;
// Descriptors that are not for sockets: integrations, Redis, files (OPERATIONS §3).
const openFilesReserved = 1_000;

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
  const file = readFile(path, name, applied, env);
  const checked = check(file, applied, env, options.checkers);
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
  });
}

// Where there is no file to check, flags and variables still are: their mistakes should not wait for the second attempt.
function readFile(path: string, name: string, applied: AppliedOverride[], env: Environment): YamlFile {
  try {
    return readYamlFile(path, name);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const result = checkSchema(fileSchema, applyOverrides({}, applied));
    const problems = 'problems' in result ? result.problems : [];
    const ofOverrides = problems.filter(({ path: at }) => originOfOverride(applied, at) !== undefined);
    const lines = describeProblems(ofOverrides, (at) => originOfOverride(applied, at) ?? name);
    throw new ConfigError([...error.lines, ...lines, ...variableLines(env)]);
  }
}

function variableLines(env: Environment): string[] {
  return unknownVariables(env).map(({ name, problem }) => `${name}: ${problem.message}`);
}

function originOfOverride(applied: AppliedOverride[], path: Path): string | undefined {
  return applied.find((each) => each.path.every((segment, i) => segment === path[i]))?.origin;
}

function check(
  file: YamlFile,
  applied: AppliedOverride[],
  env: Environment,
  checkers: ExpressionCheckers | undefined,
): { input: FileInput } | { lines: string[] } {
  const content = applyOverrides(file.content, applied);
  const result = checkSchema(fileSchema, content);
  const problems = [...file.problems, ...crossCheck(content, checkers)];
  if ('problems' in result) problems.unshift(...result.problems);
  const lines = [...file.duplicates, ...describeProblems(problems, originOf(file, applied)), ...variableLines(env)];
  if (lines.length > 0 || !('value' in result)) return { lines };
  return { input: result.value };
}

function originOf(file: YamlFile, applied: AppliedOverride[]): (path: Path, atKey: boolean) => string {
  return (path, atKey) => originOfOverride(applied, path) ?? file.placeOf(path, atKey);
}

interface ResolveParts {
  command: Command;
  configFile: string;
  input: FileInput;
  file: YamlFile;
  applied: AppliedOverride[];
  env: Environment;
  openFilesMax: number | undefined;
}

function resolveSettings({ command, configFile, input, file, applied, env, openFilesMax }: ResolveParts): Settings {
  const problems: Problem[] = [];
  const lines: string[] = [];
  const warnings: string[] = [];
  const report = (path: Path, message: string) => void problems.push({ path, message });
  const directory = dirname(configFile);
  const redis = resolveRedis(command, input.redis, report);
  const host = input.edge.host ?? (command === 'start' && redis === undefined ? '127.0.0.1' : '0.0.0.0');
  const callbackHost = input.callback.host ?? '0.0.0.0';
  const auth = resolveAuth({
    command,
    auth: input.auth,
    host: command === 'callback' ? callbackHost : host,
    clustered: redis !== undefined,
    directory,
    report,
    warn: (text) => void warnings.push(text),
  });
  const settings: Settings = {
    command,
    configFile,
    apis: Object.entries(input.apis).map(([id, api]) => resolveApi(id, api, file.keysOf)),
    edge: { ...resolveEdge(input, directory, openFilesMax, report), host },
    router: { inflightMax: input.router.inflightMax, drainWorkMs: input.drain.workMs },
    callback: { ...input.callback, host: callbackHost, drainWorkMs: input.drain.workMs },
    admin: input.admin,
    redis,
    auth,
    aws: input.aws,
    log: input.log,
    tracing: readTracing(env, (variable, message) => void lines.push(`${variable}: ${message}`)),
    warnings,
  };
  lines.unshift(...describeProblems(problems, originOf(file, applied)));
  if (lines.length > 0) throw new ConfigError(lines);
  return settings;
}

function resolveEdge(
  { edge, drain }: FileInput,
  directory: string,
  openFilesMax: number | undefined,
  report: (path: Path, message: string) => void,
): Omit<Settings['edge'], 'host'> {
  return {
    port: edge.port,
    maxConnections: resolveMaxConnections(edge.maxConnections, openFilesMax, report),
    handshakesPerSecondMax: edge.handshakesPerSecondMax,
    handshakesBurstMax: edge.handshakesBurstMax,
    drain: { holdMs: drain.holdMs, windowMs: drain.windowMs, settleMs: drain.settleMs },
    pageHtml: readPage(edge.page, directory, report),
  };
}

function resolveMaxConnections(
  wanted: number | undefined,
  openFilesMax: number | undefined,
  report: (path: Path, message: string) => void,
): number {
  if (openFilesMax === undefined) return wanted ?? maxConnectionsDefault;
  const possible = Math.max(openFilesMax - openFilesReserved, Math.floor(openFilesMax / 2));
  if (wanted !== undefined && wanted > possible) {
    report(
      ['edge', 'maxConnections'],
      `is ${wanted}, but this process may open ${openFilesMax} files, which is enough for ${possible}; raise the limit (ulimit -n)`,
    );
  }
  return wanted ?? Math.min(maxConnectionsDefault, possible);
}

function readPage(
  page: string | undefined,
  directory: string,
  report: (path: Path, message: string) => void,
): string | undefined {
  if (page === undefined) return undefined;
  try {
    return readFileSync(resolve(directory, page), 'utf8');
  } catch (error) {
    report(['edge', 'page'], `is ${JSON.stringify(page)}, which cannot be read: ${(error as Error).message}`);
    return undefined;
  }
}
