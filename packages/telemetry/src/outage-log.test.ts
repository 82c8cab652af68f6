import { limits } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';
import { createLog } from './log.js';
import { OutageLog } from './outage-log.js';

describe('the log of an outage', () => {
  it('says once what fails again and again, in a sentence without stack or words of the driver', () => {
    const lines: Record<string, unknown>[] = [];
    const log = createLog({
      role: 'edge',
      level: 'info',
      destination: { write: (line) => lines.push(JSON.parse(line)) },
    });
    let nowMs = 5;
    const outage = new OutageLog(log, 'connections.store_failed', { now: () => nowMs });
    const away = new Error("Stream isn't writeable and enableOfflineQueue options is false");
    for (let second = 0; second < 10; second++, nowMs += 1_000) outage.warn('It did not work.', away, { slot: 3 });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({
      level: 'warn',
      msg: 'It did not work.',
      reason: 'Redis does not answer',
      slot: 3,
    });
    expect(lines[0]).not.toHaveProperty('err');
    nowMs = 5 + limits.outageLogIntervalMs;
    outage.warn('It did not work.', new Error("NOPERM this user has no permissions to run 'set'\n at x"));
    expect(lines[1]).toMatchObject({ reason: "NOPERM this user has no permissions to run 'set'", repeated: 9 });
  });
});
