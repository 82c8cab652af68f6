import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PendingAsks } from './pending-asks.js';

const add = (ring: PendingAsks<{ command: { correlation: number } }>) => {
  const correlation = ring.nextCorrelation();
  ring.add({ command: { correlation } });
  return correlation;
};

it('behaves as an ordered map whatever comes and goes', () => {
  // Large numbers pick which pending entry leaves; the rest of the steps add one.
  const steps = fc.array(fc.oneof(fc.constant('add' as const), fc.nat()), { maxLength: 3_000, minLength: 100 });
  fc.assert(
    fc.property(steps, (given) => {
      const ring = new PendingAsks<{ command: { correlation: number } }>();
      const model = new Map<number, true>();
      for (const step of given) {
        if (step === 'add') {
          const correlation = add(ring);
          expect(model.has(correlation)).toBe(false);
          model.set(correlation, true);
        } else if (model.size > 0) {
          const correlation = [...model.keys()][step % model.size] as number;
          expect(ring.delete(correlation)).toBe(model.delete(correlation));
          expect(ring.delete(correlation)).toBe(false);
          expect(ring.get(correlation)).toBeUndefined();
        }
        expect(ring.size).toBe(model.size);
      }
      expect([...ring].map((entry) => entry.command.correlation)).toEqual([...model.keys()]);
    }),
    { numRuns: 60 },
  );
});

it('passes over the slot of an entry that waits while thousands come and go', () => {
  const ring = new PendingAsks();
  const waiting = add(ring);
  for (let i = 0; i < 10_000; i++) {
    const correlation = add(ring);
    expect(ring.get(waiting)?.command.correlation).toBe(waiting);
    ring.delete(correlation);
  }
  expect([...ring].map((entry) => entry.command.correlation)).toEqual([waiting]);
});

it('grows beyond its first slots and keeps the order', () => {
  const ring = new PendingAsks();
  const all = Array.from({ length: 5_000 }, () => add(ring));
  expect([...ring].map((entry) => entry.command.correlation)).toEqual(all);
  for (const entry of ring) ring.delete(entry.command.correlation);
  expect(ring.size).toBe(0);
});
