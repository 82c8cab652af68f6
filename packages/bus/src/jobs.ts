/**
 * Background jobs: work that belongs to no message in flight. In cluster mode BullMQ runs them (`bullmq-jobs.ts`), one
 * process of the cluster at a time and surviving any of them; in one process timers do (`memory-jobs.ts`).
 */
export interface BackgroundJobs {
  /** Runs the handler about every `intervalMs`, in one process of the cluster at each turn. A throw is logged and counted. */
  every(name: string, intervalMs: number, handler: () => Promise<void>): Promise<void>;

  /** Says who works off jobs of this name in this process. A throw makes the attempt fail; it is retried with back-off. */
  handle(name: string, handler: (job: { data: string; attempt: number }) => Promise<void>): Promise<void>;

  /**
   * Queues a job. `attemptsMax` attempts in all, the first retry after `delayMs`, each further one after twice the time. `data`
   * is text. Rejects where the job could not be queued in time; it may be there all the same, which a `jobId` makes harmless.
   */
  enqueue(name: string, data: string, options: JobOptions): Promise<void>;

  /** Finishes the jobs in work (bounded) and stops. */
  close(): Promise<void>;
}

export interface JobOptions {
  attemptsMax: number;
  delayMs: number;
  /** Two jobs of the same name and id are one, also for a while after the first has finished. */
  jobId?: string;
}
