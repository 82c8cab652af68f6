import { limits } from '@sluice/contracts';
import type { LogEvent } from './log-events.js';
import type { Log, LogFields } from './telemetry.js';

/**
 * Warns of something that fails again and again while a server is away: the first failure at once, then one line in
 * `outageLogIntervalMs`, with the number of those in between as `repeated`. A sentence and a reason, no stack: the fault is not here.
 */
export class OutageLog {
  private writtenAtMs = Number.NEGATIVE_INFINITY;
  private unwritten = 0;
  private sentence = '';

  private readonly now: () => number;
  private readonly reasonOf: (error: unknown) => string;

  /** `reasonOf` for what is no matter of Redis. */
  constructor(
    private readonly log: Log,
    private readonly event: LogEvent,
    options: { now?: () => number; reasonOf?: (error: unknown) => string } = {},
  ) {
    this.now = options.now ?? (() => performance.now());
    this.reasonOf = options.reasonOf ?? failureReason;
  }

  warn(sentence: string, error: unknown, fields: LogFields = {}): void {
    const nowMs = this.now();
    if (sentence === this.sentence && nowMs - this.writtenAtMs < limits.outageLogIntervalMs) {
      this.unwritten++;
      return;
    }
    const repeated = this.unwritten === 0 ? undefined : this.unwritten;
    this.sentence = sentence;
    this.writtenAtMs = nowMs;
    this.unwritten = 0;
    this.log.warn(this.event, sentence, { ...fields, reason: this.reasonOf(error), repeated });
  }
}

// What the Redis client says of a server that it cannot reach, in the words of its own options and states.
const awayWords =
  /enableOfflineQueue|connection is closed|command timed out|max retries per request|failed to refresh slots|cluster isn't ready|ECONN|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN|EPIPE/i;

/** Why something failed, in one line for people. */
export function failureReason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return awayWords.test(text) ? 'Redis does not answer' : (text.split('\n', 1)[0] ?? '');
}
