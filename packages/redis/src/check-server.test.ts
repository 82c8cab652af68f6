import { createMetrics, noTracing, type Telemetry } from '@sluice/telemetry';
import { type RedisServer, startRedis } from '@sluice/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { checkRedisServer, judgeRedisServer, openRedis } from './index.js';

const ignore = () => {};
const telemetry: Telemetry = {
  metrics: createMetrics(),
  log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
  tracing: noTracing,
};

describe('server checks', () => {
  let redis: RedisServer | undefined;
  afterEach(() => redis?.stop());

  async function check(args: string[], production: boolean, appendOnly = false) {
    redis = await startRedis({ args, appendOnly });
    const settings = { mode: 'standalone', url: redis.url, nodes: [], sentinelName: '', keyPrefix: 'x', shards: 1 };
    const client = openRedis({ ...settings, mode: 'standalone' }, 'check', 'consumer', telemetry);
    try {
      return await checkRedisServer(client, { production });
    } finally {
      client.disconnect();
    }
  }

  it('a server as recommended has nothing against it', async () => {
    const found = await check(['--maxmemory', '100mb', '--maxmemory-policy', 'noeviction'], true, true);
    expect(found).toMatchObject({ errors: [], warnings: [] });
    expect(found.facts).toMatchObject({ maxmemoryPolicy: 'noeviction', appendOnly: true, maxmemoryBytes: 104_857_600 });
  });

  it('[ST-7] an eviction policy stops the start in production mode and is a warning elsewhere', async () => {
    const strict = await check(['--maxmemory-policy', 'allkeys-lru'], true);
    expect(strict.errors.join()).toContain('maxmemory-policy is allkeys-lru');
    await redis?.stop();
    const lenient = await check(['--maxmemory-policy', 'allkeys-lru'], false);
    expect(lenient.errors).toEqual([]);
    expect(lenient.warnings.join()).toContain('maxmemory-policy is allkeys-lru');
  });

  it('a missing append-only file and a missing memory limit are warnings', async () => {
    const { errors, warnings } = await check([], true);
    expect(errors).toEqual([]);
    expect(warnings.join()).toContain('append-only file is off');
    expect(warnings.join()).toContain('maxmemory is not set');
  });

  it('[ST-7] judges by the compatible version that Valkey reports, and refuses what is too old or unknown', () => {
    const valkey = 'redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.1.0\r\n';
    expect(judgeRedisServer(valkey, { production: true })).toMatchObject({
      errors: [],
      facts: { version: '7.2.4', valkeyVersion: '8.1.0' },
    });
    expect(judgeRedisServer('redis_version:6.2.14\r\n', { production: false }).errors.join()).toContain('too old');
    expect(judgeRedisServer('', { production: false }).errors.join()).toContain('unknown version');
  });
});
