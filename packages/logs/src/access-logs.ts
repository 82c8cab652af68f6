import type { AccessLogSettings, ContextVariables } from '@sluice/contracts';
import type { Log } from '@sluice/telemetry';
import { compileAccessLogFormat, InvalidLogFormatError } from './access-log-format.js';
import type { LogSink, LogSinks } from './log-sinks.js';

/** The access log of one stage. */
export interface AccessLog {
  write(variables: ContextVariables): void;
  /** The format has the id of the back end's answer: calls are watched for it. */
  readonly wantsAwsRequestId: boolean;
}

/** The access logs of this process: each destination is opened once, for as long as a stage of the definitions names it. */
export class AccessLogs {
  private readonly sinks = new Map<string, LogSink>();

  constructor(
    private readonly destinations: LogSinks,
    private readonly log: Log,
  ) {}

  /** Undefined where the stage has none. One with a format that cannot be used is said once and left out: requests go on. */
  of(settings: AccessLogSettings | undefined, place: { apiId: string; stage: string }): AccessLog | undefined {
    if (settings === undefined) return undefined;
    try {
      const render = compileAccessLogFormat(settings.format);
      const sink = this.sinkOf(settings.destinationArn);
      return {
        write: (variables) => sink.write(render(variables)),
        wantsAwsRequestId: /awsEndpointRequestId|integration\.requestId/.test(settings.format),
      };
    } catch (error) {
      if (!(error instanceof InvalidLogFormatError)) throw error;
      this.log.error('logs.format_unusable', error.message, { api: place.apiId, stage: place.stage });
      return undefined;
    }
  }

  /** Lets go of destinations that no stage names any more. */
  keep(destinationArns: ReadonlySet<string>): void {
    for (const [destinationArn, sink] of this.sinks) {
      if (destinationArns.has(destinationArn)) continue;
      this.sinks.delete(destinationArn);
      sink.close();
    }
  }

  private sinkOf(destinationArn: string): LogSink {
    let sink = this.sinks.get(destinationArn);
    if (sink === undefined) {
      sink = this.destinations.open(destinationArn);
      this.sinks.set(destinationArn, sink);
    }
    return sink;
  }
}
