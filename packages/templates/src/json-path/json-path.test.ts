import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidJsonPathError } from '../invalid-mapping.js';
import { jsonText } from '../values/value-text.js';
import { TemplateFault } from '../values/values.js';
import { compileJsonPath } from './json-path.js';

const store = {
  store: {
    book: [
      { category: 'reference', author: 'Nigel Rees', price: 8.95 },
      { category: 'fiction', author: 'Evelyn Waugh', price: 12.99 },
      { category: 'fiction', author: 'Herman Melville', isbn: '0-553', price: 8.99, tags: ['sea', 'whale'] },
      { category: 'fiction', author: 'J. R. R. Tolkien', isbn: '0-395', price: 22.99, 'out of print': null },
    ],
    bicycle: { color: 'red', price: 19.95 },
  },
  expensive: 10,
  "it's": [[1, 2], [3]],
};
const authors = (indexes: number[]) => indexes.map((index) => store.store.book[index]?.author);

const definite: [path: string, expected: unknown][] = [
  ['$', store],
  ['$.expensive', 10],
  ['expensive', 10],
  ['$.store.book[0].author', 'Nigel Rees'],
  ["$['store']['book'][1][\"author\"]", 'Evelyn Waugh'],
  ['$.store.book[-1].price', 22.99],
  ["$.store.book[3]['out of print']", null],
  ["$['it\\'s'][0][1]", 2],
  ['$.store.book.length()', 4],
  ['$.store.bicycle.keys()', ['color', 'price']],
  ['$.store.book[2].tags.size()', 2],
  ["$.store.bicycle['color','price']", { color: 'red', price: 19.95 }],
  ['$.store.nope', undefined],
  ['$.store.book[9].author', undefined],
  ['$.store.book.author', undefined],
  ['$.store.bicycle[0]', undefined],
  ['$.expensive.nope', undefined],
  ['$.constructor', undefined],
  ['$.__proto__', undefined],
  ['$.store.book.push', undefined],
];

const indefinite: [path: string, expected: unknown[]][] = [
  ['$.store.book[*].author', authors([0, 1, 2, 3])],
  ['$..author', authors([0, 1, 2, 3])],
  ['$.store..price', [8.95, 12.99, 8.99, 22.99, 19.95]],
  ['$.store.*', [store.store.book, store.store.bicycle]],
  ['$..book[2].author', authors([2])],
  ['$..book[0,1].author', authors([0, 1])],
  ['$..book[:2].author', authors([0, 1])],
  ['$.store.book[1:3].author', authors([1, 2])],
  ['$.store.book[-2:].author', authors([2, 3])],
  ['$.store.book[0:4:2].author', authors([0, 2])],
  ['$..book[?(@.isbn)].author', authors([2, 3])],
  ['$..book[?(!@.isbn)].author', authors([0, 1])],
  ['$.store.book[?(@.price < 10)].author', authors([0, 2])],
  ["$.store.book[?(@.category == 'fiction' && @.price > 10)].author", authors([1, 3])],
  ['$.store.book[?(@.price < 9 || @[\'author\'] == "Evelyn Waugh")].author', authors([0, 1, 2])],
  ['$..book[?(@.price <= $.expensive)].author', authors([0, 2])],
  ['$.store.book[?(@.author =~ /.*rees/i)].author', authors([0])],
  ["$.store.book[?(@.category in ['reference', 'x'])].author", authors([0])],
  ['$.store.book[?(@.tags.length() == 2)].author', authors([2])],
  ["$.store.book[?(@['out of print'] == null)].author", authors([3])],
  ['$.store.book[?(!(@.price > 10) && (@.isbn || @.tags))].author', authors([2])],
  ["$.store.bicycle[?(@.color == 'red')].price", [19.95]],
  ["$..['color','isbn']", undefined as never],
  ['$.store.nope[*]', []],
  ['$..nope', []],
];

describe('JSONPath', () => {
  it.each(definite)('[MT-5] %s', (path, expected) => {
    const compiled = compileJsonPath(path);
    expect(compiled.definite).toBe(true);
    expect(compiled.evaluate(store)).toEqual(expected);
  });

  it.each(indefinite.filter(([, expected]) => expected !== undefined))('[MT-5] %s', (path, expected) => {
    const compiled = compileJsonPath(path);
    expect(compiled.definite).toBe(false);
    expect(compiled.evaluate(store)).toEqual(expected);
  });

  it.each([
    '$.a[(@.length-1)]',
    '$.a[',
    '$.a[]',
    '$.',
    '$..',
    '$[?(@.a ==)]',
    '$[?(@.a == b)]',
    '$[?(@.a =~ "x")]',
    "$['a",
    '$.a b',
    '$.a[1:2:0]',
    '$.a.eval()',
    '$[?(@.a =~ /(/)]',
    `$${'.a'.repeat(2_000)}`,
    `$[?(${'('.repeat(500)}@.a${')'.repeat(500)})]`,
    '',
  ])('[MT-5] refuses %.30s', (path) => {
    expect(() => compileJsonPath(path)).toThrow(InvalidJsonPathError);
  });

  it('[MT-5] says where, and never evaluates a script', () => {
    expect(() => compileJsonPath('$.a[(@.length-1)]')).toThrow('position 4: script expressions are never evaluated');
  });

  it('[MT-5] is bounded, and does not mind how deep a message is', () => {
    let deep: unknown = 1;
    for (let level = 0; level < 50_000; level += 1) deep = [deep];
    expect(compileJsonPath('$..a').evaluate(deep)).toEqual([]);
    expect(() => compileJsonPath('$..*..*').evaluate(deep)).toThrow(TemplateFault);
    expect(() => compileJsonPath('$[?(@ =~ /(a+)+b/)]').evaluate(['a'.repeat(60)])).toThrow(TemplateFault);
  });

  it('[MT-5] throws nothing of its own, whatever path meets whatever value', () => {
    const step = fc.constantFrom(
      '.a',
      '..a',
      '[0]',
      '[*]',
      '.*',
      '..*',
      '[-1:]',
      '[?(@.a > 1)]',
      "['b','a']",
      '[0,1]',
      '.length()',
      '[',
      ')',
      '@',
      "'",
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 5 }), fc.jsonValue({ maxDepth: 4 }), (steps, value) => {
        try {
          const { definite, evaluate } = compileJsonPath(`$${steps.join('')}`);
          const found = evaluate(value);
          if (!definite) expect(Array.isArray(found)).toBe(true);
          if (found !== undefined) expect(() => JSON.parse(jsonText(found))).not.toThrow();
        } catch (error) {
          expect(
            error instanceof InvalidJsonPathError || error instanceof TemplateFault ? undefined : error,
          ).toBeUndefined();
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it('[MT-5] finds every member where it is written', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1, maxLength: 5 }), fc.jsonValue(), (names, value) => {
        const document = names.reduceRight<unknown>(
          (inner, name) => JSON.parse(`{${JSON.stringify(name)}:${JSON.stringify(inner)}}`),
          value,
        );
        const quoted = names.map((name) => `['${name.replace(/[\\']/g, (character) => `\\${character}`)}']`).join('');
        expect(jsonText(compileJsonPath(`$${quoted}`).evaluate(document))).toBe(JSON.stringify(value));
      }),
      { numRuns: 500 },
    );
  });
});
