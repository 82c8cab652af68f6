import { type CompiledResponseParameters, GatewayError, type ResponseMappingSources } from '@sluice/contracts';
import { InvalidMappingError } from '../invalid-mapping.js';
import {
  compileBodySource,
  compileCommonSource,
  headerNamePattern,
  isHeaderText,
  type MappingValue,
  nameBehind,
  type ReadSource,
  readChecked,
  SourceReader,
  severalValues,
  valuesFor,
} from './mapping-source.js';

const multiValueHeader = 'integration.response.multivalueheader.';

type ReadResponse = (reader: SourceReader, headers: ResponseMappingSources['headers']) => MappingValue;

/**
 * Compiles `responseParameters` of an integration response: headers of the handshake's answer (spec 07 §7.3). Throws
 * `InvalidMappingError`. What it gives throws `GatewayError('template_failed')` as that of `compileParameters` does.
 */
export function compileResponseParameters(
  responseParameters: Readonly<Record<string, string>>,
): CompiledResponseParameters {
  const mappings = Object.entries(responseParameters).map(([key, value]) => ({
    key,
    name: headerName(key, value),
    isMultiValue: value.startsWith(multiValueHeader),
    read: compileSource(key, value),
  }));
  return (sources) => {
    const mapped: [name: string, value: string][] = [];
    if (mappings.length === 0) return mapped;
    const reader = new SourceReader(sources, sources.body);
    for (const { key, name, isMultiValue, read } of mappings) {
      // A header repeats where the back end repeated it.
      for (const value of valuesFor(readChecked(key, read, reader, sources.headers), isMultiValue)) {
        if (!isHeaderText(value)) throw new GatewayError('template_failed', `${key}: the value has control characters`);
        mapped.push([name, value]);
      }
    }
    return mapped;
  };
}

function headerName(key: string, value: string): string {
  const name = nameBehind(key, 'method.response.header.');
  if (name === undefined || !headerNamePattern.test(name)) {
    throw new InvalidMappingError(key, value, 'a key is method.response.header.{name}');
  }
  return name;
}

function compileSource(key: string, value: string): ReadResponse {
  const common: ReadSource | undefined =
    compileCommonSource(value) ?? compileBodySource(key, value, 'integration.response.body');
  if (common !== undefined) return common;
  const header = nameBehind(value, 'integration.response.header.')?.toLowerCase();
  if (header !== undefined) return (_, headers) => headers.find(([name]) => name.toLowerCase() === header)?.[1];
  const all = nameBehind(value, multiValueHeader)?.toLowerCase();
  if (all !== undefined) {
    return (_, headers) =>
      severalValues(headers.filter(([name]) => name.toLowerCase() === all).map(([, each]) => each));
  }
  throw new InvalidMappingError(
    key,
    value,
    "a value is integration.response.{header|multivalueheader}.{name}, integration.response.body, integration.response.body.{JSONPath}, context.{variable}, stageVariables.{name} or a 'literal' in single quotes",
  );
}
