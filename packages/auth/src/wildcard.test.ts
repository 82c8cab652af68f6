import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesWildcard } from './wildcard.js';

/** The definition, as plainly as it can be written: exponential, therefore only for short texts. */
function matchesByDefinition(pattern: string, text: string): boolean {
  if (pattern === '') return text === '';
  if (pattern[0] === '*') {
    return matchesByDefinition(pattern.slice(1), text) || (text !== '' && matchesByDefinition(pattern, text.slice(1)));
  }
  return (
    text !== '' &&
    (pattern[0] === '?' || pattern[0] === text[0]) &&
    matchesByDefinition(pattern.slice(1), text.slice(1))
  );
}

describe('matchesWildcard', () => {
  it('agrees with the definition', () => {
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*', '?'), maxLength: 8 });
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 10 });
    fc.assert(
      fc.property(pattern, text, (p, t) => {
        expect(matchesWildcard(p, t)).toBe(matchesByDefinition(p, t));
      }),
      { numRuns: 5_000 },
    );
  });

  it('takes no longer than pattern times text for the worst pattern', () => {
    const pattern = `${'*a'.repeat(200)}b`;
    const text = 'a'.repeat(4_000);
    const start = performance.now();
    expect(matchesWildcard(pattern, text)).toBe(false);
    // Backtracking over every star would outlive the universe; one second is a thousand times what is needed.
    expect(performance.now() - start).toBeLessThan(1_000);
  });
});
