import type { RedisSettings } from '@sluice/contracts';
import { openRedis } from '@sluice/redis';
import { createMetrics, noTracing, type Telemetry } from '@sluice/telemetry';
import { type RedisServer, startRedis, waitFor } from '@sluice/testkit';
import { afterAll, beforeAll } from 'vitest';
import { registerConnectionStoreTests } from './conformance/connection-store.js';
import { createRedisConnectionStore } from './index.js';

// One server in cluster mode owns every hash slot, yet refuses commands and scripts over keys of several slots: what
// passes here also runs where the slots are spread.

const telemetry: Telemetry = {
  metrics: createMetrics(),
  log: { debug() {}, info() {}, warn() {}, error() {} },
  tracing: noTracing,
};
let server: RedisServer;
let settings: RedisSettings;
let prefixCount = 0;

beforeAll(async () => {
  server = await startRedis({ args: ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'] });
  settings = {
    mode: 'cluster',
    url: server.url,
    nodes: [`127.0.0.1:${server.port}`],
    sentinelName: '',
    keyPrefix: 'cluster',
    shards: 1,
  };
  const single = openRedis({ ...settings, mode: 'standalone' }, 'test', 'consumer', telemetry);
  try {
    await single.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    await waitFor('the cluster', async () => String(await single.call('CLUSTER', 'INFO')).includes('cluster_state:ok'));
  } finally {
    single.disconnect();
  }
});
afterAll(() => server.stop());

registerConnectionStoreTests('the Redis store on a cluster', () => {
  prefixCount += 1;
  return createRedisConnectionStore({
    settings: { ...settings, keyPrefix: `cluster${prefixCount}` },
    role: 'test',
    telemetry,
  });
});
