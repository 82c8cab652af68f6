import { limits, type ModelDefinition } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';
import { compileModel, InvalidModelError } from './compile-model.js';

function model(schema: unknown, name = 'm'): ModelDefinition {
  return {
    name,
    contentType: 'application/json',
    schema: typeof schema === 'string' ? schema : JSON.stringify(schema),
  };
}

function check(schema: unknown, message: unknown, others: ModelDefinition[] = []): string | undefined {
  const compiled = compileModel(model(schema), Object.fromEntries(others.map((each) => [each.name, each])));
  return compiled(message, JSON.stringify(message).length);
}

const uri = (name: string) => `https://apigateway.amazonaws.com/restapis/chat/models/${name}`;

describe('draft-04', () => {
  it('[MV-3] has boolean exclusiveMinimum and exclusiveMaximum, and none of the later keywords', () => {
    const schema = { minimum: 1, exclusiveMinimum: true, maximum: 5 };
    expect(check(schema, 1)).toBeDefined();
    expect(check(schema, 1.5)).toBeUndefined();
    expect(check(schema, 5)).toBeUndefined();
    expect(() => compileModel(model({ exclusiveMinimum: 1 }))).toThrow(InvalidModelError);
    expect(
      check(
        // biome-ignore lint/suspicious/noThenProperty: a keyword of later drafts
        { const: 1, contains: { type: 'null' }, if: {}, then: { type: 'null' }, propertyNames: { maxLength: 0 } },
        { a: 2 },
      ),
    ).toBeUndefined();
  });

  it('[MV-3] follows local references, ids and recursion, and ignores what stands beside a reference', () => {
    const tree = {
      definitions: {
        node: { id: '#node', type: 'object', required: ['v'], properties: { next: { $ref: '#/definitions/node' } } },
      },
      properties: { root: { $ref: '#node', required: ['x'] } },
    };
    expect(check(tree, { root: { v: 1, next: { v: 2 } } })).toBeUndefined();
    expect(check(tree, { root: { v: 1, next: {} } })).toBe('[object has missing required properties (["v"])]');
  });

  it('[MV-3] follows references to other models, whole or in part, also in a circle', () => {
    const address = model(
      {
        type: 'object',
        required: ['city'],
        definitions: { zip: { type: 'string' } },
        properties: { owner: { $ref: uri('person') } },
      },
      'address',
    );
    const person = model(
      { id: uri('person'), required: ['name'], properties: { home: { $ref: uri('address') } } },
      'person',
    );
    const schema = {
      id: uri('m'),
      properties: { home: { $ref: uri('address') }, zip: { $ref: `${uri('address')}#/definitions/zip` } },
    };
    const others = [address, person];
    expect(
      check(schema, { home: { city: 'x', owner: { name: 'n', home: { city: 'y' } } }, zip: '1' }, others),
    ).toBeUndefined();
    expect(check(schema, { home: {} }, others)).toBe('[object has missing required properties (["city"])]');
    expect(check(schema, { home: { city: 'x', owner: { name: 'n', home: {} } } }, others)).toBeDefined();
    expect(check(schema, { zip: 1 }, others)).toBeDefined();
  });

  it('[MV-3] loads nothing: unknown models and foreign references stop the compilation', () => {
    expect(() => check({ $ref: uri('absent') }, 1)).toThrow(/absent, which does not exist/);
    expect(() => check({ $ref: 'http://127.0.0.1:1/x.json' }, 1)).toThrow(InvalidModelError);
    expect(() => check({ $ref: uri('constructor') }, 1)).toThrow(InvalidModelError);
  });

  it.each([
    ['not JSON', '{'],
    ['an array', '[]'],
    ['an asynchronous one', '{"$async":true,"type":"null"}'],
    ['a bad type', '{"type":"strange"}'],
    ['a bad pattern', '{"pattern":"("}'],
    ['another draft', '{"$schema":"http://json-schema.org/draft-07/schema#"}'],
    ['a schema over 32768 characters', JSON.stringify({ title: 'x'.repeat(32_768) })],
    ['deep nesting', `${'{"not":'.repeat(5_000)}{}${'}'.repeat(5_000)}`],
  ])('[MV-3] refuses %s with a reason', (_, schema) => {
    expect(() => compileModel(model(schema))).toThrow(InvalidModelError);
  });

  it.each([
    [{ minItems: 1.5 }, /at \/minItems does not match keyword type/],
    [{ properties: { a: { required: [] } } }, /at \/properties\/a\/required does not match keyword minItems/],
    [{ id: 7 }, /id is no text/],
    [{ $schema: true }, /\$schema is no text/],
  ])('[MV-3] says where %j is no schema', (schema, reason) => {
    expect(() => compileModel(model(schema))).toThrow(reason);
  });

  it('[MV-5] refuses a name that is not alphanumeric', () => {
    expect(() => compileModel(model({}, 'a-b'))).toThrow('Model name must be alphanumeric: a-b');
  });

  it('checks own members only, and runs nothing that stands in a schema', () => {
    expect(check({ required: ['constructor', 'toString'] }, {})).toBe(
      '[object has missing required properties (["constructor", "toString"])]',
    );
    const text = "x'\"`${globalThis.pwned = 1}\\';globalThis.pwned=1;//\u2028";
    const schema = {
      properties: { [text]: { enum: [text], pattern: '.', description: text } },
      required: [text],
      title: text,
      id: text,
    };
    try {
      check(schema, { [text]: text });
      check(schema, {});
    } catch (error) {
      expect(error).toBeInstanceOf(InvalidModelError);
    }
    expect(check({ required: [text], properties: { [text]: { enum: [text] } } }, { [text]: text })).toBeUndefined();
    expect(Object.hasOwn(globalThis, 'pwned')).toBe(false);
  });

  it.each([
    [
      'date-time',
      ['2026-11-22T10:00:00Z', '2024-02-29t23:59:60.123+01:00'],
      ['2023-02-29T10:00:00Z', '2026-11-22', '2026-13-01T00:00:00Z'],
    ],
    ['email', ['a@b.example', 'a.b+c@x'], ['a@', '@b', 'a b@c', 'a@-b']],
    ['hostname', ['a', 'a-b.example.com'], ['-a', 'a..b', `${'a'.repeat(64)}.b`, '']],
    ['ipv4', ['127.0.0.1'], ['256.1.1.1', '1.2.3', '01.2.3.4']],
    ['ipv6', ['::1', 'fe80::1'], [':::', '1.2.3.4', 'fe80::1%eth0']],
    ['uri', ['https://a/b?c=%20#d', 'urn:x:y'], ['/a', 'a b:c', 'http://%zz', '']],
    ['no-format-of-draft-04', ['x'], []],
  ] as const)('[MV-3] knows the format %s', (format, good, bad) => {
    for (const text of good) expect([text, check({ format }, text)]).toEqual([text, undefined]);
    for (const text of bad) expect([text, check({ format }, text) === undefined]).toEqual([text, false]);
  });

  it('finds equal items whatever the order of members, and takes no pair list for an object', () => {
    const schema = { uniqueItems: true };
    expect(
      check(schema, [
        { a: 1, b: [2] },
        { b: [2], a: 1 },
      ]),
    ).toBe('[array must not contain duplicate elements]');
    expect(check(schema, [{ a: 1 }, [['a', 1]], { object: [['a', 1]] }, 1, '1', null])).toBeUndefined();
    expect(check({ uniqueItems: false }, [1, 1])).toBeUndefined();
  });
});

describe('the text of a failure', () => {
  it.each([
    [{ required: ['a', 'b', 'c'] }, { b: 1 }, '[object has missing required properties (["a", "c"])]'],
    [
      { type: ['integer', 'null'] },
      'x',
      '[instance type (string) does not match any allowed primitive type (allowed: ["integer", "null"])]',
    ],
    [{ enum: [1] }, 2, '[instance value (2) not found in enum (possible values: [1])]'],
    [{ maxLength: 1 }, '😀a', '[string "😀a" is too long (length: 2, maximum allowed: 1)]'],
    [{ minimum: 5 }, 2, '[numeric instance is lower than the required minimum (minimum: 5, found: 2)]'],
    [
      { additionalProperties: false },
      { x: 1 },
      '[object instance has properties which are not allowed by the schema: ["x"]]',
    ],
    [{ pattern: '^a$' }, 'b', '[ECMA 262 regex "^a$" does not match input string "b"]'],
  ])('[MV-2] %j with %j', (schema, message, text) => {
    expect(check(schema, message)).toBe(text);
  });

  it('is bounded, whatever the client sends', () => {
    const text = check({ enum: ['a'] }, `${'😀'.repeat(30_000)}`);
    expect(text?.length).toBeLessThanOrEqual(limits.validationTextLengthMax);
    expect(text?.isWellFormed()).toBe(true);
  });
});

describe('work is bounded', () => {
  const long = 120_000;
  it.each([
    ['nested quantifiers', { pattern: '^(a+)+$' }, `${'a'.repeat(60)}b`],
    ['a search from every place', { pattern: '\\s+$' }, `${' '.repeat(long)}b`],
    ['names of members', { patternProperties: { '^(a|a)*$': { type: 'null' } } }, { [`${'a'.repeat(60)}b`]: 1 }],
    ['references that double', doubling(), 1],
  ])('[MV-3] %s cannot hold the process', (_, schema, message) => {
    const compiled = compileModel(model(schema));
    const started = performance.now();
    expect(compiled(message, JSON.stringify(message).length)).toBe(
      `[validation took longer than ${limits.modelValidationMs} ms]`,
    );
    expect(performance.now() - started).toBeLessThan(limits.modelValidationMs + 400);
  });

  it('many items that must be unique are compared in a moment', () => {
    const items = Array.from({ length: 20_000 }, (_, index) => [index]);
    const started = performance.now();
    expect(check({ uniqueItems: true }, items)).toBeUndefined();
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  it('deep nesting fails instead of overflowing the stack', () => {
    const compiled = compileModel(
      model({ definitions: { l: { items: { $ref: '#/definitions/l' } } }, $ref: '#/definitions/l' }),
    );
    const message = JSON.parse(`${'['.repeat(60_000)}${']'.repeat(60_000)}`);
    expect(compiled(message, 120_000)).toMatch(/nested too deeply|took longer/);
    expect(compiled([[]], 4)).toBeUndefined();
  });

  function doubling(): unknown {
    const definitions: Record<string, unknown> = { d0: { type: 'integer' } };
    for (let i = 1; i <= 40; i++)
      definitions[`d${i}`] = { allOf: [{ $ref: `#/definitions/d${i - 1}` }, { $ref: `#/definitions/d${i - 1}` }] };
    return { definitions, $ref: '#/definitions/d40' };
  }
});
