import { isDeepStrictEqual } from 'node:util';
import { ConfigError, type OnFileRead, type Settings } from '@sluice/config';
import type { LiveSettings, RunningProcess } from '@sluice/standalone';
import { ConfigAge } from './config-age.js';
import { digestOf, type FileDigests, FileWatch, holdsDigests } from './file-watch.js';

/**
 * Puts a changed configuration in force: API definitions, custom domains, API keys, usage plans and access keys, those of the
 * files that it names included. It is read when one of these files changes, and on SIGHUP; a mistake changes nothing. Everything else
 * in it (ports, Redis, where functions are) counts from the next start on, and the log says so where it has changed.
 */
export class Reloader {
  private inForce: InForce | undefined;
  private asked = false;
  private files: FileDigests = new Map();
  private readonly watch = new FileWatch((settled) => this.reload('watch', settled));

  constructor(private readonly readSettings: (onFileRead: OnFileRead) => Settings) {}

  /** To be called before the file is read for the first time: without a handler SIGHUP would end the process. */
  obeySignal(): void {
    process.on('SIGHUP', () => {
      if (this.inForce === undefined) this.asked = true;
      else this.reload('SIGHUP');
    });
  }

  /** Reads the configuration. Throws `ConfigError` where it is wrong; its files are then watched all the same. */
  load(): Settings {
    const { settings, files } = this.read();
    this.follow(files);
    return settings();
  }

  /** The process has come up with these settings. What was asked meanwhile is done now; what has changed meanwhile is found soon. */
  started(running: RunningProcess, settings: Settings): void {
    this.inForce = new InForce(running, settings);
    if (this.asked) this.reload('SIGHUP');
    if (settings.reload.watch && this.files.size > 0) this.watch.start();
  }

  private reload(cause: 'watch' | 'SIGHUP', settled?: FileDigests): void {
    const { inForce } = this;
    if (inForce === undefined) return;
    // SIGHUP also tells that log files were moved away.
    if (cause === 'SIGHUP') inForce.running.reopenLogs();
    const { settings, files } = this.read();
    // Written to since then, or named for the first time: half a file, or an old one and a new one that do not belong together.
    if (settled !== undefined && !holdsDigests(settled, files)) return this.watch.unsettled(files);
    this.follow(files);
    try {
      inForce.replaceBy(settings());
    } catch (error) {
      inForce.refuse(error);
    }
  }

  /** What the files say, or why they cannot be used, and what was in them. */
  private read(): { settings: () => Settings; files: FileDigests } {
    const files = new Map<string, string | undefined>();
    try {
      const settings = this.readSettings((path, text) => void files.set(path, digestOf(text)));
      return { settings: () => settings, files };
    } catch (error) {
      const fail = () => {
        throw error;
      };
      return { settings: fail, files };
    }
  }

  private follow(files: FileDigests): void {
    this.files = files;
    this.watch.follow(files);
  }
}

/** What runs, against which a configuration that is read later is compared. */
class InForce {
  private live: LiveSettings;
  private version = 1;
  private waiting = '';
  private readonly age: ConfigAge;

  constructor(
    readonly running: RunningProcess,
    private readonly settings: Settings,
  ) {
    const { metrics } = running.telemetry;
    this.live = this.liveOf(settings);
    this.age = new ConfigAge(metrics.configAgeSeconds.labels());
    metrics.configVersion.labels().set(this.version);
    for (const result of ['taken', 'unchanged', 'refused']) metrics.configReloadsTotal.labels(result);
  }

  replaceBy(settings: Settings): void {
    const { log, metrics } = this.running.telemetry;
    const live = this.liveOf(settings);
    const changed = !isDeepStrictEqual(live, this.live);
    if (changed) {
      this.running.takeOver(live);
      this.live = live;
      this.version++;
      metrics.configVersion.labels().set(this.version);
      log.info('config.taken', 'the changed configuration is in force', { version: this.version });
      for (const warning of settings.warnings) log.warn('config.warning', warning);
    } else log.info('config.unchanged', 'the configuration was read again and asks for nothing that can be taken over');
    metrics.configReloadsTotal.labels(changed ? 'taken' : 'unchanged').inc();
    this.tellWaiting(changedSections(this.settings, settings), changed);
  }

  refuse(error: unknown): void {
    const { log, metrics } = this.running.telemetry;
    metrics.configReloadsTotal.labels('refused').inc();
    this.age.behind();
    const why = error instanceof ConfigError ? { reason: error.message } : { error };
    log.error('config.refused', 'the new configuration is not used; the old one stays', why);
  }

  // Keys wait together with what they are for: those of a file that opens @connections to everybody may be none at all.
  private liveOf({ apis, shared, auth }: Settings): LiveSettings {
    const waits = auth.callback !== this.settings.auth.callback;
    return { apis, shared, accessKeys: waits ? this.live.accessKeys : auth.keys };
  }

  private tellWaiting(names: string[], again: boolean): void {
    if (names.length === 0) this.age.current();
    else this.age.behind();
    const sections = names.join(', ');
    const isNews = again || sections !== this.waiting;
    this.waiting = sections;
    if (names.length === 0 || !isNews) return;
    this.running.telemetry.log.warn(
      'config.restart_needed',
      `changed in the configuration, and not taken before the next start: ${sections}`,
      { sections },
    );
  }
}

/** The parts of the settings that only a start takes, by the names of the file. */
function restartSections(settings: Settings): [name: string, value: unknown][] {
  // What is taken anew, and what says nothing about how the process runs.
  const { apis, shared, warnings, configFile, command, auth, ...rest } = settings;
  return [...Object.entries(rest), ['auth.callback', auth.callback]];
}

/** Names only: sections hold secrets. */
function changedSections(before: Settings, after: Settings): string[] {
  const running = new Map(restartSections(before));
  return restartSections(after)
    .filter(([name, value]) => !isDeepStrictEqual(running.get(name), value))
    .map(([name]) => name);
}
