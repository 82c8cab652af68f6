import { createTelemetry } from '@sluice/telemetry';
import { describe, expect, it } from 'vitest';
import { AccessLogs } from './access-logs.js';
import type { LogSinks } from './log-sinks.js';

const place = { apiId: 'chat', stage: 'dev' };

function start() {
  const seen = { opened: [] as string[], closed: [] as string[], written: [] as string[] };
  const sinks: LogSinks = {
    open(destinationArn) {
      seen.opened.push(destinationArn);
      return {
        write: (line) => void seen.written.push(`${destinationArn} ${line}`),
        close: () => void seen.closed.push(destinationArn),
      };
    },
    reopen() {},
    close: async () => {},
  };
  let log = '';
  const logDestination = {
    write(line: string) {
      log += line;
    },
  };
  const telemetry = createTelemetry({ role: 'router', logLevel: 'info', logDestination });
  return { accessLogs: new AccessLogs(sinks, telemetry.log), seen, log: () => log };
}

describe('the access logs of a process', () => {
  it('[SL-3] stages share a destination, which is let go of when none names it any more', () => {
    const { accessLogs, seen } = start();
    const one = accessLogs.of({ format: '1 $context.requestId', destinationArn: 'a' }, place);
    const two = accessLogs.of({ format: '2 $context.requestId', destinationArn: 'a' }, place);
    accessLogs.of({ format: '$context.requestId', destinationArn: 'b' }, place);
    one?.write({ requestId: 'x' });
    two?.write({ requestId: 'y' });
    expect(seen).toEqual({ opened: ['a', 'b'], closed: [], written: ['a 1 x', 'a 2 y'] });
    accessLogs.keep(new Set(['b']));
    expect(seen.closed).toEqual(['a']);
    accessLogs.of({ format: '$context.requestId', destinationArn: 'a' }, place);
    expect(seen.opened).toEqual(['a', 'b', 'a']);
  });

  it('a stage without settings has none; neither has one whose format cannot be used, which is told', () => {
    const { accessLogs, seen, log } = start();
    expect(accessLogs.of(undefined, place)).toBeUndefined();
    expect(accessLogs.of({ format: 'no id', destinationArn: 'a' }, place)).toBeUndefined();
    expect(seen.opened).toEqual([]);
    expect(log()).toContain('logs.format_unusable');
  });

  it('calls are watched for the id of their answer only where the format has it', () => {
    const { accessLogs } = start();
    const wants = (format: string) =>
      accessLogs.of({ format: `$context.requestId ${format}`, destinationArn: 'a' }, place)?.wantsAwsRequestId;
    expect([wants(''), wants('$context.awsEndpointRequestId'), wants('$context.integration.requestId')]).toEqual([
      false,
      true,
      true,
    ]);
  });
});
