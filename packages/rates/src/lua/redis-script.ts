import { createHash } from 'node:crypto';
import type { RedisScript } from '@sluice/redis';

/** Names a script's text by its SHA-1, as EVALSHA wants it. */
export function redisScript(source: string): RedisScript {
  return { source, sha: createHash('sha1').update(source).digest('hex') };
}
