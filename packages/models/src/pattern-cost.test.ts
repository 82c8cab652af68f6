import { expect, it } from 'vitest';
import { patternDegree } from './pattern-cost.js';

it.each([
  ['^abc$', 1],
  ['abc', 1],
  ['^[a-z]+$', 1],
  ['[a-z]+', 2],
  ['^[^@]+@[^@]+$', 2],
  ['^\\d{3}-\\d{4}$', 2],
  ['^(?:abc)+$', 1],
  ['^a\\+\\(\\?b$', 1],
  ['^[+*?()|]{2}$', 1],
  ['^a|b$', 2],
  ['^(a|b)$', 1],
  ['^a{x$', 1],
])('%s costs at most length to the power of %d', (pattern, degree) => {
  expect(patternDegree(pattern)).toBe(degree);
});

it.each(['(a+)+', '(a|a)*', '(a*)*b', '(?:a?){30}', '((a|b)c)+', '(a)\\1', '(?=a)b', '(?<!a)b', '(x+x+)+y'])(
  '%s has no bound that is simple to tell',
  (pattern) => {
    expect(patternDegree(pattern)).toBe(Number.POSITIVE_INFINITY);
  },
);
