import type { RedisSettings } from '@sluice/contracts';
import { createMetrics, noTracing, type Telemetry } from '@sluice/telemetry';
import { waitFor } from '@sluice/testkit';
import type { RateKeeper } from '../rate-keeper.js';
import { createRedisRateKeeper, type RedisRateKeeperOptions } from '../redis-rate-keeper.js';

export interface TestKeeper {
  keeper: RateKeeper;
  telemetry: Telemetry;
  /** Events of warnings and notes, in their order. */
  events: string[];
  /** Takes that this process decided alone. */
  localTakes(): Promise<number>;
}

let prefixCount = 0;

export function redisSettings(members: Partial<RedisSettings>): RedisSettings {
  prefixCount += 1;
  const keyPrefix = `rates${prefixCount}`;
  return {
    mode: 'standalone',
    url: 'redis://127.0.0.1',
    nodes: [],
    sentinelName: '',
    keyPrefix,
    shards: 1,
    ...members,
  };
}

/** A keeper whose Redis answers already. */
export async function openKeeper(
  settings: RedisSettings,
  options: Partial<RedisRateKeeperOptions> = {},
): Promise<TestKeeper> {
  const events: string[] = [];
  const note = (event: string) => void events.push(event);
  const telemetry: Telemetry = {
    metrics: createMetrics(),
    log: { debug() {}, info: note, warn: note, error: note },
    tracing: noTracing,
  };
  const sum = async (metric: { get(): Promise<{ values: { value: number }[] }> }) =>
    (await metric.get()).values.reduce((total, { value }) => total + value, 0);
  const keeper = createRedisRateKeeper({ settings, role: 'test', telemetry, ...options });
  await waitFor('Redis', async () => (await sum(telemetry.metrics.redisUp)) === 1);
  events.length = 0;
  return { keeper, telemetry, events, localTakes: () => sum(telemetry.metrics.ratesLocalTotal) };
}
