import {
  type BackgroundJobs,
  type Bus,
  createBullJobs,
  createMemoryBus,
  createMemoryJobs,
  createRedisBus,
} from '@sluice/bus';
import type { Settings } from '@sluice/config';
import { type ConnectionStore, createMemoryConnectionStore, createRedisConnectionStore } from '@sluice/connections';
import { createLogSinks, type LogSinks } from '@sluice/logs';
import { createMemoryRateKeeper, createRedisRateKeeper, type RateKeeper } from '@sluice/rates';
import type { Telemetry } from '@sluice/telemetry';

/** What the services of a gateway share: in this process, or through Redis with the other processes. */
export interface SharedState {
  bus: Bus;
  connections: ConnectionStore;
  jobs: BackgroundJobs;
  rates: RateKeeper;
  /** Where access logs go, one sink for all stages with the same destination. */
  logs: LogSinks;
}

/** Opens it; connects in the background. The caller closes the members, jobs first and the bus last. */
export function openSharedState(settings: Settings, telemetry: Telemetry): SharedState {
  const { redis, command } = settings;
  const role = command === 'start' ? 'standalone' : command;
  const bus =
    redis === undefined ? createMemoryBus({ telemetry }) : createRedisBus({ settings: redis, role, telemetry });
  const connections =
    redis === undefined
      ? createMemoryConnectionStore()
      : createRedisConnectionStore({ settings: redis, role, telemetry });
  const jobs = redis === undefined ? createMemoryJobs({ telemetry }) : createBullJobs({ settings: redis, telemetry });
  const rates =
    redis === undefined ? createMemoryRateKeeper() : createRedisRateKeeper({ settings: redis, role, telemetry });
  const logs = createLogSinks({ log: telemetry.log, metrics: telemetry.metrics });
  return { bus, connections, jobs, rates, logs };
}
