import { setTimeout as sleep } from 'node:timers/promises';
import { limits, type RedisSettings } from '@sluice/contracts';
import { countRedisConnection, openRedis, type RedisClient } from '@sluice/redis';
import type { Telemetry } from '@sluice/telemetry';
import { type ConnectionOptions, type Job, Queue, Worker } from 'bullmq';
import type { BackgroundJobs, JobOptions } from './jobs.js';
import { busKeys } from './keys.js';

/**
 * Background jobs of a cluster, by BullMQ: one queue per job name, since a worker takes every job of its queue. Connects in the
 * background and for ever; an absent Redis delays jobs and never ends the process.
 */
export function createBullJobs(options: BullJobsOptions): BackgroundJobs {
  return new BullJobs(options);
}

export interface BullJobsOptions {
  settings: RedisSettings;
  telemetry: Telemetry;
  /** For tests; unset members are the limits. */
  timing?: Partial<JobTiming>;
}

interface JobTiming {
  jobScheduleCheckMs: number;
  jobEnqueueTimeoutMs: number;
}

interface Schedule {
  name: string;
  intervalMs: number;
}

const schedulerJob = 'turn';
const closePollIntervalMs = 20;

class BullJobs implements BackgroundJobs {
  private readonly client: RedisClient;
  private readonly connection: ConnectionOptions;
  private readonly prefix: string;
  private readonly queues = new Map<string, Queue>();
  private readonly workers: Worker[] = [];
  private readonly schedules: Schedule[] = [];
  private readonly checkTimer: NodeJS.Timeout;
  private handlersAtWork = 0;
  private closed = false;

  private readonly telemetry: Telemetry;
  private readonly timing: JobTiming;

  constructor({ settings, telemetry, timing }: BullJobsOptions) {
    const { jobScheduleCheckMs, jobEnqueueTimeoutMs } = limits;
    this.telemetry = telemetry;
    this.timing = { jobScheduleCheckMs, jobEnqueueTimeoutMs, ...timing };
    this.prefix = busKeys(settings).jobsPrefix;
    this.client = openRedis(settings, 'jobs', 'worker', telemetry);
    // Its classes carry private members, which keep them from matching the structural type of the option.
    this.connection = this.client as unknown as ConnectionOptions;
    this.checkTimer = setInterval(() => {
      for (const schedule of this.schedules) void this.ensureSchedule(schedule);
    }, this.timing.jobScheduleCheckMs);
    this.checkTimer.unref();
  }

  async every(name: string, intervalMs: number, handler: () => Promise<void>): Promise<void> {
    const schedule = { name, intervalMs };
    this.schedules.push(schedule);
    this.work(name, () => handler());
    // Not awaited: a process starts also while Redis is away.
    void this.ensureSchedule(schedule);
  }

  async handle(name: string, handler: (job: { data: string; attempt: number }) => Promise<void>): Promise<void> {
    this.work(name, (job) => handler({ data: String(job.data), attempt: job.attemptsMade + 1 }));
  }

  async enqueue(name: string, data: string, options: JobOptions): Promise<void> {
    if (this.closed) throw new Error('background jobs are closed');
    const kept = { age: Math.ceil(limits.disconnectMarkerMs / 1_000), count: limits.jobsKeptMax };
    const added = this.queue(name).add(name, data, {
      attempts: options.attemptsMax,
      backoff: { type: 'exponential', delay: options.delayMs },
      removeOnComplete: kept,
      removeOnFail: kept,
      // BullMQ refuses colons and whole numbers as ids.
      ...(options.jobId === undefined ? {} : { jobId: `j${encodeURIComponent(options.jobId)}` }),
    });
    const { jobEnqueueTimeoutMs } = this.timing;
    const timeout = sleep(jobEnqueueTimeoutMs, 'late' as const, { ref: false });
    const first = await Promise.race([added, timeout]);
    if (first !== 'late') return;
    added.catch(() => {});
    throw new Error(`background job ${name} was not queued within ${jobEnqueueTimeoutMs} ms`);
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    clearInterval(this.checkTimer);
    const closed = await this.workersClosed();
    const rest = [...this.queues.values()].map((queue) => queue.close());
    // Without Redis nothing of this ever settles; the disconnect below ends what is left.
    const forced = closed ? [] : this.workers.map((worker) => worker.close(true));
    await Promise.race([Promise.allSettled([...rest, ...forced]), sleep(limits.redisCommandTimeoutMs)]);
    this.client.disconnect();
  }

  /** False where they would not close in time, or never: without Redis only the handlers at work are worth waiting for. */
  private async workersClosed(): Promise<boolean> {
    let closed = false;
    void Promise.allSettled(this.workers.map((worker) => worker.close())).then(() => {
      closed = true;
    });
    const deadlineMs = performance.now() + limits.jobsCloseMs;
    while (!closed && performance.now() < deadlineMs) {
      if (this.handlersAtWork === 0 && this.client.status !== 'ready') return false;
      await sleep(closePollIntervalMs);
    }
    return closed;
  }

  private async runHandler(run: (job: Job) => Promise<void>, job: Job): Promise<void> {
    this.handlersAtWork++;
    try {
      await run(job);
    } finally {
      this.handlersAtWork--;
    }
  }

  private work(name: string, run: (job: Job) => Promise<void>): void {
    const worker = new Worker(name, (job) => this.runHandler(run, job), {
      connection: this.connection,
      prefix: this.prefix,
      // A worker that is killed leaves its job stalled; as with frames, five lives are enough.
      maxStalledCount: limits.deliveriesMax,
      removeOnComplete: { count: limits.jobsKeptMax },
      removeOnFail: { count: limits.jobsKeptMax },
    });
    const { metrics, log } = this.telemetry;
    worker.on('completed', () => metrics.jobsTotal.labels(name, 'ok').inc());
    worker.on('failed', (_job, error) => {
      metrics.jobsTotal.labels(name, 'failed').inc();
      log.warn('jobs.failed', `background job ${name} failed`, { error });
    });
    this.reportErrors(worker);
    // It waits for jobs on a connection of its own, a duplicate that BullMQ makes of ours.
    const release = countRedisConnection('jobs-blocking', this.telemetry, () => this.client.status === 'ready');
    worker.once('closed', release);
    this.workers.push(worker);
  }

  private queue(name: string): Queue {
    let queue = this.queues.get(name);
    if (queue === undefined) {
      queue = new Queue(name, { connection: this.connection, prefix: this.prefix });
      this.reportErrors(queue);
      this.queues.set(name, queue);
    }
    return queue;
  }

  /** An `error` event without a listener would end the process; connection errors come by the dozen while Redis is away. */
  private reportErrors(source: { on(event: 'error', listener: () => void): unknown }): void {
    source.on('error', () => {
      if (!this.closed) this.telemetry.metrics.redisErrorsTotal.labels('jobs', 'worker').inc();
    });
  }

  /** Makes the schedule where it is missing, has another interval, or has not moved for several turns. */
  private async ensureSchedule({ name, intervalMs }: Schedule): Promise<void> {
    if (this.closed) return;
    try {
      const queue = this.queue(name);
      const present = await queue.getJobScheduler(name);
      const overdue = Date.now() - (present?.next ?? 0) > 3 * intervalMs + this.timing.jobScheduleCheckMs;
      if (present !== undefined && present?.every === intervalMs && !overdue) return;
      await queue.upsertJobScheduler(
        name,
        { every: intervalMs },
        { name: schedulerJob, opts: { removeOnComplete: true, removeOnFail: 100 } },
      );
    } catch (error) {
      if (!this.closed)
        this.telemetry.log.warn('jobs.failed', `background job ${name} could not be scheduled`, { error });
    }
  }
}
