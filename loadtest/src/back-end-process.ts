import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../back-end/server.mjs', import.meta.url));
const startTimeoutMs = 20_000;

/** What the back end says it has seen of a run. */
export interface BackEndStats {
  connects: number;
  disconnects: number;
  /** Connected and not yet disconnected. */
  connected: number;
  disconnectRepeats: number;
  /** Distinct messages. */
  messages: number;
  repeats: number;
}

/** Faults that the back end is asked to commit, to see that the checks notice them. */
export interface BackEndFaults {
  dropEvery?: number;
  repeatEvery?: number;
  delayMs?: number;
}

interface Listening {
  port: number;
  slowLinkPort?: number;
}

/** The back end of the load tests as a process of its own, so that its cost is never counted as the gateway's. */
export interface BackEndProcess {
  readonly pid: number;
  readonly port: number;
  readonly url: string;
  /** For `SLOW_EDGE_URL`, where a slow link was asked for. */
  readonly slowLinkUrl: string | undefined;
  stats(runId: string): Promise<BackEndStats>;
  faults(faults: BackEndFaults): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts it on a free port of the loopback interface; throws with its output where it does not come up.
 * @param slowLinkTarget `host:port` of an edge, to have the slow link to it as well.
 */
export async function startBackEndProcess(options: { slowLinkTarget?: string } = {}): Promise<BackEndProcess> {
  const child = spawn(process.execPath, [script], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], PORT: '0', SLOW_LINK_TARGET: options.slowLinkTarget ?? '' },
  });
  const killAtExit = () => child.kill('SIGKILL');
  process.once('exit', killAtExit);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let output = '';
  const { port, slowLinkPort } = await new Promise<Listening>((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`the back end of the load tests ${why}:\n${output}`));
    const timer = setTimeout(() => fail(`did not listen within ${startTimeoutMs} ms`), startTimeoutMs);
    const read = (chunk: Buffer) => {
      output = `${output}${chunk}`.slice(-100_000);
      const line = output.split('\n').find((each) => each.includes('"back-end.listening"') && each.endsWith('}'));
      if (line === undefined) return;
      clearTimeout(timer);
      resolve(JSON.parse(line) as Listening);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('exit', (code) => fail(`ended with ${code}`));
  });
  const url = `http://127.0.0.1:${port}`;
  return {
    pid: child.pid ?? 0,
    port,
    url,
    slowLinkUrl: slowLinkPort === undefined ? undefined : `ws://127.0.0.1:${slowLinkPort}`,
    stats: async (runId) => (await (await fetch(`${url}/stats?run=${runId}`)).json()) as BackEndStats,
    async faults(faults) {
      await fetch(`${url}/faults`, { method: 'POST', body: JSON.stringify(faults) });
    },
    async stop() {
      process.off('exit', killAtExit);
      child.kill('SIGTERM');
      await exited;
    },
  };
}
