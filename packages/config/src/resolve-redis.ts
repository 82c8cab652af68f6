import { isIP } from 'node:net';
import type { RedisSettings } from '@sluice/contracts';
import type { FileInput } from './file-schema.js';
import type { Path } from './problems.js';
import type { Command } from './settings.js';

type Report = (path: Path, message: string) => void;

/** How Redis is reached, or undefined for a process that needs none. */
export function resolveRedis(command: Command, redis: FileInput['redis'], report: Report): RedisSettings | undefined {
  if (redis === undefined) {
    if (command !== 'start') {
      report(
        ['redis'],
        'is missing: this command is for a cluster and needs --redis redis://host:6379 (SLUICE_REDIS_URL)',
      );
    }
    return undefined;
  }
  const { mode, nodes, sentinelName, keyPrefix } = redis;
  if (mode === 'standalone') {
    if (redis.url === undefined)
      report(['redis', 'url'], 'is missing; allowed: redis://[user:password@]host[:port][/database]');
    if (nodes.length > 0) report(['redis', 'nodes'], 'is only for mode sentinel or cluster');
  } else if (nodes.length === 0) {
    report(['redis', 'nodes'], `is missing; mode ${mode} needs a list of host:port`);
  }
  const url = redisUrl(redis);
  if (url === undefined) {
    report(['redis', 'url'], 'is no URL that can be read; allowed: redis://[user:password@]host[:port][/database]');
    return undefined;
  }
  if (mode === 'cluster' && !/^\/?0?$/.test(url.pathname))
    report(['redis', 'url'], 'names a database, which a cluster does not have');
  return { mode, url: url.href, nodes, sentinelName, keyPrefix, shards: redis.shards ?? (mode === 'cluster' ? 16 : 1) };
}

function redisUrl(redis: NonNullable<FileInput['redis']>): URL | undefined {
  const text = redis.url ?? `redis://${redis.nodes[0] ?? '127.0.0.1:6379'}`;
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.hostname === '' && isIP(url.hostname) === 0) return undefined;
  if (redis.username !== undefined) url.username = encodeURIComponent(redis.username);
  if (redis.password !== undefined) url.password = encodeURIComponent(redis.password);
  return url;
}
