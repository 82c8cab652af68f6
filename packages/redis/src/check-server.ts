import type { RedisClient } from './open-redis.js';

export interface RedisServerFacts {
  version: string;
  /** Where the server says so: Valkey reports a Redis version for compatibility and its own besides. */
  valkeyVersion: string | undefined;
  maxmemoryPolicy: string | undefined;
  maxmemoryBytes: number | undefined;
  appendOnly: boolean | undefined;
}

export interface RedisServerFindings {
  facts: RedisServerFacts;
  /** Any of these stops the start. */
  errors: string[];
  warnings: string[];
}

/**
 * Looks whether a server can carry the bus (OPERATIONS §4 "Server"): version 7 or later, nothing evicted, data kept over a
 * restart. In production mode an eviction policy other than `noeviction` is an error, because it would delete accepted
 * frames under pressure; elsewhere a warning. Rejects where the server cannot be asked.
 */
export async function checkRedisServer(
  client: RedisClient,
  options: { production: boolean },
): Promise<RedisServerFindings> {
  return judgeRedisServer(String(await client.call('INFO', [])), options);
}

/** The judgement on the text of INFO, apart from asking for it. */
export function judgeRedisServer(info: string, options: { production: boolean }): RedisServerFindings {
  const facts = readFacts(info);
  const errors: string[] = [];
  const warnings: string[] = [];
  const major = Number(facts.version.split('.')[0]);
  if (!(major >= 7)) errors.push(`Redis ${facts.version || '(unknown version)'} is too old: 7.0 or Valkey 8 at least`);
  const policy = facts.maxmemoryPolicy;
  if (policy !== undefined && policy !== 'noeviction') {
    const list = options.production ? errors : warnings;
    list.push(`maxmemory-policy is ${policy}: accepted frames could be evicted; set maxmemory-policy noeviction`);
  }
  if (facts.appendOnly === false) {
    warnings.push('append-only file is off: accepted frames are lost when Redis restarts; set appendonly yes');
  }
  if (facts.maxmemoryBytes === 0) {
    warnings.push('maxmemory is not set: Redis can be killed for memory instead of refusing writes');
  }
  return { facts, errors, warnings };
}

function readFacts(info: string): RedisServerFacts {
  const fields = new Map<string, string>();
  for (const line of info.split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1));
  }
  const maxmemory = fields.get('maxmemory');
  const appendOnly = fields.get('aof_enabled');
  return {
    version: fields.get('redis_version') ?? '',
    valkeyVersion: fields.get('valkey_version'),
    maxmemoryPolicy: fields.get('maxmemory_policy'),
    maxmemoryBytes: maxmemory === undefined ? undefined : Number(maxmemory),
    appendOnly: appendOnly === undefined ? undefined : appendOnly === '1',
  };
}
