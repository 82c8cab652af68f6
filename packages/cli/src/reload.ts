import { ConfigError, type Settings } from '@sluice/config';
import type { RunningProcess } from '@sluice/standalone';

/**
 * On SIGHUP reads the file again and puts its API definitions, custom domains, API keys and usage plans in force; a file with a mistake changes nothing. Everything
 * else in the file (ports, keys, Redis) counts from the next start on.
 */
export class Reloader {
  private running: RunningProcess | undefined;
  private asked = false;

  constructor(private readonly load: () => Settings) {}

  /** To be called before the file is read for the first time: without a handler SIGHUP would end the process. */
  obeySignal(): void {
    process.on('SIGHUP', () => {
      if (this.running === undefined) this.asked = true;
      else this.reload(this.running);
    });
  }

  /** The process has come up. What was asked meanwhile is done now: the file may have changed since it was read. */
  started(running: RunningProcess): void {
    this.running = running;
    if (this.asked) this.reload(running);
  }

  private reload(running: RunningProcess): void {
    const { log } = running.telemetry;
    try {
      const { apis, shared } = this.load();
      running.replaceApis(apis, shared);
    } catch (error) {
      const reason = error instanceof ConfigError ? error.message : undefined;
      log.error(
        'config.warning',
        'the new configuration is not used; the old one stays',
        reason === undefined ? { error } : { reason },
      );
    }
  }
}
