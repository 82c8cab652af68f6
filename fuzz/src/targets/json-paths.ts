import { compileJsonPath, InvalidJsonPathError } from '@sluice/templates';
import type { Random } from '../random.js';
import { compiled, type FuzzTarget, must, mustLeavePrototypes } from '../target.js';
import { anyJson, anyName, anyText, mutate } from '../texts.js';

const words = [
  '$',
  '@',
  '..',
  '*',
  '[',
  ']',
  '?(',
  ')',
  '&&',
  '||',
  '!',
  '=~',
  '/(a+)+$/',
  '<',
  '==',
  "'",
  'in',
  ':',
  ',',
];

/** JSONPaths, from a grammar and mutated: refused when compiled, or a value within the budget. */
export const jsonPaths: FuzzTarget = {
  name: 'json-paths',
  open: () => ({
    play(random, note) {
      const written = `$${random.list(5, () => segment(random, 2)).join('')}`;
      const path = random.chance(0.4) ? mutate(random, written, words) : written;
      const json = anyJson(random, 6);
      note(`${path}\n--- on\n${json}`);
      const compiledPath = compiled(() => compileJsonPath(path), InvalidJsonPathError);
      if (compiledPath === undefined) return 'refused';
      const value = valueAt(() => compiledPath.evaluate(JSON.parse(json)));
      mustLeavePrototypes();
      if (value === 'over budget') return value;
      must(typeof value !== 'function' && typeof value !== 'symbol', () => `it yields a ${typeof value}`);
      must(compiledPath.definite || Array.isArray(value), () => 'it is indefinite and yields no list');
      must(!Array.isArray(value) || !value.includes(undefined), () => 'its list holds what is nothing');
      return value === undefined ? 'nowhere' : 'found';
    },
  }),
};

function valueAt(evaluate: () => unknown): unknown {
  try {
    return evaluate();
  } catch (error) {
    // What callers turn into `template_failed`.
    if (error instanceof Error && error.name === 'TemplateFault') return 'over budget';
    throw error;
  }
}

function segment(random: Random, depth: number): string {
  const name = anyName(random);
  switch (random.below(8)) {
    case 0:
      return `.${name}`;
    case 1:
      return `..${random.pick([name, '*', '[0]'])}`;
    case 2:
      return `['${name}'${random.chance(0.3) ? ", 'a'" : ''}]`;
    case 3:
      return `[${random.pick(['0', '-1', '*', '1:3', ':2', '-2:', '::2', '0,1', '99999999999', '1:2:0'])}]`;
    case 4:
      return random.pick(['.*', '[*]', '.length()', '.keys()', '.size()', '.min()']);
    default:
      return `[?(${filter(random, depth)})]`;
  }
}

function filter(random: Random, depth: number): string {
  if (depth > 0 && random.chance(0.4)) {
    const inner = () => filter(random, depth - 1);
    return random.pick([`${inner()} && ${inner()}`, `${inner()} || ${inner()}`, `!(${inner()})`, `(${inner()})`]);
  }
  const operator = random.pick([
    '==',
    '!=',
    '<',
    '<=',
    '>',
    '>=',
    '=~',
    'in',
    'nin',
    'size',
    'contains',
    'empty',
    '===',
  ]);
  return `${operand(random)}${random.chance(0.8) ? ` ${operator} ${operand(random)}` : ''}`;
}

function operand(random: Random): string {
  return random.pick([
    ...['@', '@.a', '@.b.length', '$.a', '$..*', '@[0]', '1', '-1.5', 'true', 'null', '[1, "a"]', '/(a+)+$/i', '/[/'],
    `'${anyText(random, 6).replaceAll("'", '')}'`,
    `@['${anyName(random)}']`,
  ]);
}
