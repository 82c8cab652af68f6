import { type Command, type Flags, loadSettings, type Settings } from '@sluice/config';
import { expressionCheckers, type Role, type RunningProcess, startProcess } from '@sluice/standalone';
import { exitCodes, explainFailure } from './fail.js';
import { Reloader } from './reload.js';
import { version } from './version.js';
import { printWelcome } from './welcome.js';

const rolesOf: Record<Command, readonly Role[]> = {
  start: ['router', 'callback', 'edge'],
  edge: ['edge'],
  router: ['router'],
  callback: ['callback'],
};

/** Runs a process of the gateway until a signal ends it: the first drains, the second shortens the drain, the third ends at once. */
export async function runProcess(command: Command, flags: Flags): Promise<void> {
  const reloader = new Reloader((onFileRead) =>
    loadSettings({ command, flags, checkers: expressionCheckers, onFileRead }),
  );
  reloader.obeySignal();
  const life = new ProcessLife();
  life.obeySignals();
  const settings = reloader.load();
  const running = await life.start(settings, rolesOf[command]);
  if (running === undefined) return;
  reloader.started(running, settings);
  printWelcome(settings, running.addresses);
}

class ProcessLife {
  private readonly abort = new AbortController();
  private running: RunningProcess | undefined;
  private signals = 0;
  private draining = false;

  async start(settings: Settings, roles: readonly Role[]): Promise<RunningProcess | undefined> {
    const options = { version, signal: this.abort.signal, onDrainRequested: () => this.drain() };
    try {
      this.running = await startProcess(settings, roles, options);
    } catch (error) {
      // Told to end before it had come up: that is no failure.
      process.exit(this.abort.signal.aborted ? 0 : explainFailure(error));
    }
    this.obeyFaults(this.running);
    return this.running;
  }

  obeySignals(): void {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      // Those of bin/sluice.js, which end the process while it loads.
      process.removeAllListeners(signal);
      process.on(signal, () => this.signalled());
    }
  }

  private signalled(): void {
    this.signals++;
    if (this.signals > 2) process.exit(exitCodes.failed);
    if (this.signals === 2 && this.draining) void this.running?.stop();
    else this.drain();
  }

  // However often it is asked for, as a preStop hook may: only a second signal means hurry.
  private drain(): void {
    if (this.running === undefined) this.abort.abort(new Error('told to end while starting'));
    else if (!this.draining) void this.running.stop().then(() => process.exit(0));
    this.draining = this.running !== undefined;
  }

  // A process whose state is unknown must not go on: its peers take its work over, and its supervisor starts it again.
  private obeyFaults({ telemetry }: RunningProcess): void {
    const fail = (kind: string) => (error: unknown) => {
      telemetry.log.error('process.failed', `${kind}; ending`, { error });
      process.exit(exitCodes.failed);
    };
    process.on('uncaughtException', fail('uncaught exception'));
    process.on('unhandledRejection', fail('unhandled rejection'));
  }
}
