import { limits } from '@sluice/contracts';
import { type DestinationStream, destination, pino } from 'pino';
import type { LogEvent } from './log-events.js';
import { logEvents } from './log-events.js';
import { readableLines } from './readable-log.js';
import { redactField, redactText } from './redaction.js';
import type { Log, LogFields } from './telemetry.js';

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Where lines go; each write is one whole line with its newline. */
export interface LogDestination {
  write(line: string): void;
}

export interface LogOptions {
  role: string;
  level: LogLevel;
  /** Unset: standard output, as JSON, or in a form for people where that is a terminal. */
  destination?: LogDestination;
  /** Unset: the wall clock. Tests of the rate limit pass their own. */
  now?: () => number;
}

/** Lines that stages ask for one by one: limited, they would be of no use. */
const askedFor: ReadonlySet<LogEvent> = new Set<LogEvent>(['logs.access', 'logs.execution']);

interface Window {
  startedAtMs: number;
  written: number;
  suppressed: number;
  level: 'info' | 'warn' | 'error';
  timer: NodeJS.Timeout | undefined;
}

/**
 * The process's log. At most `logLinesPerEventMax` lines of one event in `logWindowMs` are written; how many were left out
 * comes with the next line, or in a line of its own when the window ends. `debug` is not limited: who asks for it wants all.
 * Nor are the lines that a stage's log settings ask for, whose text is written as it is: their writer bounds and masks them.
 */
export function createLog(options: LogOptions): Log & { flush(): void } {
  const now = options.now ?? Date.now;
  const logger = pino(
    {
      level: options.level,
      base: { role: options.role },
      messageKey: 'msg',
      // Errors are described by `redactField` already; pino's own serializer would take the description for an error.
      serializers: { err: (description: unknown) => description },
      timestamp: () => `,"ts":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    options.destination === undefined ? standardOutput() : (options.destination as DestinationStream),
  );
  const windows = new Map<LogEvent, Window>();

  const write = (level: 'debug' | 'info' | 'warn' | 'error', event: LogEvent, message: string, fields?: LogFields) => {
    logger[level](lineFields(event, fields), askedFor.has(event) ? message : redactText(message));
  };

  const report = (event: LogEvent, window: Window) => {
    if (window.timer !== undefined) clearTimeout(window.timer);
    windows.delete(event);
    if (window.suppressed === 0) return;
    write(window.level, event, 'more of this event', { suppressed: window.suppressed });
  };

  const limited = (level: 'info' | 'warn' | 'error', event: LogEvent, message: string, fields?: LogFields) => {
    if (!logger.isLevelEnabled(level)) return;
    if (askedFor.has(event)) return write(level, event, message, fields);
    let window = windows.get(event);
    if (window !== undefined && now() - window.startedAtMs >= limits.logWindowMs) {
      report(event, window);
      window = undefined;
    }
    if (window === undefined) {
      window = { startedAtMs: now(), written: 0, suppressed: 0, level, timer: undefined };
      windows.set(event, window);
    }
    if (window.written < limits.logLinesPerEventMax) {
      window.written++;
      write(level, event, message, fields);
      return;
    }
    window.suppressed++;
    const full = window;
    full.timer ??= setTimeout(() => report(event, full), limits.logWindowMs).unref();
  };

  return {
    debug: (event, message, fields) => {
      if (logger.isLevelEnabled('debug')) write('debug', event, message, fields);
    },
    info: (event, message, fields) => limited('info', event, message, fields),
    warn: (event, message, fields) => limited('warn', event, message, fields),
    error: (event, message, fields) => limited('error', event, message, fields),
    flush() {
      for (const event of logEvents) {
        const window = windows.get(event);
        if (window !== undefined) report(event, window);
      }
    },
  };
}

function lineFields(event: LogEvent, fields: LogFields | undefined): Record<string, unknown> {
  const line: Record<string, unknown> = { event };
  if (fields === undefined) return line;
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || reserved.has(name)) continue;
    line[name === 'error' ? 'err' : name] = redactField(name, value);
  }
  return line;
}

const reserved = new Set(['event', 'level', 'ts', 'msg', 'role']);

// Written synchronously: the last lines before a crash are the ones that matter, and the rate limit bounds the volume.
function standardOutput(): DestinationStream {
  const stdout = destination({ dest: 1, sync: true });
  if (!process.stdout.isTTY) return stdout;
  return readableLines((line) => stdout.write(line), process.stdout.hasColors());
}
