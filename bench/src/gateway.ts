import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { nodeFlagsOf } from '@sluice/testkit';
import { stage } from './gateway-config.js';
import type { StartedProcess, StartedProcesses } from './started-processes.js';

export type Role = 'start' | 'edge' | 'router' | 'callback';

export interface GatewayProcess {
  readonly started: StartedProcess;
  readonly port: number;
}

export interface GatewayOptions {
  configPath: string;
  /** Undefined for the in-process bus. */
  redisUrl: string | undefined;
  /** Further variables, such as those that switch tracing on. */
  env?: Record<string, string>;
}

const readyTimeoutMs = 20_000;
const probeIntervalMs = 50;

const repository = new URL('../..', import.meta.url);
const command = fileURLToPath(new URL('packages/cli/bin/sluice.js', repository));

/** Starts one process of the gateway with the `sluice` command and waits until it says it is ready. */
export async function startGateway(
  processes: StartedProcesses,
  role: Role,
  options: GatewayOptions,
): Promise<GatewayProcess> {
  const [port, adminPort] = await freePorts();
  const args = [...nodeFlagsOf(command), '--inspect-port=0', command, role, '--config', options.configPath];
  if (role !== 'router') args.push('--port', `${port}`);
  args.push('--admin-port', `${adminPort}`);
  if (options.redisUrl !== undefined) args.push('--redis', options.redisUrl);
  const started = processes.spawn(role === 'start' ? 'standalone' : role, process.execPath, args, {
    cwd: repository,
    env: { ...plainEnvironment(), ...options.env },
  });
  await ready(started, adminPort);
  return { started, port };
}

/** The path on which clients connect: the one API needs no name. */
export const clientPath = `/${stage}`;

/** Settings of the shell that would change what is measured do not reach the gateway. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env); // house: allow process.env: handed on to the gateway, not read
  return Object.fromEntries(inherited.filter(([name]) => !/^(SLUICE_|OTEL_|NODE_OPTIONS$|UV_)/.test(name)));
}

async function ready(started: StartedProcess, adminPort: number): Promise<void> {
  const deadline = Date.now() + readyTimeoutMs;
  let last = 'no answer';
  while (Date.now() < deadline) {
    if (started.child.exitCode !== null) break;
    try {
      const response = await fetch(`http://127.0.0.1:${adminPort}/readyz`, { signal: AbortSignal.timeout(2_000) });
      const text = await response.text();
      if (response.ok) return;
      last = `${response.status} ${text}`;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    await new Promise((resolve) => setTimeout(resolve, probeIntervalMs));
  }
  throw new Error(`${started.name} was not ready in ${readyTimeoutMs} ms (/readyz: ${last}):\n${started.output()}`);
}

/** Two different ports that are free now. */
async function freePorts(): Promise<[number, number]> {
  const servers = [createServer(), createServer()] as const;
  const ports = await Promise.all(servers.map(listen));
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return [ports[0] as number, ports[1] as number];
}

function listen(server: ReturnType<typeof createServer>): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('no port was given'));
      else resolve(address.port);
    });
  });
}
