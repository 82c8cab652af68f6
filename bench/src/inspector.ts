import WebSocket from 'ws';
import type { StartedProcess } from './started-processes.js';

export interface CpuProfile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number }; hitCount?: number }[];
}

const answerTimeoutMs = 15_000;
const listeningPattern = /Debugger listening on (ws:\/\/127\.0\.0\.1:\d+\/[0-9a-f-]+)/;

/**
 * The debugger of a Node process that was started with `--inspect-port=0`. It sleeps until asked for by SIGUSR1, so that a
 * process which is only timed pays nothing for it.
 */
export class Inspector {
  private nextId = 1;

  private constructor(private readonly socket: WebSocket) {}

  static async attach(started: StartedProcess): Promise<Inspector> {
    process.kill(started.pid, 'SIGUSR1');
    const deadline = Date.now() + answerTimeoutMs;
    let address: string | undefined;
    while (address === undefined) {
      if (Date.now() > deadline) throw new Error(`${started.name} did not open its debugger`);
      await new Promise((resolve) => setTimeout(resolve, 20));
      address = listeningPattern.exec(started.output())?.[1];
    }
    const socket = new WebSocket(address, { perMessageDeflate: false, maxPayload: 256 * 1_024 * 1_024 });
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    return new Inspector(socket);
  }

  /** Two full collections: what the first one's finalizers let go of, the second one frees. */
  async collectGarbage(): Promise<void> {
    await this.call('HeapProfiler.collectGarbage');
    await this.call('HeapProfiler.collectGarbage');
  }

  async startProfile(samplingIntervalMicroseconds: number): Promise<void> {
    await this.call('Profiler.enable');
    await this.call('Profiler.setSamplingInterval', { interval: samplingIntervalMicroseconds });
    await this.call('Profiler.start');
  }

  async stopProfile(): Promise<CpuProfile> {
    const { profile } = (await this.call('Profiler.stop')) as { profile: CpuProfile };
    return profile;
  }

  close(): void {
    this.socket.terminate();
  }

  private call(method: string, params: object = {}): Promise<unknown> {
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => finish(new Error(`${method} was not answered`)), answerTimeoutMs);
      const take = (data: WebSocket.RawData) => {
        const message = JSON.parse(String(data)) as { id?: number; result?: unknown; error?: { message: string } };
        if (message.id !== id) return;
        finish(
          message.error === undefined ? undefined : new Error(`${method}: ${message.error.message}`),
          message.result,
        );
      };
      const finish = (error: Error | undefined, result?: unknown) => {
        clearTimeout(timer);
        this.socket.off('message', take);
        if (error === undefined) resolve(result);
        else reject(error);
      };
      this.socket.on('message', take);
      this.socket.send(JSON.stringify({ id, method, params }));
    });
  }
}
