import { setTimeout as sleep } from 'node:timers/promises';
import { limits } from '@sluice/contracts';
import type { Log } from '@sluice/telemetry';

/** A part of a process that runs, and how it is stopped. */
export interface StartedPart {
  name: string;
  /** How long its work may take to finish, ms; `partStopMarginMs` comes on top. */
  workMs: number;
  stop(): Promise<void> | void;
}

/**
 * Stops a part, but does not wait for ever: with Redis away nothing that wants its confirmation ends by itself, and a process
 * that does not end is killed by its supervisor with everything that is still to be stopped.
 */
export async function stopPart({ name, workMs, stop }: StartedPart, log: Log): Promise<void> {
  const timeout = new AbortController();
  const boundMs = workMs + limits.partStopMarginMs;
  try {
    const late = sleep(boundMs, true, { signal: timeout.signal }).catch(() => false);
    const stopped = Promise.resolve(stop()).then(() => false);
    if (await Promise.race([stopped, late]))
      log.warn('process.stopping', `${name}: not stopped after ${boundMs} ms; left behind`);
  } catch (error) {
    log.error('process.failed', `${name}: could not be stopped cleanly`, { error });
  } finally {
    timeout.abort();
  }
}
