import { Worker, type WorkerOptions } from 'node:worker_threads';

const headBytes = 16;
const inputBytesMax = 65_536;

/** Where a worker says what it is at: it may never get to say anything else. */
export class Logbook {
  private readonly head: Int32Array;
  private readonly text: Uint8Array;

  constructor(readonly memory = new SharedArrayBuffer(headBytes + inputBytesMax)) {
    this.head = new Int32Array(memory, 0, headBytes / 4);
    this.text = new Uint8Array(memory, headBytes);
  }

  write(run: number, input: string): void {
    // Encoded beside it: an encoder takes no shared memory.
    const bytes = Buffer.from(input).subarray(0, inputBytesMax);
    this.text.set(bytes);
    this.head[1] = run;
    this.head[2] = bytes.length;
    Atomics.add(this.head, 0, 1);
  }

  get entries(): number {
    return Atomics.load(this.head, 0);
  }

  get run(): number {
    return this.head[1] ?? 0;
  }

  get input(): string {
    return Buffer.from(this.text.slice(0, this.head[2])).toString();
  }
}

/** The worker has not come to the next run in time, or ended without a result. */
export class LostWorkerError extends Error {
  constructor(
    readonly reason: string,
    readonly run: number,
    readonly input: string,
  ) {
    super(reason);
    this.name = 'LostWorkerError';
  }
}

/** The first message of a worker. Rejects with `LostWorkerError` where it makes no entry for `silentMsMax`, and ends it. */
export function resultOf<T>(
  script: string | URL,
  options: WorkerOptions,
  logbook: Logbook,
  silentMsMax: number,
): Promise<T> {
  const worker = new Worker(script, options);
  return new Promise<T>((resolve, reject) => {
    let entries = logbook.entries;
    let heardMs = performance.now();
    const lost = (reason: string) => new LostWorkerError(reason, logbook.run, logbook.input);
    const watch = setInterval(() => {
      if (logbook.entries !== entries) {
        entries = logbook.entries;
        heardMs = performance.now();
      } else if (performance.now() - heardMs > silentMsMax) {
        clearInterval(watch);
        void worker.terminate();
        reject(lost(`it did not end within ${silentMsMax} ms`));
      }
    }, 200);
    worker.once('message', (result: T) => {
      clearInterval(watch);
      resolve(result);
    });
    worker.once('error', (error) => {
      clearInterval(watch);
      reject(lost(error.stack ?? error.message));
    });
    worker.once('exit', (code) => {
      clearInterval(watch);
      reject(lost(`its thread ended with ${code}`));
    });
  });
}
