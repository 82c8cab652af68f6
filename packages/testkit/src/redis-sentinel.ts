import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Certificates } from './certificates.js';
import { freePort } from './free-port.js';
import { askRedis, endRedis, launchRedis } from './redis-launch.js';
import { type RedisServer, startRedis } from './redis-server.js';
import { waitFor } from './wait-for.js';

/** A primary with a replica and a sentinel of this test alone; the one sentinel decides alone (quorum 1). */
export interface RedisSentinel {
  readonly primary: RedisServer;
  readonly replica: RedisServer;
  /** Where the sentinel knows the replica: its port, or the one of its TLS. */
  readonly replicaPort: number;
  /** Name of the primary at the sentinel. */
  readonly name: string;
  /** `host:port` of the sentinel, with certificates that of its TLS. */
  readonly address: string;
  /** Port of whom the sentinel calls the primary now. */
  primaryPort(): Promise<number>;
  stop(): Promise<void>;
}

const name = 'mymaster';
const readyTimeoutMs = 20_000;

export interface RedisSentinelOptions {
  /** Silence that is death. */
  downAfterMs?: number;
  /** All three listen with TLS too, and talk to each other over it. */
  certificates?: Certificates;
  /** Of the primary and the replica. */
  password?: string;
  sentinelPassword?: string;
}

/** Starts the three and waits until the replica is in step and the sentinel knows it. */
export async function startRedisSentinel(options: RedisSentinelOptions = {}): Promise<RedisSentinel> {
  const { certificates, password, sentinelPassword } = options;
  const secured = password === undefined ? [] : ['--requirepass', password, '--masterauth', password];

  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const each of stops.splice(0).reverse()) await each();
  };
  try {
    // Without the delay the first full copy starts at once instead of waiting 5 s for further replicas.
    const [primaryTlsPort, replicaTlsPort] = [await freePort(), await freePort()];
    const withTls = (tlsPort: number) => certificates?.redisArgs(tlsPort) ?? [];
    const delay = ['--repl-diskless-sync-delay', '0'];
    const primary = await startRedis({ args: [...delay, ...secured, ...withTls(primaryTlsPort)] });
    stops.push(() => primary.stop());
    const monitored = certificates === undefined ? primary.port : primaryTlsPort;
    const of = ['--replicaof', '127.0.0.1', `${monitored}`];
    const replica = await startRedis({ args: [...of, ...secured, ...withTls(replicaTlsPort)] });
    stops.push(() => replica.stop());
    await waitFor('the replica', () => inStep(replica.port, password), readyTimeoutMs);
    const sentinel = await startSentinel(monitored, options, stops);
    const ask = (text: string) => askRedis(sentinel.port, text, sentinelPassword);
    const replicaPort = certificates === undefined ? replica.port : replicaTlsPort;
    const known = async () => (await ask(`SENTINEL REPLICAS ${name}`)).includes(`:${replicaPort}`);
    await waitFor('the sentinel to know the replica', known, readyTimeoutMs);
    const primaryPort = async () =>
      Number(/\r\n(\d+)\r\n$/.exec(await ask(`SENTINEL GET-MASTER-ADDR-BY-NAME ${name}`))?.[1]);
    const address = `127.0.0.1:${sentinel.tlsPort ?? sentinel.port}`;
    return { primary, replica, replicaPort, name, address, primaryPort, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function inStep(port: number, password?: string): Promise<boolean> {
  return (await askRedis(port, 'INFO replication', password)).includes('master_link_status:up');
}

async function startSentinel(
  primaryPort: number,
  { downAfterMs = 1_000, certificates, password, sentinelPassword }: RedisSentinelOptions,
  stops: (() => Promise<void>)[],
): Promise<{ port: number; tlsPort: number | undefined }> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-sentinel-'));
  stops.push(() => rm(directory, { recursive: true, force: true }));
  const port = await freePort();
  const tlsPort = certificates === undefined ? undefined : await freePort();
  const file = join(directory, 'sentinel.conf');
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${directory}`,
    `sentinel monitor ${name} 127.0.0.1 ${primaryPort} 1`,
    `sentinel down-after-milliseconds ${name} ${downAfterMs}`,
    `sentinel failover-timeout ${name} 10000`,
    ...(password === undefined ? [] : [`sentinel auth-pass ${name} ${password}`]),
    ...(sentinelPassword === undefined ? [] : [`requirepass ${sentinelPassword}`]),
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  const child: ChildProcess = await launchRedis(port, [
    file,
    '--sentinel',
    ...(tlsPort === undefined ? [] : (certificates?.redisArgs(tlsPort) ?? [])),
  ]);
  const killAtExit = () => child.kill('SIGKILL');
  process.once('exit', killAtExit);
  stops.push(async () => {
    process.off('exit', killAtExit);
    await endRedis(child);
  });
  return { port, tlsPort };
}
