// OpenAPI descriptions of Kubernetes, and CRDs, as strict JSON Schemas: a field that is not described is an error, as with
// `kubectl apply --validate=strict`. Pure: data in, file names and schemas out.

const prefix = '#/definitions/';
const quantity = 'io.k8s.apimachinery.pkg.api.resource.Quantity';
const intOrString = { oneOf: [{ type: 'string' }, { type: 'integer' }] };

/** @returns {[name: string, schema: object][]} one for each kind, with the definitions it refers to */
export function kubernetesSchemas({ definitions }) {
  const strict = Object.fromEntries(Object.entries(definitions).map(([name, each]) => [name, strictSchema(each)]));
  // A number is taken for a quantity too (`cpu: 1`), which the description does not say.
  strict[quantity] = { oneOf: [{ type: 'string' }, { type: 'number' }] };
  return Object.entries(definitions).flatMap(([name, { properties, 'x-kubernetes-group-version-kind': kinds }]) => {
    // What is sent as an object of its own has metadata; options of calls are described too.
    if (kinds?.length !== 1 || properties?.metadata === undefined || properties.items !== undefined) return [];
    const [{ group, version, kind }] = kinds;
    const schema = { ...strict[name], definitions: reachable(strict, name) };
    return [[fileName(kind, group, version), withKind(schema, group, version, kind)]];
  });
}

/** @returns {[name: string, schema: object][]} one for each version that is served */
export function crdSchemas({ spec: { group, names, versions } }) {
  return versions
    .filter(({ served }) => served)
    .map(({ name, schema }) => {
      const strict = strictSchema(schema.openAPIV3Schema);
      // Of the metadata a CRD says only that it is an object.
      const properties = { ...strict.properties, metadata: { type: 'object' } };
      return [fileName(names.kind, group, name), withKind({ ...strict, properties }, group, name, names.kind)];
    });
}

/** As kubeconform asks for it with `{{.ResourceKind}}{{.KindSuffix}}`: only the first part of a group. */
function fileName(kind, group, version) {
  const suffix = group === '' ? version : `${group.split('.')[0]}-${version}`;
  return `${kind.toLowerCase()}-${suffix}.json`;
}

function withKind(schema, group, version, kind) {
  const apiVersion = group === '' ? version : `${group}/${version}`;
  const properties = { ...schema.properties, apiVersion: { enum: [apiVersion] }, kind: { enum: [kind] } };
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    ...schema,
    properties,
    required: [...new Set([...(schema.required ?? []), 'apiVersion', 'kind', 'metadata'])],
  };
}

function strictSchema(node) {
  if (Array.isArray(node)) return node.map(strictSchema);
  if (typeof node !== 'object' || node === null) return node;
  if (node['x-kubernetes-int-or-string'] === true || node.format === 'int-or-string') return intOrString;
  const { properties, format, description, default: _default, ...rest } = node;
  const members = Object.entries(rest).filter(([key]) => !key.startsWith('x-kubernetes-'));
  const strict = Object.fromEntries(members.map(([key, value]) => [key, strictSchema(value)]));
  if (properties === undefined) return strict;
  strict.properties = Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, strictSchema(each)]));
  const open = node['x-kubernetes-preserve-unknown-fields'] === true || node.additionalProperties !== undefined;
  // Branches of anyOf and oneOf describe parts of the same object: only what has a type is an object of its own.
  if (!open && node.type === 'object') strict.additionalProperties = false;
  return strict;
}

function reachable(definitions, name, found = {}) {
  const visit = (node) => {
    if (typeof node !== 'object' || node === null) return;
    const target = typeof node.$ref === 'string' ? node.$ref.slice(prefix.length) : undefined;
    if (target !== undefined && found[target] === undefined) {
      found[target] = definitions[target];
      visit(definitions[target]);
    }
    for (const value of Object.values(node)) visit(value);
  };
  visit(definitions[name]);
  return found;
}
