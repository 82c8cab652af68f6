import { isIP } from 'node:net';
import type { RedisSettings } from '@sluice/contracts';
import type { FileInput } from './file-schema.js';
import { type RedisTlsParts, resolveRedisTls } from './resolve-redis-tls.js';
import type { Command } from './settings.js';

export interface RedisParts extends Omit<RedisTlsParts, 'redis'> {
  command: Command;
  redis: FileInput['redis'];
}

/** How Redis is reached, or undefined for a process that needs none. */
export function resolveRedis(parts: RedisParts): RedisSettings | undefined {
  const { command, redis, report } = parts;
  if (redis === undefined) {
    if (command !== 'start') {
      report(
        ['redis'],
        'is missing: this command is for a cluster and needs --redis redis://host:6379 (SLUICE_REDIS_URL)',
      );
    }
    return undefined;
  }
  const { mode, nodes, sentinelName, keyPrefix, sentinelUsername, sentinelPassword } = redis;
  if (mode === 'standalone') {
    if (redis.url === undefined)
      report(['redis', 'url'], 'is missing; allowed: redis://[user:password@]host[:port][/database]');
    if (nodes.length > 0) report(['redis', 'nodes'], 'is only for mode sentinel or cluster');
  } else if (nodes.length === 0) {
    report(['redis', 'nodes'], `is missing; mode ${mode} needs a list of host:port`);
  }
  if (mode !== 'sentinel' && (sentinelUsername !== undefined || sentinelPassword !== undefined))
    report(['redis', 'sentinelPassword'], 'is only for mode sentinel');
  const tls = resolveRedisTls({ ...parts, redis });
  const url = redisUrl(redis, tls !== undefined);
  if (url === undefined) {
    report(['redis', 'url'], 'is no URL that can be read; allowed: redis://[user:password@]host[:port][/database]');
    return undefined;
  }
  if (mode === 'cluster' && !/^\/?0?$/.test(url.pathname))
    report(['redis', 'url'], 'names a database, which a cluster does not have');
  const shards = redis.shards ?? (mode === 'cluster' ? 16 : 1);
  return { mode, url: url.href, nodes, sentinelName, sentinelUsername, sentinelPassword, tls, keyPrefix, shards };
}

function redisUrl(redis: NonNullable<FileInput['redis']>, overTls: boolean): URL | undefined {
  const given = redis.url ?? `redis://${redis.nodes[0] ?? '127.0.0.1:6379'}`;
  const text = overTls ? given.replace(/^redis:/, 'rediss:') : given;
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.hostname === '' && isIP(url.hostname) === 0) return undefined;
  if (redis.username !== undefined) url.username = encodeURIComponent(redis.username);
  if (redis.password !== undefined) url.password = encodeURIComponent(redis.password);
  return url;
}
