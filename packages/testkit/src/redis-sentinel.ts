import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { askRedis, endRedis, launchRedis } from './redis-launch.js';
import { type RedisServer, startRedis } from './redis-server.js';
import { waitFor } from './wait-for.js';

/** A primary with a replica and a sentinel of this test alone; the one sentinel decides alone (quorum 1). */
export interface RedisSentinel {
  readonly primary: RedisServer;
  readonly replica: RedisServer;
  /** Name of the primary at the sentinel. */
  readonly name: string;
  /** `host:port` of the sentinel. */
  readonly address: string;
  /** Port of whom the sentinel calls the primary now. */
  primaryPort(): Promise<number>;
  stop(): Promise<void>;
}

const name = 'mymaster';
const readyTimeoutMs = 20_000;

/** Starts the three and waits until the replica is in step and the sentinel knows it. `downAfterMs`: silence that is death. */
export async function startRedisSentinel(options: { downAfterMs?: number } = {}): Promise<RedisSentinel> {
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const each of stops.splice(0).reverse()) await each();
  };
  try {
    // Without the delay the first full copy starts at once instead of waiting 5 s for further replicas.
    const primary = await startRedis({ args: ['--repl-diskless-sync-delay', '0'] });
    stops.push(() => primary.stop());
    const replica = await startRedis({ args: ['--replicaof', '127.0.0.1', `${primary.port}`] });
    stops.push(() => replica.stop());
    await waitFor('the replica', () => inStep(replica.port), readyTimeoutMs);
    const port = await startSentinel(primary.port, options.downAfterMs ?? 1_000, stops);
    const known = async () => (await askRedis(port, `SENTINEL REPLICAS ${name}`)).includes(`:${replica.port}`);
    await waitFor('the sentinel to know the replica', known, readyTimeoutMs);
    const primaryPort = async () =>
      Number(/\r\n(\d+)\r\n$/.exec(await askRedis(port, `SENTINEL GET-MASTER-ADDR-BY-NAME ${name}`))?.[1]);
    return { primary, replica, name, address: `127.0.0.1:${port}`, primaryPort, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function inStep(port: number): Promise<boolean> {
  return (await askRedis(port, 'INFO replication')).includes('master_link_status:up');
}

async function startSentinel(
  primaryPort: number,
  downAfterMs: number,
  stops: (() => Promise<void>)[],
): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-sentinel-'));
  stops.push(() => rm(directory, { recursive: true, force: true }));
  const port = await freePort();
  const file = join(directory, 'sentinel.conf');
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${directory}`,
    `sentinel monitor ${name} 127.0.0.1 ${primaryPort} 1`,
    `sentinel down-after-milliseconds ${name} ${downAfterMs}`,
    `sentinel failover-timeout ${name} 10000`,
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  const child: ChildProcess = await launchRedis(port, [file, '--sentinel']);
  const killAtExit = () => child.kill('SIGKILL');
  process.once('exit', killAtExit);
  stops.push(async () => {
    process.off('exit', killAtExit);
    await endRedis(child);
  });
  return port;
}
