import { describe, expect, it } from 'vitest';
import type { IntegrationTarget } from './integration-target.js';
import { type ClosableTransport, PassingTransports } from './passing-transports.js';

const target = (host: string, changes: Partial<IntegrationTarget> = {}): IntegrationTarget => ({
  ...{ scheme: 'http', hostSource: 'computed', port: 80, path: '/', method: 'POST', timeoutMs: 1_000 },
  host,
  authority: host,
  ...changes,
});

function transports(hostsMax: number) {
  const opened: { host: string; isBusy: boolean; closed: boolean }[] = [];
  const passing = new PassingTransports(({ host }): ClosableTransport => {
    const transport = {
      ...{ host, isBusy: false, closed: false },
      send() {},
      close() {
        transport.closed = true;
      },
    };
    opened.push(transport);
    return transport;
  }, hostsMax);
  return { passing, opened };
}

describe('transports to hosts that requests name', () => {
  it('are shared by what is one origin, and by nothing else', () => {
    const { passing } = transports(10);
    const first = passing.open(target('a'));
    expect(passing.open(target('a', { path: '/other', method: 'GET' }))).toBe(first);
    for (const other of [
      target('b'),
      target('a', { port: 81 }),
      target('a', { scheme: 'https' }),
      target('a', { serverName: 'x' }),
    ]) {
      expect(passing.open(other)).not.toBe(first);
    }
  });

  it('[IN-29] are bounded: the oldest without work gives way, and where all work none is opened', () => {
    const { passing, opened } = transports(2);
    passing.open(target('a'));
    passing.open(target('b'));
    for (const each of opened) each.isBusy = true;
    expect(passing.open(target('c'))).toBeUndefined();
    expect(passing.open(target('a'))).toBe(opened[0]);
    const [, second] = opened;
    if (second !== undefined) second.isBusy = false;
    expect(passing.open(target('c'))).toBe(opened[2]);
    expect(opened.map(({ closed }) => closed)).toEqual([false, true, false]);
    passing.close();
    expect(opened.map(({ closed }) => closed)).toEqual([true, true, true]);
  });
});
