import type { LoadCalls, LoadMessage } from './load-calls.js';
import type { StartedProcess, StartedProcesses } from './started-processes.js';

const callTimeoutMs = 120_000;

/** The load generator as the benchmark sees it: calls into its process, each bounded in time. */
export class LoadGenerator {
  private nextId = 1;
  private readonly waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();

  private constructor(private readonly started: StartedProcess) {
    started.child.on('message', (message: LoadMessage) => this.take(message));
  }

  /** `onFailure` is called when an answer was wrong or a connection was lost: the run is void then. */
  static async start(processes: StartedProcesses, onFailure: (error: Error) => void): Promise<LoadGenerator> {
    const { started } = await processes.fork('load generator', 'load-client');
    const generator = new LoadGenerator(started);
    generator.onFailure = onFailure;
    return generator;
  }

  private onFailure: (error: Error) => void = () => {};

  get pid(): number {
    return this.started.pid;
  }

  call<Name extends keyof LoadCalls>(call: Name, parameter: LoadCalls[Name][0]): Promise<LoadCalls[Name][1]> {
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.delete(id);
        reject(new Error(`the load generator did not finish "${call}" in ${callTimeoutMs} ms`));
      }, callTimeoutMs);
      this.waiting.set(id, {
        resolve: (result) => {
          clearTimeout(timer);
          resolve(result as LoadCalls[Name][1]);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
      this.started.child.send({ call, parameter, id });
    });
  }

  end(): Promise<void> {
    return this.started.end();
  }

  private take(message: LoadMessage): void {
    if ('failure' in message) {
      this.onFailure(new Error(message.failure));
      return;
    }
    const waiting = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if ('error' in message) waiting?.reject(new Error(message.error));
    else waiting?.resolve(message.result);
  }
}
