import { type ContextVariables, contextVariable, GatewayError, type MappingSources } from '@sluice/contracts';
import { InvalidMappingError } from '../invalid-mapping.js';
import { compileJsonPath } from '../json-path/json-path.js';
import { faultReason } from '../values/fault-reason.js';
import { parseJson } from '../values/json-document.js';
import { jsonText } from '../values/value-text.js';
import { handshakeParameters } from './handshake-parameters.js';

/** What the mappings of one request share, so that body, context and handshake are read once at most. */
export class SourceReader {
  private parsed: { root: unknown } | undefined;
  private variables: ContextVariables | undefined;
  private parameters: ReturnType<typeof handshakeParameters> | undefined;

  constructor(
    readonly sources: MappingSources,
    private readonly body: Uint8Array,
  ) {}

  get text(): string {
    return Buffer.from(this.body.buffer, this.body.byteOffset, this.body.byteLength).toString();
  }

  get json(): unknown {
    this.parsed ??= { root: parseJson(this.text) };
    return this.parsed.root;
  }

  get context(): ContextVariables {
    this.variables ??= this.sources.context();
    return this.variables;
  }

  get handshake(): ReturnType<typeof handshakeParameters> {
    this.parameters ??= handshakeParameters(this.sources);
    return this.parameters;
  }
}

/** What a source of a mapping yields: one value, or several with the text that a target for one value gets; undefined for nothing. */
export type MappingValue = string | { values: readonly string[]; single: string } | undefined;
export type ReadSource = (reader: SourceReader) => MappingValue;

/** `{name}` of the grammar (spec 06 §6.1). */
export const namePattern = /^[a-zA-Z0-9._$-]+$/;

/** Names that a header can have. */
export const headerNamePattern = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;

/** Reads a source; what it throws becomes `GatewayError('template_failed')`, which names the mapping by its key. */
export function readChecked<Args extends unknown[]>(
  key: string,
  read: (...args: Args) => MappingValue,
  ...args: Args
): MappingValue {
  try {
    return read(...args);
  } catch (error) {
    throw new GatewayError('template_failed', `${key}: ${faultReason(error)}`, { cause: error });
  }
}

/** The sources that requests and responses share: `context.…`, `stageVariables.…` and `'literal'`; undefined for others. */
export function compileCommonSource(value: string): ReadSource | undefined {
  const literal = /^'([\s\S]*)'$/.exec(value)?.[1];
  if (literal !== undefined) return () => literal;
  const context = nameBehind(value, 'context.');
  if (context !== undefined) {
    return ({ context: variables }) => {
      const found = contextVariable(variables, context);
      return found === undefined ? undefined : String(found);
    };
  }
  const variable = nameBehind(value, 'stageVariables.');
  if (variable === undefined) return undefined;
  return ({ sources: { stageVariables } }) =>
    Object.hasOwn(stageVariables, variable) ? stageVariables[variable] : undefined;
}

/** The name of a source such as `route.request.header.{name}`; undefined where the value is no such source. */
export function nameBehind(value: string, prefix: string): string | undefined {
  if (!value.startsWith(prefix)) return undefined;
  const name = value.slice(prefix.length);
  return namePattern.test(name) ? name : undefined;
}

/**
 * `{prefix}`, `{prefix}.{JSONPath}` and `{prefix}['…']`; undefined where the value is no such source. Throws
 * `InvalidMappingError` for a JSONPath that cannot be read.
 */
export function compileBodySource(key: string, value: string, prefix: string): ReadSource | undefined {
  if (value === prefix) return ({ text }) => (text === '' ? undefined : text);
  if (!value.startsWith(`${prefix}.`) && !value.startsWith(`${prefix}[`)) return undefined;
  const rest = value.slice(prefix.length);
  const path = compilePath(key, value, rest.startsWith('.$') ? rest.slice(1) : `$${rest}`);
  return (reader) => {
    const found = path.evaluate(reader.json);
    if (found === undefined || (!path.definite && Array.isArray(found) && found.length === 0)) return undefined;
    if (Array.isArray(found)) return { values: found.map(valueText), single: jsonText(found) };
    return valueText(found);
  };
}

function compilePath(key: string, value: string, path: string) {
  try {
    return compileJsonPath(path);
  } catch (error) {
    throw new InvalidMappingError(key, value, error instanceof Error ? error.message : String(error));
  }
}

function valueText(value: unknown): string {
  return typeof value === 'string' ? value : jsonText(value);
}

/** All values of a header or query parameter; where one is wanted they are joined as HTTP joins them. */
export function severalValues(values: readonly string[]): MappingValue {
  return values.length === 0 ? undefined : { values, single: values.join(',') };
}

/** What a target gets: one text, or all of them. */
export function valuesFor(value: MappingValue, isMultiValue: boolean): readonly string[] {
  if (value === undefined) return [];
  if (typeof value === 'string') return [value];
  return isMultiValue ? value.values : [value.single];
}

/** What would end a header and begin another has no place in one. */
export function isHeaderText(value: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  return !/[\u0000-\u0008\u000a-\u001f\u007f]/.test(value);
}
