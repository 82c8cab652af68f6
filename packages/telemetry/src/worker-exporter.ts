import { Worker } from 'node:worker_threads';
import type { Attributes } from '@opentelemetry/api';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-node';
import { type SpanData, spanData } from './span-data.js';

export interface ExportWorkerData {
  url: string;
  headers: Record<string, string>;
  timeoutMs: number;
  resource: Attributes;
  scope: { name: string; version: string; schemaUrl: string };
}

export interface ExportRequest {
  id: number;
  spans: SpanData[];
}

export interface ExportReply {
  id: number;
  /** Of `ExportResult`: 0 is success. */
  code: number;
  reason: string | undefined;
}

type Done = Parameters<SpanExporter['export']>[1];

const failed = 1;
// From src/ too: a thread starts from JavaScript only.
const workerFile = new URL('../dist/export-worker.js', import.meta.url);

/**
 * Exports on a thread of its own. The HTTP client of Node shares its streams and timers with every socket of the process, and V8
 * compiles those for the kinds of sockets that it has seen: with an export now and then on the main thread each message cost a
 * third more, also those that nobody samples.
 */
export class WorkerExporter implements SpanExporter {
  private worker: Worker | undefined;
  private nextId = 1;
  private readonly pending = new Map<number, Done>();
  private readonly idle: (() => void)[] = [];
  private stopped = false;

  constructor(private readonly data: ExportWorkerData) {}

  export(spans: ReadableSpan[], done: Done): void {
    if (this.stopped) return done({ code: failed, error: new Error('the exporter has ended') });
    const id = this.nextId++;
    this.pending.set(id, done);
    try {
      this.worker ??= this.start();
      this.worker.postMessage({ id, spans: spans.map(spanData) } satisfies ExportRequest);
    } catch (error) {
      // No thread to be had, for example. Who hands a batch over counts on being told how it went.
      this.settle(id, { code: failed, error: error instanceof Error ? error : new Error(String(error)) });
    }
  }

  async shutdown(): Promise<void> {
    this.stopped = true;
    await this.forceFlush();
    const { worker } = this;
    this.worker = undefined;
    await worker?.terminate();
    this.failAll(new Error('not answered before the end of the process'));
  }

  /** Resolves when nothing is under way any more, at the latest when an export has had its time. */
  async forceFlush(): Promise<void> {
    if (this.pending.size === 0) return;
    await new Promise<void>((resolve) => {
      // It also keeps the process alive meanwhile; the thread does not.
      const timer = setTimeout(resolve, this.data.timeoutMs);
      this.idle.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  private start(): Worker {
    const worker = new Worker(workerFile, {
      workerData: this.data,
      // The flags of the main thread are for its own work; in here there are a few batches at most.
      resourceLimits: { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 16 },
    });
    worker.unref();
    worker.on('message', ({ id, code, reason }: ExportReply) =>
      this.settle(id, reason === undefined ? { code } : { code, error: new Error(reason) }),
    );
    // What ended it ends no message: the next export starts another.
    worker.on('error', (error) => this.lost(worker, error));
    worker.on('exit', () => this.lost(worker, new Error('the thread that exports has ended')));
    return worker;
  }

  private lost(worker: Worker, error: Error): void {
    if (this.worker !== worker) return;
    this.worker = undefined;
    this.failAll(error);
  }

  private failAll(error: Error): void {
    for (const id of [...this.pending.keys()]) this.settle(id, { code: failed, error });
  }

  private settle(id: number, result: Parameters<Done>[0]): void {
    const done = this.pending.get(id);
    this.pending.delete(id);
    done?.(result);
    if (this.pending.size === 0) for (const wake of this.idle.splice(0)) wake();
  }
}
