import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileRouteMention } from './route-mention.js';
import { createRouteTable } from './route-table.js';

const expression = '$request.body.action';
const keys = ['move', 'place order'];

describe('whether a body may select a route', () => {
  it('is certain where it says no: what selects the route is never missed, however it is written', () => {
    const mayMention = compileRouteMention(expression, keys);
    const table = createRouteTable({ routeSelectionExpression: expression, routes: { move: 1, 'place order': 1 } });
    const action = fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...keys) },
      { weight: 1, arbitrary: fc.constantFrom('mov', 'moves', 'Move', '') },
      { weight: 1, arbitrary: fc.jsonValue() },
      { weight: 1, arbitrary: fc.constantFrom(...keys).map((key) => [key]) },
    );
    const escaped = (text: string, at: number) =>
      text.replace(/[a-z]/g, (letter, offset: number) =>
        offset % 7 === at ? `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}` : letter,
      );
    let selected = 0;
    let spared = 0;
    fc.assert(
      fc.property(action, fc.jsonValue(), fc.integer({ min: -6, max: 6 }), fc.boolean(), (value, other, at, indent) => {
        const written = JSON.stringify({ other, action: value }, undefined, indent ? 2 : undefined);
        const body = Buffer.from(escaped(written, at));
        const selects = table.select(body) !== undefined;
        const may = mayMention?.(new Uint8Array(body));
        if (selects) selected++;
        if (may === false) spared++;
        expect(selects && may === false).toBe(false);
      }),
      { numRuns: 2_000 },
    );
    expect(selected).toBeGreaterThan(200);
    expect(spared).toBeGreaterThan(50);
  });

  it('takes bodies that are not JSON, and views into larger memory', () => {
    const mayMention = compileRouteMention(expression, ['move']);
    const memory = Buffer.from('"move"{"action":"chat"}"move"');
    expect(mayMention?.(new Uint8Array(memory.buffer, memory.byteOffset + 6, memory.length - 12))).toBe(false);
    expect(mayMention?.(new Uint8Array(0))).toBe(false);
    expect(mayMention?.(Buffer.from([0xff, 0x00]))).toBe(false);
    expect(mayMention?.(Buffer.from('{"action":"m\\u006fve"}'))).toBe(true);
  });

  it.each([
    ['a key that numbers have as their text', expression, ['10']],
    ['a key that starts like a number', expression, ['-1']],
    ['a truth value', expression, ['true']],
    ['null', expression, ['null']],
    ['the text of an array', expression, ['[1, 2]']],
    ['the text of an object', expression, ['{"a":1}']],
    ['a key that is written with an escape', expression, ['a"b']],
    ['a key beyond ASCII', expression, ['größe']],
    ['$default', expression, ['move', '$default']],
    ['an expression of several parts', '${request.body.a}${request.body.b}', ['move']],
    ['many keys', expression, ['a', 'b', 'c', 'd', 'e']],
  ])('is not judged for %s', (_, routeSelectionExpression, routeKeys) => {
    expect(compileRouteMention(routeSelectionExpression, routeKeys)).toBeUndefined();
  });
});
