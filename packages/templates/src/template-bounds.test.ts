import { GatewayError, limits } from '@sluice/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidTemplateError } from './invalid-mapping.js';
import { mappingSources } from './sources.fixture.js';
import { checkTemplate, compileTemplate } from './template.js';

const render = (template: string, body = '') => compileTemplate(template, 'orders.yaml')(mappingSources(body)).text;

function failureOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

const double = (times: number) => '#set($x = "$x$x")'.repeat(times);

const runaways: [name: string, template: string, reason: RegExp][] = [
  ['1001 turns of a loop', '#foreach($i in [1..1001])x#end', /more than 1000 turns/],
  ['loops in loops', `#foreach($a in [1..1000])#foreach($b in [1..1000])$b#end#end`, /steps|bytes/],
  ['a range without end', '#set($r = [1..999999999])', /range/],
  ['a text that doubles', `#set($x = "0123456789")${double(30)}`, /bytes/],
  [
    'a text that doubles by +',
    '#set($x = "0123456789")#foreach($i in [1..40])#set($x = $x + $x)#end',
    /text of more than/,
  ],
  [
    'a replacement that grows',
    `#set($x = "aaaaaaaaaa")${'#set($x = $x.replace("a", "aaaaaaaaaa"))'.repeat(8)}`,
    /text of more than/,
  ],
  [
    'many texts below the bound',
    '#set($x = "0123456789")#foreach($i in [1..14])#set($x = $x + $x)#end#foreach($i in [1..200])#set($y = $x + "a")#end',
    /in all/,
  ],
  ['output over 300 KB', `#set($x = "0123456789")${double(12)}#foreach($i in [1..100])$x#end`, /bytes/],
  ['a macro that calls itself', '#macro(m)#m()#end#m()', /deep/],
  ['a block that contains itself', '#define($d)$d#end$d', /deep/],
  ['a map put into itself', '#set($m = {})#set($ignored = $m.put("m", $m))$m', /levels/],
  ['lists that double', `#set($l = ["x"])${'#set($l = [$l, $l])'.repeat(40)}$l`, /longer than/],
  ['a catastrophic pattern', `#set($s = "${'a'.repeat(40)}!")$s.matches("(a+)+")`, /too many steps/],
  ['an index outside a list', '#set($l = [1])$l.get(3)', /no index/],
  ['too many nodes', "#foreach($i in [1..1000])$!input.path('$..*..*').size()#end", /nodes/],
];

describe('what a template may take', () => {
  it.each(runaways)('[MT-4] cuts off %s', (_, template, reason) => {
    const body = JSON.stringify({ a: Array.from({ length: 50 }, (_unused, index) => [index, { b: [index] }]) });
    const started = performance.now();
    const error = failureOf(() => render(template, body));
    expect(error).toBeInstanceOf(GatewayError);
    expect(error).toMatchObject({ code: 'template_failed', message: expect.stringMatching(reason) });
    // Far above what it takes; a template that hangs would fail here and nowhere else.
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it('[MT-4] allows 1000 turns, and loops in loops up to the steps', () => {
    expect(render('#foreach($i in [1..1000])x#end')).toHaveLength(1000);
    expect(render('#foreach($a in [1..100])#foreach($b in [1..100])x#end#end')).toHaveLength(10_000);
  });

  it.each(['indexOf', 'lastIndexOf', 'contains', 'replace'])(
    '[MT-4] charges %s for both texts, of which a client may have written each',
    (method) => {
      const sought = 'a'.repeat(30_000);
      const body = JSON.stringify({ text: 'a'.repeat(60_000), sought: `${sought.slice(1)}b`, word: 'b' });
      const set = "#set($text = $input.path('$.text'))";
      const call = (name: string) =>
        `#set($x = $text.${method}($input.path('$.${name}')${method === 'replace' ? ", 'c'" : ''}))`;
      const started = performance.now();
      const error = failureOf(() => render(`${set}#foreach($i in [1..1000])${call('sought')}#end`, body));
      expect(error).toMatchObject({ code: 'template_failed', message: expect.stringMatching(/steps/) });
      expect(performance.now() - started).toBeLessThan(5_000);
      expect(render(`${set}#foreach($i in [1..100])${call('word')}#end`, body)).toBe('');
    },
  );

  it('[MT-4] counts the output in bytes', () => {
    const body = 'é'.repeat(limits.templateOutputBytesMax / 2);
    expect(Buffer.byteLength(render('$input.body', body))).toBe(limits.templateOutputBytesMax);
    expect(failureOf(() => render('$input.body!', body))).toMatchObject({ code: 'template_failed' });
  });

  it('[MT-4] names place, line and reason', () => {
    expect(failureOf(() => render('a\n#set($l = [])\n\n  $l.get(0)\n'))).toMatchObject({
      message: 'template orders.yaml, line 4: 0 is no index of a list of 0',
    });
    expect(failureOf(() => checkTemplate('a\n#if($x)\nb', 'p'))).toMatchObject({ place: 'p', line: 2 });
    expect(failureOf(() => checkTemplate("a\n\n$input.json('$.a[(@.length-1)]')", 'p'))).toMatchObject({
      line: 3,
      message: expect.stringContaining('script expressions'),
    });
  });

  it.each([
    '#if($x)',
    'a #end',
    '#set($x)',
    '#set($x = )',
    '#foreach($x)#end',
    '#foreach($a in [1])#if(true)#end',
    '#parse("x")',
    '#evaluate("$x")',
    "$input.path('$[')",
    `#set($x = ${'('.repeat(5_000)}1${')'.repeat(5_000)})`,
    `#set($x = 1${' + 1'.repeat(20_000)})`,
    '#if(true)'.repeat(3_000) + '#end'.repeat(3_000),
    'x'.repeat(limits.templateLengthMax + 1),
    'a #* b',
    'a #[[ b ]]',
  ])('[MT-4] is refused when it is compiled: %.40s', (template) => {
    expect(failureOf(() => checkTemplate(template, 'p'))).toBeInstanceOf(InvalidTemplateError);
  });

  it('[MT-4] is refused with its line as it was written, literals included', () => {
    const template = "#set($x = 'one\ntwo')\n#set($o = $input.path('$')\n{}";
    expect(() => checkTemplate(template, 'p')).toThrow(
      "template p, line 3: this cannot be read as VTL: #set($o = $input.path('$')",
    );
  });

  it('[MT-4] is compiled in time that grows with its length, also where brackets and quotes have no end', () => {
    for (const piece of [
      '#if(true)',
      '#foreach($a in [1])x',
      '#set($m = {',
      '$a(',
      "#if('",
      '$a["',
      '#*',
      '#[[',
      '"',
      '#set($x = "',
      '$a.b(\'"',
      '\\"$a("',
    ]) {
      const started = performance.now();
      failureOf(() => checkTemplate(piece.repeat(32_768 / piece.length), 'p'));
      expect([piece, performance.now() - started < 5_000]).toEqual([piece, true]);
    }
  });
});

const names = ['x', 'input', 'util', 'context', 'stageVariables', 'foreach', 'l', 'm', '__proto__', 'constructor'];
const members = [
  '.a',
  '.__proto__',
  '.constructor',
  '.prototype',
  '["__proto__"]',
  '[0]',
  '.get("constructor")',
  '.put("__proto__", $m)',
  '.add($l)',
  '.size()',
  '.toString()',
  '.getClass()',
  '.keySet()',
  '.body',
  ".json('$')",
  ".path('$..*')",
  '.params()',
  '.replaceAll("(a|b)*", "$0")',
  '.split("")',
  '.call("a")',
  '.entrySet()',
  '.requestOverride.header',
  '.valueOf()',
  '.hasOwnProperty("a")',
];
const reference = fc
  .tuple(
    fc.constantFrom('$', '$!', '${'),
    fc.constantFrom(...names),
    fc.array(fc.constantFrom(...members), { maxLength: 4 }),
  )
  .map(([start, name, path]) => `${start}${name}${path.join('')}${start === '${' ? '}' : ''}`);
const expression = fc.oneof(
  reference.filter((text) => !text.startsWith('${')),
  fc.constantFrom(
    '1',
    '-2',
    '1.5',
    '"a$x"',
    "'b'",
    'true',
    '[1, $x]',
    '[1..3]',
    '{"__proto__": $x}',
    '$x + 1',
    '!$x',
    '($x == $m)',
  ),
);
const piece: fc.Arbitrary<string> = fc.letrec<{ piece: string }>((tie) => ({
  piece: fc.oneof(
    { maxDepth: 4 },
    reference,
    fc.string({ maxLength: 8 }),
    expression.map((value) => `#set($x = ${value})`),
    fc.tuple(reference, expression).map(([target, value]) => `#set(${target.replace(/[!{}]/g, '')} = ${value})`),
    fc.tuple(expression, tie('piece')).map(([value, inner]) => `#if(${value})${inner}#else${inner}#end`),
    fc.tuple(expression, tie('piece')).map(([value, inner]) => `#foreach($m in ${value})${inner}#end`),
    tie('piece').map((inner) => `#macro(f $l)${inner}#end#f($x)`),
    tie('piece').map((inner) => `#define($l)${inner}#end$l`),
    fc.constantFrom('#stop', '#break', '#end', '#if(', '$input.json("', '#[[', '##', '\\$x', '#* *#'),
  ),
})).piece;
const template = fc.array(piece, { minLength: 1, maxLength: 6 }).map((pieces) => pieces.join(''));

/** Renders what may be no template; gives what it threw other than the two errors that it may. */
function foreignFailure(text: string, body: string): unknown {
  try {
    const { text: rendered } = compileTemplate(text, 'p')(mappingSources(body));
    return Buffer.byteLength(rendered) <= limits.templateOutputBytesMax ? undefined : 'too long';
  } catch (error) {
    if (error instanceof InvalidTemplateError) return undefined;
    return error instanceof GatewayError && error.code === 'template_failed' ? undefined : error;
  }
}

describe('any template', () => {
  it('[MT-4] gives a text within the bounds, or fails as a template', () => {
    const before = Object.getOwnPropertyNames(Object.prototype);
    fc.assert(
      fc.property(template, fc.json({ maxDepth: 3 }), (text, body) => {
        expect(foreignFailure(text, body)).toBeUndefined();
      }),
      { numRuns: 3_000 },
    );
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
  });

  it('[MT-4] [MT-5] does so for any text at all', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'$#{}[]()"\'\\.,=!&|<>ab1 \n*ifsetnd'), maxLength: 60 }),
        (text) => {
          expect(foreignFailure(text, '{"a":[1,{"b":2}]}')).toBeUndefined();
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it('[MT-4] never shows what JavaScript objects inherit', () => {
    const inherited = /\[native code\]|\[object |function|=>/;
    fc.assert(
      fc.property(template, (text) => {
        if (inherited.test(text)) return;
        let rendered = '';
        try {
          rendered = compileTemplate(text, 'p')(mappingSources('{"a":1}')).text;
        } catch {
          return;
        }
        expect(rendered).not.toMatch(inherited);
      }),
      { numRuns: 2_000 },
    );
  });
});
