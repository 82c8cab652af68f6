import { limits, type RedisSettings } from '@sluice/contracts';
import type { Telemetry } from '@sluice/telemetry';
import { Cluster, type ClusterOptions, Redis, type RedisOptions } from 'ioredis';
import { countRedisConnection } from './connection-tally.js';
import { sentinelOptions, tlsOptions } from './redis-tls.js';

export type RedisClient = Redis | Cluster;

/**
 * What a client is for; connections are never shared between these (OPERATIONS §4 rule 1).
 * `producer`: no offline queue, no resend, commands time out, so that a frame is refused rather than kept.
 * `consumer`: retries without end. `blocking`: as consumer, and its reads may take `blockingReadMs`. `worker`: for BullMQ,
 * which wants `maxRetriesPerRequest: null` and does its own waiting.
 */
export type RedisKind = 'producer' | 'consumer' | 'blocking' | 'worker';

/**
 * Opens a client and reports its health under `role` (for example `edge-producer`). It connects in the background and for
 * ever: 50 ms to 2 s between attempts, with full jitter. The caller closes it with `disconnect()` or `quit()`.
 */
export function openRedis(settings: RedisSettings, role: string, kind: RedisKind, telemetry: Telemetry): RedisClient {
  const client = settings.mode === 'cluster' ? openCluster(settings, kind) : new Redis(nodeOptions(settings, kind));
  observe(client, role, kind, telemetry);
  client.once(
    'end',
    countRedisConnection(role, telemetry, () => client.status === 'ready'),
  );
  return client;
}

/** A client whose successor already reports under the same role: its end is not the end of the service. */
const retired = new WeakSet<RedisClient>();

/** Marks a client as replaced, so that its closing does not show up as Redis being away. */
export function retireRedis(client: RedisClient): void {
  retired.add(client);
}

function nodeOptions(settings: RedisSettings, kind: RedisKind): RedisOptions {
  const shared: RedisOptions = {
    ...credentials(settings.url),
    ...tlsOptions(settings),
    retryStrategy: retryDelayMs,
    reconnectOnError: leavesReplica(),
    connectTimeout: 5_000,
    keepAlive: 10_000,
    noDelay: true,
    ...kindOptions(kind),
  };
  if (settings.mode === 'sentinel') {
    return {
      ...shared,
      name: settings.sentinelName,
      sentinels: settings.nodes.map(splitNode),
      sentinelRetryStrategy: retryDelayMs,
      ...sentinelOptions(settings),
    };
  }
  const { host, port, db } = address(settings.url);
  return { ...shared, host, port, db };
}

function kindOptions(kind: RedisKind): RedisOptions {
  switch (kind) {
    case 'producer':
      return {
        enableOfflineQueue: false,
        autoResendUnfulfilledCommands: false,
        maxRetriesPerRequest: 0,
        commandTimeout: limits.redisCommandTimeoutMs,
      };
    case 'consumer':
    case 'blocking':
      return { maxRetriesPerRequest: null };
    case 'worker':
      // BullMQ makes connections of its own from these options, which no watchdog of ours sees.
      return { maxRetriesPerRequest: null, socketTimeout: limits.jobsSilentMsMax };
  }
}

function openCluster(settings: RedisSettings, kind: RedisKind): Cluster {
  const options: ClusterOptions = {
    redisOptions: {
      ...credentials(settings.url),
      ...tlsOptions(settings),
      connectTimeout: 5_000,
      noDelay: true,
      ...kindOptions(kind),
    },
    clusterRetryStrategy: retryDelayMs,
    enableOfflineQueue: kind !== 'producer',
    slotsRefreshTimeout: 2_000,
    // ioredis asks for the slots anew only on errors, and a frozen node gives none: after its replica was promoted, its
    // shard would stay unreachable until the thaw.
    slotsRefreshInterval: 5_000,
  };
  return new Cluster(settings.nodes.map(splitNode), options);
}

/** Full jitter over 50 ms doubling to 2 s, so that a restarted Redis does not meet all processes at one moment. */
function retryDelayMs(attempt: number): number {
  const ceiling = Math.min(2_000, 50 * 2 ** Math.min(attempt, 10));
  return Math.ceil(Math.random() * ceiling);
}

/**
 * A primary that was made a replica need not close its connections, and behind one address nobody says where the new primary
 * is: only a new connection finds it. At most one attempt a second, should it stay a replica.
 */
function leavesReplica(): (error: Error) => boolean {
  let lastMs = Number.NEGATIVE_INFINITY;
  return (error) => {
    if (!error.message.startsWith('READONLY') || performance.now() - lastMs < 1_000) return false;
    lastMs = performance.now();
    return true;
  };
}

function credentials(url: string): RedisOptions {
  const parsed = new URL(url);
  return {
    ...(parsed.username === '' ? {} : { username: decodeURIComponent(parsed.username) }),
    ...(parsed.password === '' ? {} : { password: decodeURIComponent(parsed.password) }),
  };
}

function address(url: string): { host: string; port: number; db: number } {
  const parsed = new URL(url);
  const db = Number(parsed.pathname.slice(1));
  return { host: parsed.hostname, port: Number(parsed.port) || 6379, db: Number.isInteger(db) ? db : 0 };
}

function splitNode(node: string): { host: string; port: number } {
  const colon = node.lastIndexOf(':');
  return { host: node.slice(0, colon), port: Number(node.slice(colon + 1)) };
}

function observe(client: RedisClient, role: string, kind: RedisKind, { metrics, log }: Telemetry): void {
  const up = metrics.redisUp.labels(role, kind);
  up.set(0);
  // A series that begins with its first event would hide that event from `increase`.
  const reconnects = metrics.redisReconnectsTotal.labels(role, kind);
  metrics.redisWatchdogTotal.labels(role, kind);
  let connectedBefore = false;
  let reportedDown = false;
  client.on('ready', () => {
    up.set(1);
    if (connectedBefore) reconnects.inc();
    // Half a dozen connections that simply come up say nothing an operator acts on; one that comes back does.
    if (reportedDown) log.info('bus.redis_up', `Redis answers (${role})`);
    else if (!connectedBefore) log.debug('bus.redis_up', `Redis answers (${role})`);
    connectedBefore = true;
    reportedDown = false;
  });
  client.on('close', () => {
    if (!retired.has(client)) up.set(0);
  });
  client.on('error', (error: Error) => {
    metrics.redisErrorsTotal.labels(role, kind).inc();
    if (reportedDown) return;
    reportedDown = true;
    log.warn('bus.redis_down', `Redis is away (${role}): ${reasonOf(error)}; trying again until it answers`);
  });
}

/** A cluster client says that no node answered, and why only of the last one: a certificate or a password, say. */
function reasonOf(error: Error & { lastNodeError?: unknown }): string {
  const { lastNodeError } = error;
  return lastNodeError instanceof Error ? `${error.message} ${lastNodeError.message}` : error.message;
}
