import { isDeepStrictEqual } from 'node:util';
import { ConfigError, type Settings } from '@sluice/config';
import type { RunningProcess } from '@sluice/standalone';

// What is taken anew, and what says nothing about how the process runs.
const notRunning: ReadonlySet<string> = new Set(['apis', 'shared', 'warnings', 'configFile', 'command']);

/**
 * On SIGHUP reads the file again and puts its API definitions, custom domains, API keys and usage plans in force; a file with a mistake
 * changes nothing. Everything else in the file (ports, keys, Redis, where functions are) counts from the next start on, and the log
 * says so where it has changed.
 */
export class Reloader {
  private running: RunningProcess | undefined;
  private settings: Settings | undefined;
  private asked = false;

  constructor(private readonly load: () => Settings) {}

  /** To be called before the file is read for the first time: without a handler SIGHUP would end the process. */
  obeySignal(): void {
    process.on('SIGHUP', () => {
      if (this.running === undefined) this.asked = true;
      else this.reload(this.running);
    });
  }

  /** The process has come up with these settings. What was asked meanwhile is done now: the file may have changed since it was read. */
  started(running: RunningProcess, settings: Settings): void {
    this.running = running;
    this.settings = settings;
    if (this.asked) this.reload(running);
  }

  private reload(running: RunningProcess): void {
    const { log } = running.telemetry;
    try {
      const settings = this.load();
      running.replaceApis(settings.apis, settings.shared);
      for (const warning of settings.warnings) log.warn('config.warning', warning);
      const waiting = changedSections(this.settings, settings);
      if (waiting.length > 0) {
        const sections = waiting.join(', ');
        log.warn('config.warning', `changed in the file, and not taken before the next start: ${sections}`, {
          sections,
        });
      }
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

/** Names only: sections hold secrets. */
function changedSections(before: Settings | undefined, after: Settings): string[] {
  const running = new Map<string, unknown>(Object.entries(before ?? {}));
  return Object.entries(after)
    .filter(([name, value]) => !notRunning.has(name) && !isDeepStrictEqual(running.get(name), value))
    .map(([name]) => name);
}
