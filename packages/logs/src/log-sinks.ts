import { limits } from '@sluice/contracts';
import { type Log, type Metrics, OutageLog } from '@sluice/telemetry';
import { BatchedSink, type SinkTiming } from './batched-sink.js';
import { deliverToFile } from './file-delivery.js';
import { deliverByPost, type Fetch } from './post-delivery.js';
import { deliverToStream, type OutputStream } from './stream-delivery.js';

/** Where access log lines of one stage go. */
export interface LogSink {
  /** Takes one line without its end. Never waits and never throws; lines that cannot be kept are counted. */
  write(line: string): void;
  /** Ends this use of the destination; what waits is still written. */
  close(): void;
}

export interface LogSinks {
  /** `stdout`, `file:///…`, an http(s) address, or any ARN, whose lines go to the process log. Stages share a destination's sink. */
  open(destinationArn: string): LogSink;
  /** Opens log files anew, after they were moved away; they are also looked at once a second. */
  reopen(): void;
  /** Writes what waits, for `limits.accessLogCloseMs` at most; what is left is counted as dropped. */
  close(): Promise<void>;
}

export interface LogSinksOptions {
  log: Log;
  metrics: Metrics;
  /** Unset: the global one. */
  fetch?: Fetch;
  /** Unset: standard output. */
  stdout?: OutputStream;
  /** For tests; unset members are the limits. */
  timing?: Partial<SinkTiming>;
}

interface Destination {
  sink: Pick<BatchedSink, 'write' | 'close' | 'reopen'>;
  users: number;
}

export function createLogSinks(options: LogSinksOptions): LogSinks {
  const destinations = new Map<string, Destination>();
  const closing = new Set<Promise<void>>();

  const release = (destinationArn: string, destination: Destination) => {
    destination.users -= 1;
    if (destination.users > 0) return;
    destinations.delete(destinationArn);
    const closed = destination.sink.close().finally(() => closing.delete(closed));
    closing.add(closed);
  };

  return {
    open(destinationArn) {
      const destination = destinations.get(destinationArn) ?? { sink: createSink(destinationArn, options), users: 0 };
      destinations.set(destinationArn, destination);
      destination.users += 1;
      let open = true;
      return {
        write: (line) => destination.sink.write(line),
        close() {
          if (open) release(destinationArn, destination);
          open = false;
        },
      };
    },

    reopen() {
      for (const { sink } of destinations.values()) sink.reopen();
    },

    async close() {
      const closed = [...destinations.values()].map(({ sink }) => sink.close());
      destinations.clear();
      await Promise.all([...closed, ...closing]);
    },
  };
}

function createSink(destinationArn: string, options: LogSinksOptions): Destination['sink'] {
  const { log, metrics, timing } = options;
  const outage = new OutageLog(log, 'logs.sink_failed');
  const batched = (kind: string, delivery: ConstructorParameters<typeof BatchedSink>[0]) =>
    new BatchedSink(delivery, { destinationArn, kind, metrics, outage, timing });
  if (destinationArn === 'stdout') return batched('stdout', deliverToStream(options.stdout ?? process.stdout));
  if (destinationArn.startsWith('file://')) return batched('file', deliverToFile(destinationArn));
  if (/^https?:\/\//.test(destinationArn)) {
    return batched('http', deliverByPost(destinationArn, options.fetch ?? fetch, timing));
  }
  return processLogSink(destinationArn, log, metrics);
}

function processLogSink(destinationArn: string, log: Log, metrics: Metrics): Destination['sink'] {
  const destination = logGroupName(destinationArn);
  const written = metrics.accessLogLinesTotal.labels('log', 'written');
  return {
    write(line) {
      log.info('logs.access', line, { destination });
      written.inc();
    },
    reopen() {},
    close: async () => {},
  };
}

/** Name of a CloudWatch log group, with or without the `:*` at the end of its ARN; any other text as it is. */
function logGroupName(arn: string): string {
  const name = /^arn:[^:]+:logs:[^:]*:[^:]*:log-group:(.+?)(?::\*)?$/.exec(arn)?.[1] ?? arn;
  return name.slice(0, limits.urlBytesMax);
}
