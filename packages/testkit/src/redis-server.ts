import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.js';

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

const readyTimeoutMs = 15_000;

/** Starts a Redis; throws with the line to type where the machine has none. */
export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-redis-'));
  const port = options.port ?? (await portFor(options.args ?? []));
  const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', directory, '--save', '', '--appendonly'];
  args.push(options.appendOnly === true ? 'yes' : 'no', ...(options.args ?? []));
  let child = await launch(port, args);
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
      await end(child);
      await rm(directory, { recursive: true, force: true });
    },
    kill: () => end(child),
    async restart() {
      await end(child);
      child = await launch(port, args);
    },
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    flush: () => command(port, 'FLUSHALL', '+OK'),
  };
}

/** A node of a cluster also listens 10,000 higher, which not every free port leaves room for. */
const clusterPortMax = 55_000;

async function portFor(args: string[]): Promise<number> {
  const port = await freePort();
  return args.includes('--cluster-enabled') && port > clusterPortMax ? portFor(args) : port;
}

async function launch(port: number, args: string[]): Promise<ChildProcess> {
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output = `${output}${chunk}`.slice(-4_000);
  });
  child.stderr.on('data', (chunk) => {
    output = `${output}${chunk}`.slice(-4_000);
  });
  const failed = new Promise<never>((_, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'ENOENT' ? new Error(missingServer()) : error);
    });
    child.once('exit', (code) => reject(new Error(`redis-server ended with ${code} at its start:\n${output}`)));
  });
  // The race below is over once the server answers; a later exit must not be an unhandled rejection.
  failed.catch(() => {});
  try {
    await Promise.race([failed, answered(port)]);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  return child;
}

async function answered(port: number): Promise<void> {
  const deadline = Date.now() + readyTimeoutMs;
  while (Date.now() < deadline) {
    if (
      await command(port, 'PING', '+PONG').then(
        () => true,
        () => false,
      )
    )
      return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`redis-server did not answer on port ${port} within ${readyTimeoutMs} ms`);
}

/** Sends one inline command; rejects unless the answer starts as expected. A server still loading its file answers an error. */
function command(port: number, text: string, expected: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    const fail = (reason: string) => {
      socket.destroy();
      reject(new Error(`redis-server on port ${port}, ${text}: ${reason}`));
    };
    socket.setTimeout(2_000, () => fail('no answer'));
    socket.once('error', (error) => fail(error.message));
    socket.once('connect', () => socket.write(`${text}\r\n`));
    socket.once('data', (chunk) => {
      if (!chunk.toString().startsWith(expected)) return fail(chunk.toString());
      socket.destroy();
      resolve();
    });
  });
}

function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    // SIGKILL also ends a server that is paused.
    child.kill('SIGKILL');
  });
}

function missingServer(): string {
  const lines: Record<string, string> = { darwin: 'brew install redis' };
  const line = lines[process.platform] ?? 'apt-get install -y redis-server   (or: dnf install -y redis, apk add redis)';
  return `redis-server is not installed. Install it with:\n  ${line}`;
}
