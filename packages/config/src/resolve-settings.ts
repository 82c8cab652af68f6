import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { limits } from '@sluice/contracts';
import type { AppliedOverride } from './apply-overrides.js';
import type { Environment } from './environment.js';
import { aloneDrainWindowMs, type FileInput } from './file-schema.js';
import { originOf } from './origins.js';
import { ConfigError, describeProblems, type Path, type Problem } from './problems.js';
import { resolveApi } from './resolve-api.js';
import { resolveAuth } from './resolve-auth.js';
import { resolveRedis } from './resolve-redis.js';
import { resolveAws, resolveShared } from './resolve-shared.js';
import type { Command, Settings } from './settings.js';
import { readTracing } from './tracing-settings.js';
import { warningsOf } from './warnings.js';
import type { OnFileRead, YamlFile } from './yaml-file.js';

const maxConnectionsDefault = 100_000;
// Descriptors that are not for sockets: integrations, Redis, files (OPERATIONS §3).
const openFilesReserved = 1_000;
// Its own, and both ends of the way from the port for the PROXY protocol to the edge.
const filesPerProxiedSocket = 3;

/** A file that fits the schema, and what is needed to make settings of it. */
export interface ResolveParts {
  command: Command;
  configFile: string;
  input: FileInput;
  file: YamlFile;
  applied: AppliedOverride[];
  env: Environment;
  openFilesMax: number | undefined;
  onFileRead: OnFileRead | undefined;
}

/** Fills in what depends on more than one key, and checks it. Throws `ConfigError` with every problem. */
export function resolveSettings({
  command,
  configFile,
  input,
  file,
  applied,
  env,
  openFilesMax,
  onFileRead,
}: ResolveParts): Settings {
  const problems: Problem[] = [];
  const lines: string[] = [];
  const warnings: string[] = [];
  const report = (path: Path, message: string) => void problems.push({ path, message });
  const directory = dirname(configFile);
  const redis = resolveRedis({
    command,
    redis: input.redis,
    directory,
    onFileRead,
    report,
    warn: (text) => void warnings.push(text),
  });
  const alone = command === 'start' && redis === undefined;
  const host = input.edge.host ?? (alone ? '127.0.0.1' : '0.0.0.0');
  const callbackHost = input.callback.host ?? '0.0.0.0';
  const auth = resolveAuth({
    command,
    auth: input.auth,
    host: command === 'callback' ? callbackHost : host,
    clustered: redis !== undefined,
    directory,
    onFileRead,
    report,
    warn: (text) => void warnings.push(text),
  });
  const apis = Object.entries(input.apis).map(([id, api]) => resolveApi(id, api, file.keysOf));
  const sharedParts = { input, directory, onFileRead, report };
  const settings: Omit<Settings, 'warnings'> = {
    command,
    configFile,
    apis,
    shared: resolveShared(sharedParts),
    lambda: { endpoint: input.lambda.endpoint, functions: { ...input.lambda.functions } },
    account: input.account,
    edge: {
      ...resolveEdge(
        input,
        host,
        alone,
        readPage({ page: input.edge.page, directory, onFileRead, report }),
        holdsSockets(command) ? openFilesMax : undefined,
        report,
      ),
      host,
    },
    router: { ...input.router, drainWorkMs: input.drain.workMs },
    callback: {
      ...input.callback,
      host: callbackHost,
      drainHoldMs: holdMsOf(input, alone),
      drainWorkMs: input.drain.workMs,
    },
    admin: input.admin,
    redis,
    auth,
    egress: input.egress,
    aws: resolveAws(sharedParts),
    reload: input.reload,
    log: input.log,
    tracing: readTracing(env, (variable, message) => void lines.push(`${variable}: ${message}`)),
  };
  lines.unshift(...describeProblems(problems, originOf(file, applied)));
  if (lines.length > 0) throw new ConfigError(lines);
  return { ...settings, warnings: [...warnings, ...warningsOf(settings)] };
}

function resolveEdge(
  { edge, drain }: FileInput,
  host: string,
  alone: boolean,
  pageHtml: string | undefined,
  openFilesMax: number | undefined,
  report: (path: Path, message: string) => void,
): Omit<Settings['edge'], 'host'> {
  return {
    port: edge.port,
    maxConnections: resolveMaxConnections(edge, openFilesMax, report),
    handshakesPerSecondMax: edge.handshakesPerSecondMax,
    handshakesBurstMax: edge.handshakesBurstMax,
    trustedProxies: edge.trustedProxies,
    forwardedHeader: edge.forwardedHeader,
    proxyProtocol: edge.proxyProtocol && { ...edge.proxyProtocol, host: edge.proxyProtocol.host ?? host },
    drain: {
      holdMs: holdMsOf({ drain }, alone),
      windowMs: drain.windowMs ?? (alone ? aloneDrainWindowMs : limits.drainWindowMs),
      settleMs: drain.settleMs,
    },
    pageHtml,
  };
}

/** Alone there is nobody that clients and callers could be sent to instead. */
function holdMsOf({ drain }: Pick<FileInput, 'drain'>, alone: boolean): number {
  return drain.holdMs ?? (alone ? 0 : limits.drainHoldMs);
}

function resolveMaxConnections(
  { maxConnections: wanted, proxyProtocol }: FileInput['edge'],
  openFilesMax: number | undefined,
  report: (path: Path, message: string) => void,
): number {
  if (openFilesMax === undefined) return wanted ?? maxConnectionsDefault;
  const filesEach = proxyProtocol === undefined ? 1 : filesPerProxiedSocket;
  const possible = Math.floor((openFilesMax - openFilesReserved) / filesEach);
  const connections = wanted ?? Math.max(1, Math.min(maxConnectionsDefault, possible));
  if (connections > possible) {
    report(
      ['edge', 'maxConnections'],
      `is ${connections}, but this process may open ${openFilesMax} files, of which ${openFilesReserved} are kept for everything ` +
        `else: that is enough for ${Math.max(0, possible)}; raise the limit (ulimit -n, LimitNOFILE) to ${connections * filesEach + openFilesReserved}`,
    );
  }
  return connections;
}

function holdsSockets(command: Command): boolean {
  return command === 'start' || command === 'edge';
}

interface PageParts {
  page: string | undefined;
  directory: string;
  onFileRead: OnFileRead | undefined;
  report(path: Path, message: string): void;
}

function readPage({ page, directory, onFileRead, report }: PageParts): string | undefined {
  if (page === undefined) return undefined;
  const file = resolve(directory, page);
  try {
    const html = readFileSync(file, 'utf8');
    onFileRead?.(file, html);
    return html;
  } catch (error) {
    onFileRead?.(file, undefined);
    report(['edge', 'page'], `is ${JSON.stringify(page)}, which cannot be read: ${(error as Error).message}`);
    return undefined;
  }
}
