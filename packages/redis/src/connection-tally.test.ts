import { createMetrics, type Telemetry } from '@sluice/telemetry';
import { startRedis, waitFor } from '@sluice/testkit';
import { expect, it } from 'vitest';
import { openRedis } from './index.js';

it('says once how many connections the process holds by role, when all are open and Redis answers', async () => {
  const lines: string[] = [];
  const keep = (event: string, text: string) => {
    if (event === 'bus.redis_connections') lines.push(text);
  };
  const telemetry: Telemetry = {
    metrics: createMetrics(),
    log: { debug() {}, info: keep, warn() {}, error() {} },
    tracing: { enabled: false, startSpan: () => ({ traceparent: undefined, setAttribute() {}, end() {} }) },
  };
  const redis = await startRedis();
  const settings = {
    mode: 'standalone' as const,
    url: redis.url,
    nodes: [],
    sentinelName: '',
    keyPrefix: 'test',
    shards: 1,
  };
  await redis.kill();
  const first = openRedis(settings, 'edge-producer', 'producer', telemetry);
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  expect(lines, 'nothing is known while Redis is away').toEqual([]);
  await redis.restart();
  const clients = [
    openRedis(settings, 'edge-inbox', 'blocking', telemetry),
    openRedis(settings, 'edge-inbox', 'blocking', telemetry),
  ];
  const passing = openRedis(settings, 'startup', 'producer', telemetry);
  passing.once('ready', () => passing.disconnect());
  await waitFor('the line', () => lines.length > 0);
  for (const client of [first, ...clients]) client.disconnect();
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  expect(lines).toEqual([
    'Holds 3 connections to Redis, on a cluster up to as many to each node: edge-inbox 2, edge-producer 1',
  ]);
  await redis.stop();
});
