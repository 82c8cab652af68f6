import { expect, it } from 'vitest';
import { schemaCost } from './schema-cost.js';
import { readSchema } from './schema-text.js';

function cost(schema: unknown, byteLength: number, others: Record<string, unknown> = {}): number {
  const facts = (each: unknown) => readSchema({ name: 'm', contentType: '', schema: JSON.stringify(each) });
  const entries = Object.entries(others).map(([uri, each]) => [uri, facts(each)] as const);
  return schemaCost(new Map([['', facts(schema)], ...entries]))(byteLength);
}

const uri = 'https://apigateway.amazonaws.com/restapis/a/models/o';

it('grows with the schema, what it refers to, and the power of its patterns', () => {
  expect(cost({}, 100)).toBe(100);
  expect(cost({ properties: { a: { pattern: '^x$' } } }, 100)).toBe(300 + 100);
  expect(cost({ patternProperties: { 'a+': {} } }, 100)).toBe(300 + 10_000);
  const once = cost({ definitions: { d: { pattern: 'x+' } }, properties: { a: { $ref: '#/definitions/d' } } }, 10);
  const twice = cost(
    {
      definitions: { d: { pattern: 'x+' } },
      properties: { a: { $ref: '#/definitions/d' }, b: { $ref: '#/definitions/d' } },
    },
    10,
  );
  expect(twice - once).toBe(10 + 10 + 100);
  expect(cost({ $ref: uri }, 10, { [uri]: { properties: { a: {} } } })).toBe(10 + 30);
  expect(cost({ $ref: `${uri}#/properties/a~1b` }, 10, { [uri]: { properties: { 'a/b': {} } } })).toBe(10 + 10);
});

it('is infinite where a schema may contain itself, or a pattern has no bound', () => {
  const infinite = Number.POSITIVE_INFINITY;
  expect(cost({ properties: { a: { $ref: '#' } } }, 1)).toBe(infinite);
  expect(cost({ $ref: uri }, 1, { [uri]: { items: { $ref: uri } } })).toBe(infinite);
  expect(cost({ definitions: { d: { id: '#d' } }, $ref: '#d' }, 1)).toBe(infinite);
  expect(cost({ $ref: '#named' }, 1)).toBe(infinite);
  expect(cost({ pattern: '(a+)+' }, 0)).toBe(infinite);
});

it('doubles with each reference that doubles', () => {
  const definitions: Record<string, unknown> = { d0: {} };
  for (let i = 1; i <= 30; i++) {
    const half = { $ref: `#/definitions/d${i - 1}` };
    definitions[`d${i}`] = { allOf: [half, half] };
  }
  expect(cost({ definitions, $ref: '#/definitions/d30' }, 1)).toBeGreaterThan(2 ** 30);
});
