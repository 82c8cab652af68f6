import { limits, type RouteSettings } from '@sluice/contracts';
import type { Log } from '@sluice/telemetry';

export interface ExecutionLogOptions {
  log: Log;
  apiId: string;
  stage: string;
  /** Unset: OFF. */
  loggingLevel: RouteSettings['loggingLevel'];
  /** Unset: off. */
  dataTraceEnabled: RouteSettings['dataTraceEnabled'];
}

/** The execution log of one route (spec 12 §12.4). Texts are made by the functions of `execution-log-texts.ts`. */
export interface ExecutionLog {
  /** Whether lines of `info` are written: ask before a costly text is made. */
  readonly tellsAll: boolean;
  /** Whether lines of `payload` are written: level INFO and data trace. */
  readonly tracesData: boolean;
  /** A line that tells the way of a request: level INFO. */
  info(requestId: string, text: string): void;
  /** A line that shows what a request carries. */
  payload(requestId: string, text: string): void;
  /** A failure: levels INFO and ERROR. */
  error(requestId: string, text: string): void;
}

/** Undefined where the route's level is OFF, so that its messages pay nothing. Lines go to the process log under `logs.execution`. */
export function createExecutionLog(options: ExecutionLogOptions): ExecutionLog | undefined {
  const { log, apiId, stage, loggingLevel = 'OFF', dataTraceEnabled = false } = options;
  if (loggingLevel === 'OFF') return undefined;
  const tellsAll = loggingLevel === 'INFO';
  const tracesData = tellsAll && dataTraceEnabled;
  const group = `/aws/apigateway/${apiId}/${stage}`;
  const write = (level: 'info' | 'error', requestId: string, text: string) =>
    log[level]('logs.execution', executionLogLine(requestId, text), { log_group: group, api: apiId, stage });
  return {
    tellsAll,
    tracesData,
    info(requestId, text) {
      if (tellsAll) write('info', requestId, text);
    },
    payload(requestId, text) {
      if (tracesData) write('info', requestId, text);
    },
    error(requestId, text) {
      write('error', requestId, text);
    },
  };
}

/** `({requestId}) {text}`, cut after 1024 bytes, never inside a character. */
export function executionLogLine(requestId: string, text: string): string {
  // No character is less than a byte, so that a huge text need not be encoded whole.
  const line = `(${requestId}) ${text.slice(0, limits.executionLogBytesMax + 1)}`;
  if (Buffer.byteLength(line) <= limits.executionLogBytesMax) return line;
  const bytes = Buffer.from(line).subarray(0, limits.executionLogBytesMax);
  let end = bytes.length;
  // The cut may stand inside a sequence: back to its first byte, and one further where the sequence is not whole.
  while (end > 0 && ((bytes[end - 1] ?? 0) & 0xc0) === 0x80) end -= 1;
  const first = bytes[end - 1] ?? 0;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
  const whole = end - 1 + length <= bytes.length ? end - 1 + length : end - 1;
  return `${bytes.toString('utf8', 0, whole)}[TRUNCATED]`;
}
