import { limits } from '@sluice/contracts';
import { type RedisServer, startRedis } from '@sluice/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createBullJobs } from './bullmq-jobs.js';
import { startProxy } from './conformance/cuttable-proxy.js';
import { counted, quietTelemetry, until } from './conformance/test-parts.js';
import type { BackgroundJobs } from './jobs.js';
import { createMemoryJobs } from './memory-jobs.js';

let redis: RedisServer;
let tests = 0;

beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

function settings(keyPrefix: string) {
  return { mode: 'standalone' as const, url: redis.url, nodes: [], sentinelName: '', keyPrefix, shards: 1 };
}

for (const kind of ['in-process', 'BullMQ'] as const) {
  describe(`${kind}: background jobs`, () => {
    const telemetry = quietTelemetry();
    let jobs: BackgroundJobs;

    beforeEach(() => {
      jobs =
        kind === 'BullMQ'
          ? createBullJobs({ settings: settings(`j${tests++}`), telemetry })
          : createMemoryJobs({ telemetry });
    });
    afterEach(() => jobs.close());

    it('runs a recurring job about as often as asked', async () => {
      let turns = 0;
      await jobs.every('sweep', 100, async () => {
        turns++;
      });
      await until('five turns', () => turns >= 5, 5_000);
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(turns).toBeLessThan(15);
    });

    it('a recurring job that throws is counted and goes on', async () => {
      let turns = 0;
      await jobs.every('broken', 50, async () => {
        turns++;
        throw new Error('no');
      });
      await until('three turns', () => turns >= 3);
      expect(await counted(telemetry.metrics.jobsTotal, { kind: 'broken', result: 'failed' })).toBeGreaterThanOrEqual(
        2,
      );
    });

    it('hands over the data, and tries again with back-off up to the bound', async () => {
      const attempts: { data: string; attempt: number; atMs: number }[] = [];
      await jobs.enqueue('retry', '{"a":"ü"}', { attemptsMax: 3, delayMs: 100 });
      await jobs.handle('retry', async (job) => {
        attempts.push({ ...job, atMs: performance.now() });
        throw new Error('not yet');
      });
      await until('three attempts', () => attempts.length === 3);
      await new Promise((resolve) => setTimeout(resolve, 600));
      expect(attempts.map(({ data, attempt }) => ({ data, attempt }))).toEqual(
        [1, 2, 3].map((attempt) => ({ data: '{"a":"ü"}', attempt })),
      );
      const [first, second, third] = attempts.map(({ atMs }) => atMs) as [number, number, number];
      expect(second - first).toBeGreaterThan(90);
      expect(third - second).toBeGreaterThan(180);
    });

    it('two jobs of the same id are one, also after the first is done', async () => {
      const seen: string[] = [];
      await jobs.handle('once', async ({ data }) => void seen.push(data));
      await jobs.enqueue('once', 'first', { attemptsMax: 1, delayMs: 10, jobId: 'a:b=' });
      await jobs.enqueue('once', 'second', { attemptsMax: 1, delayMs: 10, jobId: 'a:b=' });
      await until('one', () => seen.length === 1);
      await jobs.enqueue('once', 'third', { attemptsMax: 1, delayMs: 10, jobId: 'a:b=' });
      await jobs.enqueue('once', 'other', { attemptsMax: 1, delayMs: 10, jobId: '7' });
      await until('two', () => seen.length === 2);
      expect(seen).toEqual(['first', 'other']);
    });

    it('close waits for the job in work', async () => {
      let finished = false;
      await jobs.handle('slow', async () => {
        await new Promise((resolve) => setTimeout(resolve, 200));
        finished = true;
      });
      await jobs.enqueue('slow', '', { attemptsMax: 1, delayMs: 10 });
      await new Promise((resolve) => setTimeout(resolve, 100));
      await jobs.close();
      expect(finished).toBe(true);
    });
  });
}

describe('BullMQ: background jobs of a cluster', () => {
  it('run in one process at each turn', async () => {
    const keyPrefix = `j${tests++}`;
    const turns: number[] = [];
    const all = [0, 1, 2].map(() => createBullJobs({ settings: settings(keyPrefix), telemetry: quietTelemetry() }));
    for (const [i, jobs] of all.entries()) await jobs.every('sweep', 200, async () => void turns.push(i));
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    await Promise.all(all.map((jobs) => jobs.close()));
    expect(turns.length).toBeGreaterThanOrEqual(5);
    expect(turns.length).toBeLessThanOrEqual(13);
  });

  it('survive a Redis that goes away and comes back empty', async () => {
    const own = await startRedis();
    const timing = { jobScheduleCheckMs: 1_000, jobEnqueueTimeoutMs: 500 };
    const jobs = createBullJobs({ settings: { ...settings('j'), url: own.url }, telemetry: quietTelemetry(), timing });
    try {
      let turns = 0;
      await jobs.every('sweep', 100, async () => void turns++);
      await until('a turn', () => turns > 0);
      await own.restart();
      const before = turns;
      await until('turns again', () => turns > before + 2, 18_000);
    } finally {
      await jobs.close();
      await own.stop();
    }
  }, 40_000);

  it('go on where Redis has frozen and another took its place: silent sockets are given up', async () => {
    const proxy = await startProxy(redis.port);
    const own = { ...settings(`j${tests++}`), url: proxy.url };
    const jobs = createBullJobs({ settings: own, telemetry: quietTelemetry() });
    try {
      let turns = 0;
      await jobs.every('sweep', 200, async () => void turns++);
      await until('a turn', () => turns > 0);
      proxy.freeze();
      await new Promise((resolve) => setTimeout(resolve, 300));
      const before = turns;
      await until('turns again', () => turns > before + 2, 2 * limits.jobsSilentMsMax);
    } finally {
      await jobs.close();
      await proxy.cut();
    }
  }, 60_000);

  it('say that a job was not queued while Redis is away', async () => {
    const own = await startRedis();
    const timing = { jobScheduleCheckMs: 1_000, jobEnqueueTimeoutMs: 500 };
    const jobs = createBullJobs({ settings: { ...settings('j'), url: own.url }, telemetry: quietTelemetry(), timing });
    await own.kill();
    await expect(jobs.enqueue('x', '', { attemptsMax: 1, delayMs: 10 })).rejects.toThrow('not queued');
    await jobs.close();
    await own.stop();
  });
});
