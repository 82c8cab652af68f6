import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MisconfiguredIntegrationError } from '../integration.js';
import { compileErrorPatterns } from './error-patterns.js';
import { compileLinearPattern } from './linear-pattern.js';
import { UnreadablePatternError } from './pattern-syntax.js';

const matches = (pattern: string, value: string) => compileLinearPattern(pattern, 512)(value);

describe('compileLinearPattern', () => {
  it.each([
    ['.*Unauthorized.*', 'x Unauthorized y', true],
    ['.*Unauthorized.*', 'unauthorized', false],
    ['(?i).*unauthorized', 'NOT Unauthorized', true],
    ['4\\d\\d', '404', true],
    ['4\\d\\d', '4040', false],
    ['a|bc|', '', true],
    ['a|bc|', 'bc', true],
    ['(a|b)*c', 'ababc', true],
    ['\\[BadRequest\\].*', '[BadRequest] no', true],
    ['[^a-c]+', 'xyz', true],
    ['[^a-c]+', 'xbz', false],
    ['[\\]\\-\\w]+', 'a-]_', true],
    ['[]a]+', ']a', true],
    ['\\Qa.b\\E+', 'a.b', true],
    ['\\Qa.b\\E', 'axb', false],
    ['.*', 'two\nlines', false],
    ['(\\n|.)*', 'two\nlines', true],
    ['(?s).*', 'two\nlines', true],
    ['^a$', 'a', true],
    ['a^b', 'ab', false],
    ['.*\\bno\\b.*', 'say no more', true],
    ['.*\\bno\\b.*', 'snow', false],
    ['\\x41\\u0042', 'AB', true],
    ['a{2}', 'aaa', false],
    ['a{2,}', 'aaa', true],
    ['a{1,2}?', 'aa', true],
    ['(?:ab){2}', 'abab', true],
    ['(?<name>ab)+', 'abab', true],
    ['.', '🚀', true],
    ['()*', '', true],
    ['(a*)*b', 'aaab', true],
  ])('[RS-20] /%s/ over %j', (pattern, value, expected) => {
    expect(matches(pattern, value)).toBe(expected);
  });

  it.each([
    '(',
    ')',
    '[a',
    'a{2,1}',
    '*',
    'a**+',
    'a++',
    '\\',
    '(?=a)',
    '(?!a)',
    '(?<=a)b',
    '(a)\\1',
    '\\k<a>',
    '\\p{L}',
    '[a&&b]',
    '[[a]]',
    '(?m)a',
    'a(?i)b',
    '{',
    '\\x4',
    '[b-a]',
    '[a-\\d]',
    'a{300}{300}',
    '(){9999}{9999}',
    '(((a{99}){99}){99}){99}',
    '('.repeat(100),
  ])('[RS-20] /%s/ is refused', (pattern) => {
    expect(() => matches(pattern, '')).toThrow(UnreadablePatternError);
  });

  it('[RS-20] agrees with the backtracking matcher on the whole value', () => {
    const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\d', '\\w', 'a|b', '', '\\b', '^', '$');
    const pattern = fc.letrec<{ node: string }>((tie) => ({
      node: fc.oneof(
        { depthSize: 'small' },
        atom,
        fc.tuple(tie('node'), tie('node')).map(([x, y]) => `(${x})${y}`),
        fc
          .tuple(tie('node'), fc.constantFrom('*', '+', '?', '{2}', '{1,2}', '{0,}', '*?'))
          .map(([x, q]) => `(?:${x})${q}`),
        fc.tuple(tie('node'), tie('node')).map(([x, y]) => `(${x}|${y})`),
      ),
    })).node;
    const value = fc.string({ unit: fc.constantFrom('a', 'b', '1', ' ', '\n'), maxLength: 6 });
    const property = fc.property(pattern, fc.array(value, { maxLength: 10 }), (text, values) => {
      let compiled: (value: string) => boolean;
      try {
        compiled = compileLinearPattern(text, 512);
      } catch (error) {
        expect(error).toBeInstanceOf(UnreadablePatternError);
        return;
      }
      const reference = new RegExp(`^(?:${text})$`, 'u');
      for (const each of values) expect([text, each, compiled(each)]).toEqual([text, each, reference.test(each)]);
    });
    fc.assert(property, { numRuns: 500 });
  });

  it('[RS-20] never throws anything but its own error, whatever the pattern', () => {
    const unit = fc.constantFrom(...'()[]{}*+?|\\^$.-,:<>=!&09azQEdwsbk \n🚀');
    const property = fc.property(fc.string({ unit, maxLength: 30 }), fc.string(), (pattern, value) => {
      try {
        expect(typeof matches(pattern, value)).toBe('boolean');
      } catch (error) {
        expect(error).toBeInstanceOf(UnreadablePatternError);
      }
    });
    fc.assert(property, { numRuns: 2_000 });
  });

  it.each(['(a+)+b', '(a|a)*b', '(a*)*b', '(.*)*(.*)*b', '(a?){100}a{100}b'])(
    '[RS-20] /%s/ takes no more work for a value that backtracking never ends on',
    (pattern) => {
      // Far below the age of the universe that the backtracking matcher needs; no bound on time, only the test's own.
      expect(matches(pattern, 'a'.repeat(4_096))).toBe(false);
    },
  );
});

describe('compileErrorPatterns', () => {
  const keys = (...all: string[]) =>
    compileErrorPatterns(all.map((integrationResponseKey) => ({ integrationResponseKey })));

  it('[RS-20] the first explicit key that matches, literals exactly, $default never', () => {
    const select = keys('$default', '/.*denied.*/', 'boom', '/.*/');
    expect(select('access denied')).toBe('/.*denied.*/');
    expect(select('boom')).toBe('boom');
    expect(select('boom!')).toBe('/.*/');
    expect(keys('$default', 'boom')('other')).toBeUndefined();
    expect(keys('$default')('$default')).toBeUndefined();
  });

  it('[RS-20] looks at the first characters of an endless message', () => {
    expect(keys('/a*/')(`${'a'.repeat(4_096)}b`)).toBe('/a*/');
    expect(keys('/a*/')(`${'a'.repeat(4_095)}b`)).toBeUndefined();
  });

  it('[RS-20] says which key cannot be used, and why', () => {
    expect(() => keys('/(?=a)/')).toThrow(MisconfiguredIntegrationError);
    expect(() => keys('/(?=a)/')).toThrow(/\/\(\?=a\)\/ cannot be used: look-around/);
  });
});
