import { setTimeout as sleep } from 'node:timers/promises';
import { createBullJobs, createRedisBus, type DeadLetters } from '@sluice/bus';
import type { Settings } from '@sluice/config';
import { limits } from '@sluice/contracts';
import { redriveJob } from '@sluice/router';
import { createTelemetry } from '@sluice/telemetry';
import { awaitRedis, shownRedis } from './await-redis.js';

/** How long a command that a person waits for tries to reach Redis. */
const patienceMs = 10_000;

export interface OpenDeadLetters {
  deadLetters: DeadLetters;
  /** Queues the redrive for the routers, which try it again when Redis fails them; empty `ids` stand for all. */
  redriveLater(ids: string[]): Promise<void>;
  close(): Promise<void>;
}

/** The dead letters of a cluster, for a command that looks at them and ends. Rejects where Redis does not answer. */
export async function openDeadLetters(settings: Settings): Promise<OpenDeadLetters> {
  const { redis } = settings;
  if (redis === undefined)
    throw new Error('dead letters are kept in Redis; say where it is with --redis (SLUICE_REDIS_URL)');
  const telemetry = createTelemetry({ role: 'command', logLevel: 'silent' });
  const signal = AbortSignal.timeout(patienceMs);
  await awaitRedis({ settings: redis, telemetry, production: false, signal }).catch((error: unknown) => {
    throw signal.aborted ? new Error(`${shownRedis(redis)} does not answer`) : error;
  });
  const bus = createRedisBus({ settings: redis, role: 'command', telemetry });
  await untilReachable(bus.deadLetters, signal);
  return {
    deadLetters: bus.deadLetters,
    async redriveLater(ids) {
      const jobs = createBullJobs({ settings: redis, telemetry });
      try {
        await jobs.enqueue(redriveJob, JSON.stringify(ids), {
          attemptsMax: limits.redriveAttemptsMax,
          delayMs: limits.redriveRetryDelayMs,
        });
      } finally {
        await jobs.close();
      }
    },
    async close() {
      await bus.close();
      await telemetry.close();
    },
  };
}

// The bus connects in the background and refuses commands until it has.
async function untilReachable(deadLetters: DeadLetters, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      await deadLetters.count();
      return;
    } catch (error) {
      if (signal.aborted) throw error;
      await sleep(50);
    }
  }
}
