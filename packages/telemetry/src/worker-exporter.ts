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
  private stopped = false;

  constructor(private readonly data: ExportWorkerData) {}

  export(spans: ReadableSpan[], done: Done): void {
    if (this.stopped) return done({ code: failed });
    const id = this.nextId++;
    this.pending.set(id, done);
    this.worker ??= this.start();
    this.worker.postMessage({ id, spans: spans.map(spanData) } satisfies ExportRequest);
  }

  async shutdown(): Promise<void> {
    this.stopped = true;
    await this.worker?.terminate();
    this.failAll();
  }

  async forceFlush(): Promise<void> {}

  private start(): Worker {
    const worker = new Worker(workerFile, {
      workerData: this.data,
      // The flags of the main thread are for its own work; in here there are a few batches at most.
      resourceLimits: { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 16 },
    });
    worker.unref();
    worker.on('message', ({ id, code, reason }: ExportReply) => {
      const done = this.pending.get(id);
      this.pending.delete(id);
      done?.(reason === undefined ? { code } : { code, error: new Error(reason) });
    });
    // What ended it ends no message: the next export starts another.
    worker.on('error', () => this.lost(worker));
    worker.on('exit', () => this.lost(worker));
    return worker;
  }

  private lost(worker: Worker): void {
    if (this.worker !== worker) return;
    this.worker = undefined;
    this.failAll();
  }

  private failAll(): void {
    const waiting = [...this.pending.values()];
    this.pending.clear();
    for (const done of waiting) done({ code: failed });
  }
}
