import { type ChildProcess, spawn } from 'node:child_process';
import { connect } from 'node:net';

const readyTimeoutMs = 15_000;
const answerTimeoutMs = 2_000;

/** Starts `redis-server` with these arguments and waits until it answers on its port. */
export async function launchRedis(port: number, args: string[]): Promise<ChildProcess> {
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
    const pong = await askRedis(port, 'PING').catch((error: Error) => error.message);
    // One that wants a password is there too.
    if (pong.startsWith('+PONG') || pong.includes('NOAUTH')) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`redis-server did not answer on port ${port} within ${readyTimeoutMs} ms`);
}

/**
 * Sends one inline command and gives the answer as Redis writes it (`+OK`, `$12…`), its first piece where it is long. Rejects
 * with an error answer, such as that of a server that still loads its file. `password`: that of the server, shown first.
 */
export function askRedis(port: number, text: string, password?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    const fail = (reason: string) => {
      socket.destroy();
      reject(new Error(`redis-server on port ${port}, ${text}: ${reason}`));
    };
    socket.setTimeout(answerTimeoutMs, () => fail('no answer'));
    socket.once('error', (error) => fail(error.message));
    socket.once('connect', () => socket.write(password === undefined ? `${text}\r\n` : `AUTH ${password}\r\n`));
    let asked = password === undefined;
    socket.on('data', (chunk) => {
      const answer = chunk.toString();
      if (!asked && answer.startsWith('+OK')) {
        asked = true;
        socket.write(`${text}\r\n`);
        return;
      }
      if (answer.startsWith('-')) return fail(answer);
      socket.destroy();
      resolve(answer);
    });
  });
}

/** Ends a server with SIGKILL, also one that is paused, and waits until it is gone. */
export function endRedis(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}

function missingServer(): string {
  const lines: Record<string, string> = { darwin: 'brew install redis' };
  const line = lines[process.platform] ?? 'apt-get install -y redis-server   (or: dnf install -y redis, apk add redis)';
  return `redis-server is not installed. Install it with:\n  ${line}`;
}
