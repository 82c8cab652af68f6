import assert from 'node:assert/strict';
import { errorText, reply } from '../exchange.js';
import { type Rule, rule } from '../rule.js';

type Case = [id: string, title: string, template: string, message: object, expected: string];

const jsonPathMessage = {
  a: { b: 'x', 'my key': 'y' },
  l: [
    { id: 1, k: 'a', n: [1] },
    { id: 2, k: 'b' },
    { id: 3, k: 'a' },
  ],
  x: 'top',
};

/** What the templates of the API `templates` in sluice.yaml make of a message that names them. */
const cases: Case[] = [
  ['MT-4', '#set, references in braces and beside text', 'set', {}, 'v1 v1z'],
  ['MT-4', 'single quotes are not evaluated, double quotes are', 'quotes', {}, '$x 1t'],
  ['MT-4', '#if, #elseif, #else', 'if', { n: 11 }, 'big'],
  ['MT-4', '#if, #elseif, #else', 'if', { n: 7 }, 'middle'],
  ['MT-4', '#if, #elseif, #else', 'if', { n: 3 }, 'small'],
  ['MT-4', 'null and false alone are false', 'truth', {}, 'zeroempty'],
  [
    'MT-4',
    '#foreach with where it stands',
    'foreach',
    { l: ['a', 'b'] },
    'a:0,1,true,true,false;b:1,2,false,false,true;',
  ],
  [
    'MT-4',
    '#foreach over a map gives its values in their order',
    'foreach-map',
    { m: { k: 'x', b: 'y', a: 'z' } },
    'x y z ',
  ],
  ['MT-4', '#foreach over a range, up and down', 'foreach-range', {}, '123321 $i'],
  ['MT-4', 'loops in one another', 'foreach-nested', {}, '111 121 212 222 '],
  ['MT-4', '1000 turns of #foreach', 'turns', {}, '1000'],
  ['MT-4', '#break leaves the loop', 'break', {}, '123!'],
  ['MT-4', '#stop ends the template', 'stop', { go: true }, 'ab c'],
  ['MT-4', '#stop ends the template', 'stop', {}, 'a'],
  ['MT-4', '#macro with parameters', 'macro', { x: 'z' }, '<1|2><z|y>'],
  ['MT-4', '#define is evaluated where it is used', 'define', {}, 'D1D2'],
  ['MT-4', 'comments leave nothing', 'comments', {}, 'ab'],
  ['MT-4', '#[[ ]]# is not parsed', 'unparsed', {}, ' $x "#if" '],
  ['MT-4', 'an unknown reference stays, a quiet one does not', 'unknown', {}, '[$foo.bar][][${foo}][]$5 #fff'],
  ['MT-4', 'literals of lists, maps and ranges', 'literals', {}, '{b=1, a=[1, x, {c=true}]} x 1 true'],
  ['MT-4', 'integers stay integers, precedence, remainder', 'arithmetic', {}, '4 3 3.5 3 -3'],
  ['MT-4', '#set to null, and division by zero, change nothing', 'null-set', {}, '11'],
  ['MT-4', 'operators and their names', 'logic', {}, 'abc'],
  ['MT-4', 'length, isEmpty, trim, case', 'text-1', { s: ' Hi ' }, '4false|Hi| HI  hi '],
  ['MT-4', 'substring, indexOf, contains, startsWith, endsWith', 'text-2', {}, 'el|lo|2|true|true|false'],
  [
    'MT-4',
    'replace, replaceAll, matches, split, equals',
    'text-3',
    {},
    'a-b1c22|a.b#c#|a-b1c22|true|false|[a.b, c]|true|a.b1c22',
  ],
  ['MT-4', 'size, get, add, contains, isEmpty of lists', 'lists', { l: ['a', 'b'] }, '3ctruefalsefalse[a, b, c]'],
  [
    'MT-4',
    'keySet, entrySet, get, put, containsKey, size, isEmpty, values',
    'maps',
    { m: { k: 'v' } },
    '[k, n][v, 2]2truefalsefalse2k=v;n=2;',
  ],
  ['MT-4', 'intValue', 'numbers', { n: 7.9 }, '7 7.9'],
  ['MT-4', 'nothing is inherited', 'prototypes', { m: { a: 1 } }, '[][][a ]'],
  [
    'MT-5',
    '$input.body is the payload as it is',
    'body',
    { x: 'ü "q"', n: 1.5 },
    '{"template":"body","x":"ü \\"q\\"","n":1.5}',
  ],
  [
    'MT-5',
    '$input.json gives JSON text',
    'json',
    { a: { b: [1, { c: null }] }, s: 'q"', n: 2, t: true },
    '[1,{"c":null}]|"q\\""|2|true|""',
  ],
  [
    'MT-5',
    '$input.json of $ is the whole body',
    'json-whole',
    { b: 1, a: 'x' },
    '{"template":"json-whole","b":1,"a":"x"}',
  ],
  ['MT-5', '$input.path gives a value to work with', 'path', { a: { b: 'x' }, l: [1, 2] }, 'x 2 x []'],
  ['MT-5', '$input.params is empty on messages', 'params', {}, '[][path, querystring, header]000'],
  [
    'MT-5',
    '$util.escapeJavaScript, and the way back that templates take',
    'escape',
    { s: 'it\'s "q"\n\\' },
    'it\\\'s \\"q\\"\\n\\\\|it\'s \\"q\\"\\n\\\\',
  ],
  ['MT-5', '$util.parseJson gives a value', 'parse', { s: '{"a":[0,{"b":"x"}]}' }, 'x'],
  [
    'MT-5',
    '$util.urlEncode and urlDecode',
    'url',
    { s: 'a b+c&d=é*~', e: 'a+b%2Bc%C3%A9' },
    'a+b%2Bc%26d%3D%C3%A9*%7E|a b+cé',
  ],
  ['MT-5', '$util.base64Encode and base64Decode', 'base64', { s: 'é?', e: 'w6k/' }, 'w6k/|é?'],
  ['MT-5', '$stageVariables in its three forms', 'stage-variables', {}, 'apple apple apple apples []'],
  ['MT-5', 'JSONPath: dots, brackets, quotes, indexes', 'jsonpath-simple', jsonPathMessage, '"y" 2 3 "x"'],
  [
    'MT-5',
    'JSONPath: wildcard, recursion, slices, unions',
    'jsonpath-many',
    jsonPathMessage,
    '[1,2,3] [[1]] [1,2] [1,3] ["x","y"]',
  ],
  ['MT-5', 'JSONPath: filters', 'jsonpath-filter', jsonPathMessage, '[1,3] ["b","a"] [1] [3]'],
  ['MT-5', 'JSONPath made at run time', 'jsonpath-made', jsonPathMessage, '1'],
  ['MT-6', '$context, a missing variable empty', 'context', {}, 'templates dev ROUTE MESSAGE [][] dev'],
  ['MT-6', 'on messages $context.responseOverride changes nothing', 'override', { x: 'y' }, 'kept y'],
  [
    'MT-4',
    'a list rebuilt, as guides have it',
    'real-list',
    { items: [{ id: 'a' }, { id: 'b' }] },
    '[\n  {"key": "a", "index": 0},\n  {"key": "b", "index": 1}\n]',
  ],
  ['MT-4', 'the members of an object, one by one', 'real-keys', { data: { '10': 'x', b: 'y' } }, '{"10":"x","b":"y"}'],
];

/** Templates that are cut off: the error frame comes, soon, and the connection stays. */
const failures: [id: string, title: string, template: string, message: object][] = [
  ['MT-4', '1001 turns of #foreach', 'fail-turns', {}],
  ['MT-4', 'loops that would run for minutes', 'fail-nested', {}],
  ['MT-4', 'a text that doubles until memory ends', 'fail-growth', {}],
  ['MT-4', 'output without end', 'fail-output', {}],
  ['MT-4', 'a macro that calls itself', 'fail-recursion', {}],
  ['MT-4', 'a pattern that backtracks without end', 'fail-regex', { s: 'a'.repeat(4_000) }],
  ['MT-4', 'a method that Java would throw from', 'fail-substring', { s: 'short' }],
  ['MT-5', '$util.parseJson of what is no JSON', 'fail-parse', { s: '{' }],
  ['MT-5', '$util.base64Decode of what is no base64', 'fail-base64', { s: '*' }],
  ['MT-5', 'a JSONPath with a script expression, made at run time', 'fail-script', { l: [1, 2] }],
  ['MT-5', 'a JSONPath that is none, made at run time', 'fail-jsonpath', { l: [1, 2] }],
];

const soonMs = 10_000;

function fails(id: string, title: string, template: string, message: object, route: string): Rule {
  return rule(id, `${title}, as ${route} template: the error frame`, async (target) => {
    const client = await target.connect('templates');
    const startedAtMs = Date.now();
    client.send({ template, route, ...message });
    assert.equal(errorText(await client.next(soonMs)), 'Internal server error');
    assert.ok(Date.now() - startedAtMs < soonMs);
    client.send({ template: 'stage-variables', route });
    assert.match(await client.next(), /^apple /);
  });
}

/** The same in both places: a template that makes the request, and one that makes the reply. */
export const templates: Rule[] = ['request', 'response'].flatMap((route) => [
  ...cases.map(([id, title, template, message, expected]) =>
    rule(id, `${title} (${route})`, async (target) => {
      const text = JSON.stringify({ template, ...message, ...(route === 'response' ? { route } : {}) });
      const made = await reply(target, 'templates', text);
      // These two show where they stand.
      const place = route === 'response' ? ',"route":"response"}' : '}';
      const routeKey = route === 'response' ? 'response' : '$default';
      const wanted = template === 'body' || template === 'json-whole' ? expected.replace(/\}$/, place) : expected;
      assert.equal(made, wanted.replace('ROUTE', routeKey));
    }),
  ),
  ...failures.map((each) => fails(...each, route)),
]);
