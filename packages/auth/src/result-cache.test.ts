import { expect, it } from 'vitest';
import { ResultCache, type ResultOrFailure } from './result-cache.js';

type Outcome = ResultOrFailure<string>;

const broken = () => {
  throw new Error('broken');
};

it('[AU-10] a call that throws leaves nobody waiting for it', () => {
  const cache = new ResultCache<string>(() => 0);
  expect(() => cache.get('key', 1_000, broken, () => expect.unreachable())).toThrow('broken');
  const heard: Outcome[] = [];
  cache.get(
    'key',
    1_000,
    (done) => done({ failure: 'asked again' }),
    (outcome) => heard.push(outcome),
  );
  expect(heard).toEqual([{ failure: 'asked again' }]);
});

it('[AU-10] who waits for the same call is told, also where another of them throws', () => {
  const cache = new ResultCache<string>(() => 0);
  const heard: string[] = [];
  let answer: (outcome: Outcome) => void = () => expect.unreachable();
  cache.get('key', 1_000, (done) => (answer = done), broken);
  for (const name of ['second', 'third']) {
    cache.get('key', 1_000, broken, () => {
      heard.push(name);
      if (name === 'second') broken();
    });
  }
  expect(() => answer({ failure: 'no' })).toThrow('broken');
  expect(heard).toEqual(['second', 'third']);
});
