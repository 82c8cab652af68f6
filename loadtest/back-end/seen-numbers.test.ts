import { expect, it } from 'vitest';
import { SeenNumbers } from './seen-numbers.mjs';

it('says of each number whether it was there before, in whatever order they come', () => {
  const seen = new SeenNumbers();
  expect([0, 2, 1, 2, 5, 0, 5].map((number) => seen.add(number))).toEqual([
    true,
    true,
    true,
    false,
    true,
    false,
    false,
  ]);
  expect([0, 1, 2, 3, 4, 5, 6].map((number) => seen.has(number))).toEqual([
    true,
    true,
    true,
    false,
    false,
    true,
    false,
  ]);
});

it('keeps only what is missing once it runs far ahead of a gap', () => {
  const seen = new SeenNumbers();
  for (let number = 0; number < 100_000; number++) if (number !== 7 && number !== 50_000) seen.add(number);
  expect([...seen.missing]).toEqual([7, 50_000]);
  expect(seen.ahead.size).toBe(0);
  expect(seen.has(7)).toBe(false);
  expect(seen.add(7)).toBe(true);
  expect(seen.add(7)).toBe(false);
  expect(seen.has(99_999)).toBe(true);
});
