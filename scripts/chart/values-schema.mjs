// values.schema.json (draft-07) out of the values and their comments. Keys of known maps are all there are, so that Helm
// refuses a misspelt one at once; `config` has the schema of sluice.yaml itself.

/** @param {import('./values-tree.mjs').ValueNode[]} tree @param {Record<string, unknown>} configSchema that of sluice.yaml */
export function valuesSchema(tree, configSchema) {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Values of the Helm chart sluice',
    ...mapSchema(tree, false, configSchema),
    // A section with nothing in it (`auth:`, its lines commented out) is null in YAML, which takes the defaults away as well.
    required: tree
      .filter(({ children, schema }) => children !== undefined || schema.config === true)
      .map(({ path }) => path[0]),
  };
}

function mapSchema(children, additionalProperties, configSchema) {
  const properties = children.map((child) => [child.path.at(-1), nodeSchema(child, configSchema)]);
  return { type: 'object', additionalProperties, properties: Object.fromEntries(properties) };
}

function nodeSchema({ description, schema, value, children }, configSchema) {
  const text = description === '' ? {} : { description };
  const { open, additional, config, ...given } = schema;
  if (config === true) return { ...text, ...configPart(configSchema) };
  if (children !== undefined) return { ...text, ...mapSchema(children, additional === true, configSchema) };
  const inferred = open === true ? { type: 'object' } : inferredSchema(value, given);
  return { ...text, ...inferred, ...given };
}

function inferredSchema(value, { enum: allowed, type }) {
  if (type !== undefined || allowed !== undefined) return {};
  if (typeof value === 'number') return { type: 'integer', minimum: 0 };
  if (Array.isArray(value)) return { type: 'array' };
  return { type: typeof value };
}

/** `apis` may be missing: the chart fills in what has to be there. */
function configPart({ $schema, title, description, required, ...schema }) {
  return forGo(schema);
}

/**
 * Helm's patterns are Go's, which know neither (?=…) and (?!…) nor thousands of repetitions: such ones are left to the
 * processes, which check everything again.
 */
function forGo(node) {
  if (Array.isArray(node)) return node.map(forGo);
  if (typeof node !== 'object' || node === null) return node;
  const kept = Object.entries(node).filter(([key, value]) => {
    return !(key === 'pattern' && typeof value === 'string' && /\(\?<?[=!]|\{\d*,?\d{4,}\}/.test(value));
  });
  return Object.fromEntries(kept.map(([key, value]) => [key, forGo(value)]));
}
