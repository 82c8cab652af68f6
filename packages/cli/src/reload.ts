import { ConfigError, type Settings } from '@sluice/config';
import type { RunningProcess } from '@sluice/standalone';

/**
 * On SIGHUP reads the file again and puts its API definitions in force; a file with a mistake changes nothing. Everything
 * else in the file (ports, keys, Redis) counts from the next start on.
 */
export function watchReload(running: RunningProcess, load: () => Settings): void {
  process.on('SIGHUP', () => {
    const { log } = running.telemetry;
    try {
      running.replaceApis(load().apis);
    } catch (error) {
      const reason = error instanceof ConfigError ? error.message : undefined;
      log.error(
        'config.warning',
        'the new configuration is not used; the old one stays',
        reason === undefined ? { error } : { reason },
      );
    }
  });
}
