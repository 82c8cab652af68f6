import { type CompiledParameters, GatewayError, type MappedParameters } from '@sluice/contracts';
import { InvalidMappingError } from '../invalid-mapping.js';
import { allHeaders, allQueryValues } from './handshake-parameters.js';
import {
  compileBodySource,
  compileCommonSource,
  headerNamePattern,
  isHeaderText,
  nameBehind,
  namePattern,
  type ReadSource,
  readChecked,
  SourceReader,
  severalValues,
  valuesFor,
} from './mapping-source.js';

type TargetKind = 'header' | 'querystring' | 'path';

interface Mapping {
  key: string;
  kind: TargetKind;
  name: string;
  isMultiValue: boolean;
  read: ReadSource;
}

const targets: Record<string, { kind: TargetKind; isMultiValue: boolean }> = {
  header: { kind: 'header', isMultiValue: false },
  multivalueheader: { kind: 'header', isMultiValue: true },
  querystring: { kind: 'querystring', isMultiValue: false },
  multivaluequerystring: { kind: 'querystring', isMultiValue: true },
  path: { kind: 'path', isMultiValue: false },
};

/**
 * Compiles `requestParameters` of an integration (spec 06 §6.1). Throws `InvalidMappingError`. What it gives throws
 * `GatewayError('template_failed')` for a header value with control characters, and for a JSONPath that goes over its bounds.
 */
export function compileParameters(requestParameters: Readonly<Record<string, string>>): CompiledParameters {
  const mappings = Object.entries(requestParameters).map(([key, value]) => compileMapping(key, value));
  return (sources) => {
    const mapped: MappedParameters = { headers: [], querystring: [], path: Object.create(null) };
    if (mappings.length === 0) return mapped;
    const reader = new SourceReader(sources, sources.requestBody);
    for (const mapping of mappings) apply(mapping, reader, mapped);
    return mapped;
  };
}

function apply({ key, kind, name, isMultiValue, read }: Mapping, reader: SourceReader, mapped: MappedParameters): void {
  for (const value of valuesFor(readChecked(key, read, reader), isMultiValue)) {
    if (kind === 'path') mapped.path[name] = value;
    else if (kind === 'querystring') mapped.querystring.push([name, value]);
    else if (isHeaderText(value)) mapped.headers.push([name, value]);
    else throw new GatewayError('template_failed', `${key}: the value has control characters`);
  }
}

function compileMapping(key: string, value: string): Mapping {
  const match = /^integration\.request\.([a-z]+)\.([\s\S]+)$/.exec(key);
  const target = match?.[1] !== undefined && Object.hasOwn(targets, match[1]) ? targets[match[1]] : undefined;
  const name = match?.[2] ?? '';
  if (target === undefined || !namePattern.test(name)) {
    throw new InvalidMappingError(
      key,
      value,
      `a key is integration.request.{${Object.keys(targets).join('|')}}.{name}, the name of ${namePattern.source}`,
    );
  }
  if (target.kind === 'header' && !headerNamePattern.test(name)) {
    throw new InvalidMappingError(key, value, 'this is no name of a header');
  }
  return { key, name, ...target, read: compileSource(key, value) };
}

function compileSource(key: string, value: string): ReadSource {
  const source =
    compileCommonSource(value) ?? compileHandshakeSource(value) ?? compileBodySource(key, value, 'route.request.body');
  if (source !== undefined) return source;
  throw new InvalidMappingError(
    key,
    value,
    "a value is route.request.{header|multivalueheader|querystring|multivaluequerystring}.{name}, route.request.body, route.request.body.{JSONPath}, context.{variable}, stageVariables.{name} or a 'literal' in single quotes",
  );
}

function compileHandshakeSource(value: string): ReadSource | undefined {
  const header = nameBehind(value, 'route.request.header.');
  if (header !== undefined) return ({ handshake }) => handshake.header.get(header);
  const headers = nameBehind(value, 'route.request.multivalueheader.');
  if (headers !== undefined) return ({ sources }) => severalValues(allHeaders(sources.handshake, headers));
  const query = nameBehind(value, 'route.request.querystring.');
  if (query !== undefined) return ({ handshake }) => handshake.querystring.get(query);
  const queries = nameBehind(value, 'route.request.multivaluequerystring.');
  if (queries === undefined) return undefined;
  return ({ sources }) => severalValues(allQueryValues(sources.handshake, queries));
}
