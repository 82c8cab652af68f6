import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { askRedis, endRedis, launchRedis } from './redis-launch.js';

/** A real Redis of this test alone, on a free port of the loopback interface. */
export interface RedisServer {
  readonly url: string;
  readonly port: number;
  /** Of the running server; another one after `restart()`. */
  readonly pid: number;
  /** Ends the server and removes its files. May be called twice. */
  stop(): Promise<void>;
  /** Kills the server (SIGKILL) and starts it again on the same port: empty, or with its data where `appendOnly` was asked for. */
  restart(): Promise<void>;
  /** Kills the server and leaves the port closed until `restart()`. */
  kill(): Promise<void>;
  /** Freezes the server: its sockets stay open and nothing answers. */
  pause(): void;
  resume(): void;
  /** Empties it: every key is gone, the server stays. */
  flush(): Promise<void>;
}

export interface RedisServerOptions {
  /** Keeps an append-only file (fsync everysec), so that a restart has the data. */
  appendOnly?: boolean;
  /** Further options of the server, for example `['--maxmemory', '20mb']`. */
  args?: string[];
  /** A fixed port, where a test needs to know it before the server runs. */
  port?: number;
}

/** Starts a Redis; throws with the line to type where the machine has none. */
export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-redis-'));
  const port = options.port ?? (await portFor(options.args ?? []));
  const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', directory, '--save', '', '--appendonly'];
  args.push(options.appendOnly === true ? 'yes' : 'no', ...(options.args ?? []));
  let child = await launchRedis(port, args);
  const killAtExit = () => child.kill('SIGKILL');
  process.once('exit', killAtExit);

  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    get pid() {
      return child.pid ?? 0;
    },
    async stop() {
      process.off('exit', killAtExit);
      await endRedis(child);
      await rm(directory, { recursive: true, force: true });
    },
    kill: () => endRedis(child),
    async restart() {
      await endRedis(child);
      child = await launchRedis(port, args);
    },
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    async flush() {
      await askRedis(port, 'FLUSHALL');
    },
  };
}

/** A node of a cluster also listens 10,000 higher, which not every free port leaves room for. */
const clusterPortMax = 55_000;

async function portFor(args: string[]): Promise<number> {
  return args.includes('--cluster-enabled') ? freeClusterPort() : freePort();
}

/** A free port that leaves room for the one of the cluster's own connections. */
export async function freeClusterPort(): Promise<number> {
  const port = await freePort();
  return port > clusterPortMax ? freeClusterPort() : port;
}
