import { setTimeout as sleep } from 'node:timers/promises';
import { limits } from '@sluice/contracts';
import type { Telemetry } from '@sluice/telemetry';
import type { BackgroundJobs, JobOptions } from './jobs.js';

type Handler = (job: { data: string; attempt: number }) => Promise<void>;

/** Background jobs of a single process, by timers. What waits is gone when the process ends. */
export function createMemoryJobs(options: { telemetry: Telemetry }): BackgroundJobs {
  return new MemoryJobs(options.telemetry);
}

class MemoryJobs implements BackgroundJobs {
  private readonly handlers = new Map<string, Handler>();
  private readonly unhandled = new Map<string, (() => void)[]>();
  private readonly schedules = new Map<string, NodeJS.Timeout>();
  private readonly waiting = new Set<NodeJS.Timeout>();
  private readonly running = new Set<Promise<void>>();
  private readonly ids = new Set<string>();
  private queued = 0;
  private closed = false;

  constructor(private readonly telemetry: Telemetry) {}

  async every(name: string, intervalMs: number, handler: () => Promise<void>): Promise<void> {
    clearTimeout(this.schedules.get(name));
    if (this.closed) return;
    const again = () => {
      const work = this.attempt(name, handler).then(() => {
        this.running.delete(work);
        // The next turn starts when this one is over, so that a slow one does not overlap itself.
        if (!this.closed && this.schedules.get(name) === timer) void this.every(name, intervalMs, handler);
      });
      this.running.add(work);
    };
    const timer = setTimeout(again, intervalMs).unref();
    this.schedules.set(name, timer);
  }

  async handle(name: string, handler: Handler): Promise<void> {
    this.handlers.set(name, handler);
    const waiting = this.unhandled.get(name) ?? [];
    this.unhandled.delete(name);
    for (const start of waiting) start();
  }

  async enqueue(name: string, data: string, options: JobOptions): Promise<void> {
    if (this.closed) throw new Error('background jobs are closed');
    if (this.queued >= limits.jobsWaitingMax) throw new Error(`${this.queued} background jobs wait already`);
    if (options.jobId !== undefined && !this.remember(`${name}:${options.jobId}`)) return;
    this.queued++;
    this.start(name, data, options, 1);
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const timer of [...this.schedules.values(), ...this.waiting]) clearTimeout(timer);
    const finished = Promise.all(this.running);
    await Promise.race([finished, sleep(limits.jobsCloseMs, undefined, { ref: false })]);
  }

  private start(name: string, data: string, options: JobOptions, attempt: number): void {
    const handler = this.handlers.get(name);
    if (handler === undefined) {
      const waiting = this.unhandled.get(name) ?? [];
      waiting.push(() => this.start(name, data, options, attempt));
      this.unhandled.set(name, waiting);
      return;
    }
    const work = this.attempt(name, () => handler({ data, attempt })).then((succeeded) => {
      this.running.delete(work);
      if (succeeded || attempt >= options.attemptsMax || this.closed) this.queued--;
      else this.later(options.delayMs * 2 ** (attempt - 1), () => this.start(name, data, options, attempt + 1));
    });
    this.running.add(work);
  }

  private later(delayMs: number, start: () => void): void {
    const timer = setTimeout(() => {
      this.waiting.delete(timer);
      start();
    }, delayMs).unref();
    this.waiting.add(timer);
  }

  private async attempt(name: string, run: () => Promise<void>): Promise<boolean> {
    try {
      // Never within the caller's own turn, as with a queue on a server.
      await new Promise((resolve) => setImmediate(resolve));
      await run();
      this.telemetry.metrics.jobsTotal.labels(name, 'ok').inc();
      return true;
    } catch (error) {
      this.telemetry.metrics.jobsTotal.labels(name, 'failed').inc();
      this.telemetry.log.warn('jobs.failed', `background job ${name} failed`, { error });
      return false;
    }
  }

  /** False where the id is known. The oldest are forgotten beyond the bound. */
  private remember(id: string): boolean {
    if (this.ids.has(id)) return false;
    this.ids.add(id);
    const oldest = this.ids.values().next().value;
    if (this.ids.size > limits.jobsKeptMax && oldest !== undefined) this.ids.delete(oldest);
    return true;
  }
}
