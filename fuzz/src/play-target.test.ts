import { describe, expect, it } from 'vitest';
import { playTarget, runMsMax } from './play-target.js';
import { Random } from './random.js';
import type { FuzzTarget } from './target.js';
import { anyBody } from './texts.js';
import { Logbook, LostWorkerError, resultOf } from './watched-worker.js';

const plan = { seed: 'x', from: 0, runs: 100, seconds: 60 };

/** A part that does not like a certain letter. */
const picky: FuzzTarget = {
  name: 'picky',
  open: () => ({
    play(random, note) {
      const input = anyBody(random);
      note(input);
      if (input.includes('__proto__')) throw new TypeError('not this one');
      return input.startsWith('{') ? 'an object' : 'another';
    },
  }),
};

describe('playing a target', () => {
  it('stops at what it throws, says with which input, and finds it again from there', async () => {
    const report = await playTarget(picky, plan);
    const { fault, runs, outcomes } = report;
    expect(fault?.input).toContain('__proto__');
    expect(fault?.error).toMatch(/^TypeError: not this one/);
    expect(fault?.run).toBe(runs);
    expect(Object.values(outcomes).reduce((a, b) => a + b, 0)).toBe(runs);
    expect((await playTarget(picky, plan)).fault?.input).toBe(fault?.input);
    const again = await playTarget(picky, { ...plan, from: runs, runs: 1 });
    expect(again.fault?.input).toBe(fault?.input);
  });

  it('counts what became of its runs, and ends with them or with the time', async () => {
    const calm: FuzzTarget = { name: 'calm', open: () => ({ play: () => 'calm' }) };
    expect(await playTarget(calm, plan)).toMatchObject({ runs: 100, outcomes: { calm: 100 }, fault: undefined });
    const { runs, fault } = await playTarget(calm, { ...plan, runs: Number.MAX_SAFE_INTEGER, seconds: 0.1 });
    expect([runs > 100, fault]).toEqual([true, undefined]);
  });

  it('closes what it opened, also after a fault', async () => {
    let closed = 0;
    const open = () => ({
      play: () => Promise.reject(new Error('no')),
      close: async () => {
        closed += 1;
      },
    });
    expect((await playTarget({ name: 'broken', open }, plan)).fault?.error).toMatch(/^Error: no/);
    expect(closed).toBe(1);
  });

  it('gives other inputs for other seeds', () => {
    const inputs = new Set(Array.from({ length: 200 }, (_, run) => anyBody(new Random(`seed/target/${run}`))));
    expect(inputs.size).toBeGreaterThan(150);
    expect(runMsMax).toBeGreaterThan(1_000);
  });
});

describe('a worker that is watched', () => {
  const write = `
    const { workerData } = require('node:worker_threads');
    const head = new Int32Array(workerData, 0, 4);
    new Uint8Array(workerData, 16).set(Buffer.from('the input'));
    head[1] = 7; head[2] = 9;
    Atomics.add(head, 0, 1);`;

  it.each([
    ['hangs', `${write} for (;;);`, /did not end within 1000 ms/],
    ['dies', `${write} process.exit(3);`, /ended with 3/],
    ['throws', `${write} throw new Error('out of luck');`, /out of luck/],
  ])('is lost with its last input where it %s', async (_, script, reason) => {
    const logbook = new Logbook();
    const options = { eval: true, workerData: logbook.memory };
    const lost = await resultOf(script, options, logbook, 1_000).catch((error: unknown) => error);
    expect(lost).toBeInstanceOf(LostWorkerError);
    expect(lost).toMatchObject({ run: 7, input: 'the input', message: expect.stringMatching(reason) });
  });
});
