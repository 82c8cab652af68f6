import { z } from 'zod';
import { fileSchema } from './file-schema.js';

/** The JSON Schema of `sluice.yaml` for editors, from the same description the gateway checks with. */
export function jsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(fileSchema, { io: 'input', target: 'draft-7', override: shorten });
  return { ...schema, title: 'sluice.yaml' };
}

/** Default of a key, as text for `--help`; empty where it has none of its own. */
export function defaultText(path: readonly (string | number)[]): string {
  let node: { properties?: Record<string, object>; default?: unknown } | undefined = jsonSchema();
  for (const segment of path) node = node?.properties?.[String(segment)];
  return node?.default === undefined ? '' : String(node.default);
}

// `prefault({})` shows as `"default": {}`, and integers carry the bounds of a double: neither tells an editor's user anything.
function shorten({ jsonSchema }: { jsonSchema: Record<string, unknown> }): void {
  const { default: value, type } = jsonSchema;
  if (typeof value === 'object' && value !== null && Object.keys(value).length === 0) delete jsonSchema['default'];
  if (type === 'integer' && Math.abs(Number(jsonSchema['minimum'])) === Number.MAX_SAFE_INTEGER)
    delete jsonSchema['minimum'];
}
