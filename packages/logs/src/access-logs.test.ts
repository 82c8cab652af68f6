import { expect, it } from 'vitest';
import { AccessLogs } from './access-logs.js';
import type { LogSinks } from './log-sinks.js';

function recorder() {
  const lines: string[] = [];
  const opened: string[] = [];
  const closed: string[] = [];
  const sinks: LogSinks = {
    open(destinationArn) {
      opened.push(destinationArn);
      return {
        write: (line) => void lines.push(`${destinationArn} ${line}`),
        close: () => void closed.push(destinationArn),
      };
    },
    reopen() {},
    close: async () => {},
  };
  const errors: string[] = [];
  const log = {
    debug() {},
    info() {},
    warn() {},
    error: (_event: string, message: string) => void errors.push(message),
  };
  return { lines, opened, closed, errors, logs: new AccessLogs(sinks, log) };
}

const place = { apiId: 'chat', stage: 'dev' };
const settings = { format: '$context.requestId', destinationArn: 'a' };

it('[SL-3] opens a destination once for all stages that name it, and lets go of it when none does any more', () => {
  const { logs, lines, opened, closed } = recorder();
  expect(logs.of(undefined, place)).toBeUndefined();
  logs.of(settings, place)?.write({ requestId: '1' });
  logs.of({ ...settings, format: '[$context.requestId]' }, place)?.write({ requestId: '2' });
  logs.of({ ...settings, destinationArn: 'b' }, place)?.write({ requestId: '3' });
  expect([opened, lines]).toEqual([
    ['a', 'b'],
    ['a 1', 'a [2]', 'b 3'],
  ]);
  logs.keep(new Set(['b']));
  expect(closed).toEqual(['a']);
  logs.of(settings, place);
  expect(opened).toEqual(['a', 'b', 'a']);
});

it('says that a format cannot be used, opens nothing for it, and lets requests go on', () => {
  const { logs, opened, errors } = recorder();
  expect(logs.of({ ...settings, format: 'no id' }, place)).toBeUndefined();
  expect([opened, errors]).toEqual([[], [expect.stringContaining('requestId')]]);
});
