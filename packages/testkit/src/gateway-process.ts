import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { nodeFlagsOf } from './node-flags.js';
import { waitFor } from './wait-for.js';

const command = fileURLToPath(new URL('../../cli/bin/sluice.js', import.meta.url));

export type GatewayRole = 'start' | 'edge' | 'router' | 'callback';

export interface GatewayProcessOptions {
  role: GatewayRole;
  /** Content of `sluice.yaml`. */
  config: object;
  redisUrl?: string;
  port?: number;
  adminPort?: number;
  /** Further `SLUICE_…` variables and flags. */
  env?: Record<string, string>;
  args?: string[];
  /** Wait only until the admin port answers (for tests of a start that cannot succeed yet). */
  dontWait?: boolean;
}

/** A real gateway process, started with the `sluice` command. */
export interface GatewayProcess {
  readonly role: GatewayRole;
  readonly pid: number;
  /** 0 until it listens, and for a router. */
  readonly port: number;
  readonly adminPort: number;
  /** Everything it printed so far, both streams. */
  output(): string;
  /** Status and body of a path of the admin port. */
  admin(path: string, method?: string): Promise<{ status: number; body: string }>;
  /** Sum of a metric's samples whose labels contain all of these texts; 0 where there is none. */
  metric(name: string, ...labels: string[]): Promise<number>;
  signal(name: NodeJS.Signals): void;
  /** How it ended. */
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>;
}

/** Starts `sluice <role>` from the build and waits until `/readyz` says ready (30 s). */
export async function startGatewayProcess(options: GatewayProcessOptions): Promise<GatewayProcess> {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-gateway-'));
  // JSON is YAML.
  const file = join(directory, 'sluice.yaml');
  writeFileSync(file, JSON.stringify(options.config));
  // 0: the process takes a free port and logs it. A port looked up beforehand may be a client's by the time it is bound.
  const args = [command, options.role, '--config', file, '--admin-port', `${options.adminPort ?? 0}`];
  if (options.role !== 'router') args.push('--port', `${options.port ?? 0}`);
  if (options.redisUrl !== undefined) args.push('--redis', options.redisUrl);
  const child = spawn(process.execPath, [...nodeFlagsOf(command), ...args, ...(options.args ?? [])], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...options.env },
  });
  const gateway = watch(child, options.role, directory);
  await untilReady(gateway, options.dontWait === true);
  return gateway;
}

function watch(child: ChildProcess, role: GatewayRole, directory: string): GatewayProcess {
  let output = '';
  const keep = (chunk: Buffer) => {
    output = `${output}${chunk}`.slice(-1_000_000);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  const killAtExit = () => child.kill('SIGKILL');
  process.once('exit', killAtExit);
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('exit', (code, signal) => {
      process.off('exit', killAtExit);
      rmSync(directory, { recursive: true, force: true });
      resolve({ code, signal });
    });
  });
  const logged = (event: RegExp) => Number(event.exec(output)?.[1] ?? 0);
  const adminPort = () => logged(/"admin\.listening".*http:\/\/[^"]*:(\d+)"/);
  const admin = (path: string, method = 'GET') => askAdmin(adminPort(), path, method);
  return {
    role,
    pid: child.pid ?? 0,
    get port() {
      return logged(/"(?:edge|callback)\.listening".*:(\d+)"/);
    },
    get adminPort() {
      return adminPort();
    },
    output: () => output,
    admin,
    metric: async (name, ...labels) => sumOf((await admin('/metrics')).body, name, labels),
    signal: (name) => void child.kill(name),
    exited,
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/**
 * A connection for each request: `fetch` keeps them, and after a test has been busy for some seconds (`spawnSync`) it writes
 * to one that the process has closed meanwhile, and fails.
 */
function askAdmin(port: number, path: string, method: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method, agent: false }, async (response) => {
      try {
        resolve({ status: response.statusCode ?? 0, body: await text(response) });
      } catch (error) {
        reject(error);
      }
    });
    asked.once('error', reject);
    asked.end();
  });
}

async function untilReady(gateway: GatewayProcess, untilAnswering: boolean): Promise<void> {
  let ended: { code: number | null } | undefined;
  gateway.exited.then((end) => {
    ended = end;
  });
  const isReady = async () => {
    if (ended !== undefined) return true;
    if (gateway.adminPort === 0) return false;
    return gateway.admin('/readyz').then(
      ({ status }) => untilAnswering || status === 200,
      () => false,
    );
  };
  await waitFor(`sluice ${gateway.role} to be ready`, isReady, 30_000).catch(async (error: Error) => {
    await gateway.kill();
    throw new Error(`${error.message}\n${gateway.output()}`);
  });
  if (ended !== undefined) throw new Error(`sluice ${gateway.role} ended with ${ended.code}:\n${gateway.output()}`);
}

function sumOf(exposition: string, name: string, labels: string[]): number {
  let sum = 0;
  for (const line of exposition.split('\n')) {
    if (!line.startsWith(`${name}{`) && !line.startsWith(`${name} `)) continue;
    if (labels.every((label) => line.includes(label))) sum += Number(line.slice(line.lastIndexOf(' ') + 1));
  }
  return sum;
}
