import { createMetrics, noTracing, type Telemetry } from '@sluice/telemetry';
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
    tracing: noTracing,
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
  // A start without Redis: one connection waits for it, and only then the process opens those that it keeps.
  const passing = openRedis(settings, 'startup', 'consumer', telemetry);
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  expect(lines, 'nothing is known while Redis is away').toEqual([]);
  await redis.restart();
  await new Promise((resolve) => passing.once('ready', resolve));
  await new Promise((resolve) => setTimeout(resolve, 1_900));
  expect(lines, 'one that came up late is not all there is').toEqual([]);
  passing.disconnect();
  const first = openRedis(settings, 'edge-producer', 'producer', telemetry);
  const clients = [
    openRedis(settings, 'edge-inbox', 'blocking', telemetry),
    openRedis(settings, 'edge-inbox', 'blocking', telemetry),
  ];
  await waitFor('the line', () => lines.length > 0);
  for (const client of [first, ...clients]) client.disconnect();
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  expect(lines).toEqual([
    'Holds 3 connections to Redis, on a cluster up to as many to each node: edge-inbox 2, edge-producer 1',
  ]);
  await redis.stop();
});
