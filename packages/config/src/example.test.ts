import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { jsonSchema } from './json-schema.js';
import { readYamlFile } from './yaml-file.js';

interface Node {
  description?: string;
  properties?: Record<string, Node>;
  additionalProperties?: Node | boolean;
  items?: Node;
  anyOf?: Node[];
}

/** Keys of the schema that no value of the file has. */
function unusedKeys(node: Node, values: unknown[], path = ''): string[] {
  const maps = values.filter((each): each is Record<string, unknown> => typeof each === 'object' && each !== null);
  const at = (name: string) => (path === '' ? name : `${path}.${name}`);
  return [
    ...Object.entries(node.properties ?? {}).flatMap(([name, member]) => {
      const found = maps.filter((map) => Object.hasOwn(map, name)).map((map) => map[name]);
      return found.length === 0 ? [at(name)] : unusedKeys(member, found, at(name));
    }),
    ...(typeof node.additionalProperties === 'object'
      ? unusedKeys(
          node.additionalProperties,
          maps.flatMap((map) => Object.values(map)),
          at('*'),
        )
      : []),
    ...(node.items === undefined ? [] : unusedKeys(node.items, maps.filter(Array.isArray).flat(), `${path}[]`)),
    ...(node.anyOf ?? []).flatMap((branch) => unusedKeys(branch, values, path)),
  ];
}

/** What stands in another place of the example, or would need something else to be there: Redis, files. */
const leftOut = [
  '$schema',
  'apiKeysFile',
  'auth.control',
  'auth.keysFile',
  'aws.credentialsFile',
  'edge.page',
  'redis',
];

/** Paths of the keys that are only accepted because AWS shows them. */
function shownByAws(node: Node, path = ''): Set<string> {
  const at = (name: string) => (path === '' ? name : `${path}.${name}`);
  const found = new Set<string>();
  const add = (more: Set<string>) => {
    for (const each of more) found.add(each);
  };
  for (const [name, member] of Object.entries(node.properties ?? {})) {
    if (member.description?.startsWith('Accepted as AWS shows it')) found.add(at(name));
    add(shownByAws(member, at(name)));
  }
  if (typeof node.additionalProperties === 'object') add(shownByAws(node.additionalProperties, at('*')));
  if (node.items !== undefined) add(shownByAws(node.items, `${path}[]`));
  for (const branch of node.anyOf ?? []) add(shownByAws(branch, path));
  return found;
}

it('aws-api has every key there is', () => {
  const file = fileURLToPath(new URL('../../../examples/aws-api/sluice.yaml', import.meta.url));
  const { content } = readYamlFile(file, 'sluice.yaml');
  const schema = jsonSchema() as Node;
  const inRoute = /^apis\.\*\.routes\.\*\.integration\./;
  const shown = shownByAws(schema);
  const unused = unusedKeys(schema, [content]).filter((key) => !inRoute.test(key) && !shown.has(key));
  expect(unused.sort()).toEqual(leftOut);
});
