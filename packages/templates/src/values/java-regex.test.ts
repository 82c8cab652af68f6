import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JavaRegex } from './java-regex.js';
import { TemplateFault } from './values.js';

const budget = () => ({ regexSteps: 200_000 });

describe('regular expressions', () => {
  it.each([
    ['a|b', 'xaxb', '-', 'x-x-'],
    ['(\\w+)@(\\w+)', 'me@here you@there', '$2 at $1', 'here at me there at you'],
    ['\\s+', 'a  b\t\nc', ' ', 'a b c'],
    ['[^a-c]', 'abxcd', '.', 'ab.c.'],
    ['a*?b', 'aab', 'x', 'x'],
    ['(?i)HeLLo', 'hello HELLO', 'x', 'x x'],
    ['^\\d{2,3}$', '123', 'x', 'x'],
    ['x?', 'ab', '-', '-a-b-'],
    ['(a)|b', 'ab', '[$1]', '[a][]'],
    ['a(?=b)', 'abac', 'x', 'xbac'],
    ['a(?!b)', 'abac', 'x', 'abxc'],
    ['(a+)\\1', 'aaaa', 'x', 'x'],
    ['\\Qa.b\\E', 'a.b axb', 'x', 'x axb'],
    ['\\p{Alpha}+', 'ab12', 'x', 'x12'],
    ["\\\\'", "it\\'s", "'", "it's"],
    ['"', 'say "x"', '\\\\"', 'say \\"x\\"'],
    ['(?m)^', 'a\nb', '> ', '> a\n> b'],
    ['\\bcat\\b', 'cat concat', 'dog', 'dog concat'],
    ['((a|b)+)c', 'abac', '<$1$2>', '<abaa>'],
    ['(a*)*', 'b', 'x', 'xbx'],
  ])('[MT-4] replaces %s in %j', (pattern, text, replacement, expected) => {
    expect(new JavaRegex(pattern).replace(text, replacement, true, budget())).toBe(expected);
  });

  it.each([
    [',', 'a,b,,c,,', 0, ['a', 'b', '', 'c']],
    [',', 'a,b,c', 2, ['a', 'b,c']],
    [',', 'a,b,,', -1, ['a', 'b', '', '']],
    ['', 'abc', 0, ['a', 'b', 'c']],
    ['x', '', 0, ['']],
    [',', ',a', 0, ['', 'a']],
    ['\\s*,\\s*', 'a , b', 0, ['a', 'b']],
    ['z', 'abc', 0, ['abc']],
    [',', ',', 0, []],
  ])('[MT-4] splits by %j: %j', (pattern, text, limit, expected) => {
    expect(new JavaRegex(pattern).split(text, limit, budget())).toEqual(expected);
  });

  it.each([
    '(',
    ')',
    '[a',
    'a**',
    'a{2,1}',
    '*',
    '\\',
    '[b-a]',
    '\\p{Nope}',
    '(?<n>a)',
    '(?<=a)b',
    'a++',
    '[a&&b]',
    '((a{1000}){1000}){1000}',
    '('.repeat(100),
    '\\1',
  ])('[MT-4] refuses %.20s', (pattern) => {
    expect(() => new JavaRegex(pattern)).toThrow(TemplateFault);
  });

  it('[MT-4] is cut off where it would not end, and does not overflow on long texts', () => {
    expect(() => new JavaRegex('(x+x+)+y').matches('x'.repeat(100), budget())).toThrow('too many steps');
    expect(new JavaRegex('(ab|c)*').matches('abc'.repeat(10_000), { regexSteps: 2_000_000 })).toBe(true);
  });

  it('[MT-4] finds what the engine of JavaScript finds', () => {
    const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\w', '(?:a|bc)', '(a|b)', '(b*)', '^', '$', '\\b');
    const pattern = fc
      .array(fc.tuple(atom, fc.constantFrom('', '', '*', '+', '?', '*?', '{1,2}', '|')), { minLength: 1, maxLength: 5 })
      .map((parts) =>
        parts
          .map(([text, quantifier]) => (/^[\^$]|\\b/.test(text) && quantifier !== '|' ? text : text + quantifier))
          .join(''),
      );
    fc.assert(
      fc.property(pattern, fc.string({ unit: fc.constantFrom('a', 'b', 'c', ' '), maxLength: 12 }), (source, text) => {
        const own = new JavaRegex(source).find(text, 0, { regexSteps: 1_000_000 });
        const match = new RegExp(source).exec(text);
        expect(own?.slice(0, 2)).toEqual(match === null ? undefined : [match.index, match.index + match[0].length]);
      }),
      { numRuns: 3_000 },
    );
  });
});
