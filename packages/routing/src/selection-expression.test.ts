// biome-ignore-all lint/suspicious/noTemplateCurlyInString: selection expressions look like template strings
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compileResponseTemplateSelectionExpression,
  compileRouteSelectionExpression,
  compileTemplateSelectionExpression,
  InvalidExpressionError,
} from './index.js';

function select(expression: string, body: unknown): string | undefined {
  return compileRouteSelectionExpression(expression)(
    Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
  );
}

const action = (json: string) => select('$request.body.action', `{"action":${json}}`);

describe('grammar', () => {
  it.each([
    ['[RT-1]', '$request.body.action', { action: 'join' }, 'join'],
    ['[RT-1]', '${request.body.action}', { action: 'join' }, 'join'],
    ['[RT-2]', '${request.body.service}/${request.body.action}', { service: 'chat', action: 'join' }, 'chat/join'],
    ['[RT-2]', '$request.body.service/$request.body.action', { service: 'chat', action: 'join' }, 'chat/join'],
    ['[RT-2]', 'v1 $request.body.action', { action: 'join' }, 'v1 join'],
    ['[RT-3]', '${request.body.action}-${request.body.none}', { action: 'join' }, 'join-'],
    ['[RT-1]', '$request.body.a.b.c', { a: { b: { c: 'x' } } }, 'x'],
    ['[RT-4]', '$request.body.list[0]', { list: ['x'] }, 'x'],
    ['[RT-4]', '$request.body.list[1][0].k', { list: [0, [{ k: 'x' }]] }, 'x'],
    ['[RT-4]', '$request.body[2]', ['a', 'b', 'c'], 'c'],
    ['[RT-4]', "$request.body['my key']", { 'my key': 'x' }, 'x'],
    ['[RT-4]', '$request.body["my ]}$ key"].a', { 'my ]}$ key': { a: 'x' } }, 'x'],
    ['[RT-4]', "${request.body['it\\'s }']}!", { "it's }": 'x' }, 'x!'],
    ['[RT-5]', 'action', { action: 'join' }, 'action'],
    ['[RT-5]', '\\$default', 1, '$default'],
    ['[RT-5]', 'a\\b', 1, 'a\\b'],
    ['[RT-5]', '{x}', 1, '{x}'],
    ['[RT-6]', '$request.body.a-$request.body.b', { 'a-': '1', a: '2', b: '3' }, '13'],
    ['[RT-6]', '${request.body.a}-$request.body.b', { 'a-': '1', a: '2', b: '3' }, '2-3'],
    ['[RT-7]', '$request.body.a\\b', { a: '1' }, '1\\b'],
    ['[RT-7]', '$request.body.a{b}', { a: '1' }, '1{b}'],
    ['[RT-7]', '$request.body.a\t.', { a: '1' }, '1\t.'],
    ['[RT-7]', '$request.body.a:b', { 'a:b': '1' }, '1'],
    ['[RT-38]', "'$request.body.a'", { "a'": 'x', a: 'y' }, "'x"],
    ['[RT-8]', '$request.body.a', { a: '$request.body.b', b: 'no' }, '$request.body.b'],
  ])('%s %s', (_rule, expression, body, value) => {
    expect(select(expression, body)).toBe(value);
  });

  it.each([
    ['', 0, 'required'],
    ['$', 0, ''],
    ['$default', 0, '\\$default'],
    ['a $default', 2, '\\$default'],
    ['$request.header.x', 0, '$request.body'],
    ['$request.bodyaction', 0, '$request.body'],
    ['$request.body..a', 14, 'member name'],
    ['$request.body.', 14, 'member name'],
    ['$request.body[x]', 14, 'index'],
    ['$request.body[-1]', 14, 'index'],
    ['$request.body[*]', 14, 'index'],
    ['$request.body[0', 14, 'index'],
    ["$request.body['a", 14, 'closing'],
    ["$request.body['a','b']", 13, '"]"'],
    ['${request.body.a', 16, '"}"'],
    ['${request.body.my key}', 17, "['…']"],
    ['$}', 1, 'dollar'],
  ])('[RT-9] refuses %j at %i', (expression, position, help) => {
    const compile = () => compileRouteSelectionExpression(expression);
    expect(compile).toThrow(InvalidExpressionError);
    try {
      compile();
    } catch (error) {
      const invalid = error as InvalidExpressionError;
      expect(invalid.message).toContain(help);
      if (expression !== '$') expect(invalid.position).toBe(position);
    }
  });
});

describe('evaluation', () => {
  it.each(['', ' ', 'ping', '{"action":', "{'action':'a'}", '{"action":"a"} x', '\ufeff{}', 'NaN', 'nul', '{"a":01}'])(
    '[RT-10] %j is not JSON, whatever the expression',
    (body) => {
      for (const expression of ['$request.body.action', 'static', '${request.body.a}x', '\\$default']) {
        expect(select(expression, body)).toBeUndefined();
      }
    },
  );

  it.each(['"join"', '7', 'true', 'null', '["action"]', ' {} ', '\r\n\t[]'])('[RT-11] %s has no members', (body) => {
    expect(select('$request.body.action', body)).toBe('');
    expect(select('$request.body.length', body)).toBe('');
    expect(select('x${request.body.a.b}', body)).toBe('x');
  });

  it('[RT-11] the body itself can be the value', () => {
    expect(select('$request.body', '"join"')).toBe('join');
    expect(select('$request.body', '[1,"a"]')).toBe('[1, a]');
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'length'])(
    '[RT-12] inherited %s is not a member',
    (name) => {
      for (const body of ['{}', '[]', '"s"', '{"a":{}}']) {
        expect(select(`$request.body.${name}`, body)).toBe('');
        expect(select(`x$request.body.a.${name}`, body)).toBe('x');
      }
      expect(select(`$request.body.${name}`, `{"${name}":"own"}`)).toBe('own');
    },
  );

  it.each([
    ['[RT-13]', '"join"', 'join'],
    ['[RT-13]', '"zwölf 💬"', 'zwölf 💬'],
    ['[RT-14]', '7', '7'],
    ['[RT-14]', '1.5', '1.5'],
    ['[RT-14]', '1.0', '1'],
    ['[RT-14]', '1e3', '1000'],
    ['[RT-14]', '-0', '0'],
    ['[RT-14]', '-0.0', '0'],
    ['[RT-14]', '1e21', '1000000000000000000000'],
    ['[RT-14]', '-1.25e22', '-12500000000000000000000'],
    ['[RT-14]', '1.5e-7', '0.00000015'],
    ['[RT-14]', '-1e-7', '-0.0000001'],
    ['[RT-14]', '1e-400', '0'],
    ['[RT-15]', '9007199254740993', '9007199254740993'],
    ['[RT-15]', '-12345678901234567890', '-12345678901234567890'],
    ['[RT-15]', '1e400', '1e400'],
    ['[RT-15]', '["9",9007199254740993,1.50,"\\"8\\""]', '[9, 9007199254740993, 1.5, "8"]'],
    ['[RT-15]', '{"n":9007199254740993}', '{"n":9007199254740993}'],
    ['[RT-16]', 'true', 'true'],
    ['[RT-16]', 'false', 'false'],
    ['[RT-17]', 'null', 'null'],
    ['[RT-18]', '["a","b"]', '[a, b]'],
    ['[RT-18]', '["",""]', '[, ]'],
    ['[RT-18]', '[]', '[]'],
    ['[RT-18]', '[1,[true,"x"],{"k":["y"]},null]', '[1, [true, x], {"k":["y"]}, null]'],
    ['[RT-19]', '{ "k" : "v", "n" : [ 1 , 2.50 ] }', '{"k":"v","n":[1,2.5]}'],
  ])('%s %s becomes %s', (_rule, json, text) => {
    expect(action(json)).toBe(text);
  });

  it('[RT-20] nesting and size of a hostile body neither overflow the stack nor match a key', () => {
    const depth = 60_000;
    const deep = action(`${'['.repeat(depth)}${']'.repeat(depth)}`);
    expect(deep?.length).toBeGreaterThan(128);
    expect(deep?.length).toBeLessThan(1_000);
    expect(action(`${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`)?.length).toBeGreaterThan(128);
    expect(action(`[${Array(20_000).fill('1e308').join()}]`)?.length).toBeLessThan(1_000);
  });

  it('never throws, and is undefined exactly for what is not JSON', () => {
    const expressions = ['$request.body.a', '${request.body.a.b[0]}-$request.body', 'x'].map(
      compileRouteSelectionExpression,
    );
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), fc.string({ unit: 'binary' })), (body) => {
        let isJson = true;
        try {
          JSON.parse(Buffer.from(body).toString());
        } catch {
          isJson = false;
        }
        for (const evaluate of expressions) expect(evaluate(Buffer.from(body)) !== undefined).toBe(isJson);
      }),
      { numRuns: 500 },
    );
  });

  it('any member name is reachable by a quoted bracket', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (name, value) => {
        const quoted = name.replace(/[\\']/g, (character) => `\\${character}`);
        const well = name.isWellFormed() && value.isWellFormed();
        const body = `{${JSON.stringify(name)}:${JSON.stringify(value)}}`;
        if (well) expect(select(`$request.body['${quoted}']`, body)).toBe(value);
      }),
      { numRuns: 500 },
    );
  });

  it('[RT-14] number text has no exponent and means the same number', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const text = action(JSON.stringify(value)) ?? '';
        expect(text).toMatch(/^-?[0-9]+(\.[0-9]+)?$/);
        expect(Number(text) === value).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it('compiles any text or refuses it with an InvalidExpressionError inside it', () => {
    const pieces = fc.constantFrom('$', '{', '}', '[', ']', "'", '.', '\\', 'request', 'body', '0', ' ', 'a', '"');
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 20 }), (list) => {
        const expression = list.join('');
        try {
          compileRouteSelectionExpression(expression)(Buffer.from('{}'));
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidExpressionError);
          expect((error as InvalidExpressionError).position).toBeLessThanOrEqual(expression.length);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('template selection', () => {
  it('[RT-26] requests: body paths and static keys', () => {
    const key = compileTemplateSelectionExpression('${request.body.type}-v1');
    expect(key(Buffer.from('{"type":"order"}'))).toBe('order-v1');
    expect(key(Buffer.from('not json'))).toBe('-v1');
    expect(compileTemplateSelectionExpression('static')(Buffer.from('not json'))).toBe('static');
    expect(compileTemplateSelectionExpression('\\$default')(Buffer.alloc(0))).toBe('$default');
    expect(() => compileTemplateSelectionExpression('$integration.response.statuscode')).toThrow(
      InvalidExpressionError,
    );
  });

  it.each([
    ['$integration.response.statuscode', '201'],
    ['s${integration.response.statuscode}', 's201'],
    ['$integration.response.header.X-Kind', 'b'],
    ['$integration.response.multivalueheader.x-kind', '[a, b]'],
    ['$integration.response.header.none', ''],
    ['$integration.response.multivalueheader.none', ''],
    ['$request.body.type', 'order'],
    ['static', 'static'],
  ])('[RT-27] responses: %s is %s', (expression, key) => {
    const sources = {
      requestBody: Buffer.from('{"type":"order"}'),
      status: 201,
      headers: [['x-kind', 'a'] as const, ['other', 'c'] as const, ['X-Kind', 'b'] as const],
    };
    expect(compileResponseTemplateSelectionExpression(expression)(sources)).toBe(key);
  });

  it.each([
    '',
    '$integration.response.body.x',
    '$integration.response.header',
    '$integration.response.header.a.b',
    '$context.x',
  ])('[RT-27] responses: %j is refused', (expression) => {
    expect(() => compileResponseTemplateSelectionExpression(expression)).toThrow(InvalidExpressionError);
  });
});
