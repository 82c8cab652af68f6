import { setTimeout as sleep } from 'node:timers/promises';
import { limits, type RedisSettings } from '@sluice/contracts';
import { checkRedisServer, openRedis, retireRedis } from '@sluice/redis';
import type { Telemetry } from '@sluice/telemetry';

export interface AwaitRedisOptions {
  settings: RedisSettings;
  telemetry: Telemetry;
  /** Whether an eviction policy that can lose accepted frames stops the start. */
  production: boolean;
  signal: AbortSignal;
}

/**
 * Waits until Redis has answered once, however long that takes, and looks whether it can carry the bus. Rejects where it
 * cannot (too old, evicts), and with the signal's reason when the process is told to stop meanwhile.
 */
export async function awaitRedis({ settings, telemetry, production, signal }: AwaitRedisOptions): Promise<void> {
  const client = openRedis(settings, 'startup', 'producer', telemetry);
  try {
    for (;;) {
      signal.throwIfAborted();
      const findings = await checkRedisServer(client, { production }).catch(() => undefined);
      if (findings !== undefined) return report(findings, telemetry);
      await sleep(limits.redisStartPollIntervalMs, undefined, { signal });
    }
  } finally {
    retireRedis(client);
    client.disconnect();
    // Its work is done: a connection that reads 0 for ever would look like a Redis that is away.
    telemetry.metrics.redisUp.remove('startup', 'producer');
  }
}

function report(findings: Awaited<ReturnType<typeof checkRedisServer>>, { log }: Telemetry): void {
  for (const warning of findings.warnings) log.warn('bus.redis_setting', warning);
  if (findings.errors.length > 0) throw new Error(`Redis cannot be used: ${findings.errors.join('; ')}`);
}

/** Where Redis is, without its credentials. */
export function shownRedis({ mode, url, nodes, sentinelName, tls }: RedisSettings): string {
  const overTls = tls === undefined ? '' : ' over TLS';
  if (mode === 'sentinel') return `Redis ${sentinelName} of the sentinels ${nodes.join(', ')}${overTls}`;
  if (mode === 'cluster') return `Redis Cluster ${nodes.join(', ')}${overTls}`;
  const { protocol, host, pathname } = new URL(url);
  return `Redis at ${protocol}//${host}${pathname}`;
}
