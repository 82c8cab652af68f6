import { type ChildProcess, fork, type SpawnOptions, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A process of the benchmark that runs, with the last of what it wrote. */
export interface StartedProcess {
  readonly name: string;
  readonly pid: number;
  readonly child: ChildProcess;
  output(): string;
  /** SIGTERM, then SIGKILL; resolves once it is gone. */
  end(): Promise<void>;
}

const outputKeptChars = 16_000;
const outputShownChars = 1_500;
/** A gateway drains for a minute when asked to end; nobody is connected any more, so it is not waited for. */
const endTimeoutMs = 300;
const startTimeoutMs = 15_000;

/** Starts processes and knows all that still run, so that none outlives the benchmark, however it ends. */
export class StartedProcesses {
  private readonly running = new Set<StartedProcess>();
  private readonly alsoEnded: (() => Promise<void>)[] = [];
  private ending = false;

  /** Called with an explanation when a process ends that nobody asked to. */
  constructor(private readonly onLost: (reason: Error) => void) {
    process.once('exit', () => this.killAll());
  }

  spawn(name: string, command: string, args: string[], options: SpawnOptions = {}): StartedProcess {
    return this.watch(name, spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] }));
  }

  /** Forks a module of this folder, without its extension; `ready` is the first message it sends. */
  async fork(name: string, module: string): Promise<{ started: StartedProcess; ready: Promise<unknown> }> {
    const path = fileURLToPath(new URL(`./${module}.js`, import.meta.url));
    const child = fork(path, [], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], execArgv: ['--inspect-port=0'] });
    const started = this.watch(name, child);
    const ready = new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`${name} did not report in ${startTimeoutMs} ms`)),
        startTimeoutMs,
      );
      timer.unref();
      child.once('message', (message) => {
        clearTimeout(timer);
        resolve(message);
      });
    });
    ready.catch(() => {});
    return { started, ready };
  }

  /** The last lines of everything that still runs, for the report of a failure. */
  lastOutput(): string {
    return [...this.running]
      .map((started) => ({ name: started.name, text: started.output().trim().slice(-outputShownChars) }))
      .filter(({ text }) => text !== '')
      .map(({ name, text }) => `--- ${name} wrote last:\n${text}`)
      .join('\n');
  }

  /** What has an end of its own and must come to it too when the run is cut short. It may be called twice. */
  alsoEnd(end: () => Promise<void>): void {
    this.alsoEnded.push(end);
  }

  async endAll(): Promise<void> {
    this.ending = true;
    await Promise.all([...this.running].map((started) => started.end()));
    await Promise.all(this.alsoEnded.map((end) => end()));
  }

  private killAll(): void {
    for (const { child } of this.running) child.kill('SIGKILL');
  }

  private watch(name: string, child: ChildProcess): StartedProcess {
    let output = '';
    let asked = false;
    const keep = (chunk: Buffer) => {
      output = `${output}${chunk}`.slice(-outputKeptChars);
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    const gone = new Promise<void>((resolve) => {
      child.once('exit', (code, signal) => {
        this.running.delete(started);
        resolve();
        if (asked || this.ending) return;
        this.onLost(new Error(`${name} ended by itself (${code ?? signal}):\n${output.slice(-2_000)}`));
      });
      child.once('error', (error) => {
        this.running.delete(started);
        resolve();
        this.onLost(new Error(`${name} could not be started: ${error.message}`));
      });
    });
    const started: StartedProcess = {
      name,
      child,
      get pid() {
        return child.pid ?? 0;
      },
      output: () => output,
      end: async () => {
        asked = true;
        if (child.exitCode !== null || child.signalCode !== null) return;
        child.kill('SIGTERM');
        const timer = setTimeout(() => child.kill('SIGKILL'), endTimeoutMs);
        await gone;
        clearTimeout(timer);
      },
    };
    this.running.add(started);
    return started;
  }
}
