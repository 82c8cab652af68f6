import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
// @ts-expect-error plain JavaScript, like all scripts
import { withValuesTable } from './values-page.mjs';
// @ts-expect-error plain JavaScript, like all scripts
import { valuesSchema } from './values-schema.mjs';
// @ts-expect-error plain JavaScript, like all scripts
import { readValuesTree } from './values-tree.mjs';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const wayOut = 'run `npm run chart` and commit what it writes';
const tree = readValuesTree(read('deploy/helm/sluice/values.yaml'));

it("the chart's values.schema.json is up to date", () => {
  const schema = valuesSchema(tree, JSON.parse(read('packages/config/sluice.schema.json')));
  expect(JSON.parse(read('deploy/helm/sluice/values.schema.json')), wayOut).toEqual(schema);
});

it("the table of values in the chart's README.md is up to date", () => {
  const page = read('deploy/helm/sluice/README.md');
  expect(page, wayOut).toBe(withValuesTable(page, tree));
});

it('a value without a description, and an empty map of which nobody says what it takes, are refused', () => {
  expect(() => readValuesTree('a: 1\n')).toThrow('a has no description');
  expect(() => readValuesTree('# -- What it is.\na:\n  b: 1\n')).toThrow('a.b has no description');
  expect(() => readValuesTree('# -- What it is.\na: {}\n')).toThrow('a is an empty map');
});

it('known maps are closed, open ones and those shared with other charts are not', () => {
  const text = [
    '# @schema {additional: true}',
    'global:',
    '  # -- One.',
    '  registry: ""',
    'edge:',
    '  # -- Two lines,',
    '  # one text.',
    '  # @schema {minimum: 1}',
    '  count: 2',
    '  # -- Labels.',
    '  # @schema {open: true}',
    '  labels:',
    '    inside: 1',
  ].join('\n');
  const { properties, additionalProperties } = valuesSchema(readValuesTree(text), { type: 'object' });
  expect([additionalProperties, properties.global.additionalProperties]).toEqual([false, true]);
  expect(properties.edge).toEqual({
    type: 'object',
    additionalProperties: false,
    properties: {
      count: { description: 'Two lines, one text.', type: 'integer', minimum: 1 },
      labels: { description: 'Labels.', type: 'object' },
    },
  });
});

it('patterns that Go cannot compile are left to the processes', () => {
  const config = {
    type: 'object',
    required: ['apis'],
    properties: { a: { pattern: '^(?!x)y' }, b: { pattern: '^x{1,2000}$' }, c: { pattern: '^x{1,999}$' } },
  };
  const tree = readValuesTree('# -- The file.\n# @schema {config: true}\nconfig: {}\n');
  expect(valuesSchema(tree, config).properties.config).toEqual({
    description: 'The file.',
    type: 'object',
    properties: { a: {}, b: {}, c: { pattern: '^x{1,999}$' } },
  });
});
