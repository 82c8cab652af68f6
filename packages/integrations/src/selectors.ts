import type { CompiledParameters, CompiledResponseParameters, CompiledTemplate } from '@sluice/contracts';
import { MisconfiguredIntegrationError } from './integration.js';

/** Compiled `templateSelectionExpression` of an integration: the key it yields for a request body, undefined for none. */
export type SelectTemplateKey = (body: Uint8Array) => string | undefined;

/** Compiled choice of an integration response: the key that a value (a status, an error message) selects. */
export type SelectIntegrationResponse = (value: string) => string | undefined;

/** What the expression that chooses a response template may look at. */
export interface ResponseSources {
  /** The client's message; empty for `$connect` and `$disconnect`. */
  requestBody: Uint8Array;
  status: number;
  /** Of the back end; none for MOCK. */
  headers: [name: string, value: string][];
}

/** Compiles the `templateSelectionExpression` of an integration response; may throw for one that is not valid. */
export type CompileResponseTemplateKey = (expression: string) => (sources: ResponseSources) => string;

/** A request template can set `$context.requestOverride`, a response template `$context.responseOverride` (spec 06 §6.4). */
export type TemplateKind = 'request' | 'response';

/** Compilers and evaluators of what packages beside this one know; the router hands them over. Each compiler throws for bad text. */
export interface Selectors {
  selectTemplateKey?: SelectTemplateKey;
  selectIntegrationResponse?: SelectIntegrationResponse;
  compileResponseTemplateKey?: CompileResponseTemplateKey;
  /** `place` names the template in errors, `requestTemplates.$default`; `kind` says which overrides it can make. */
  compileTemplate?: (text: string, place: string, kind: TemplateKind) => CompiledTemplate;
  compileParameters?: (requestParameters: Readonly<Record<string, string>>) => CompiledParameters;
  compileResponseParameters?: (responseParameters: Readonly<Record<string, string>>) => CompiledResponseParameters;
}

/** Runs a compiler; whatever it throws becomes a `MisconfiguredIntegrationError` with its reason. */
export function compileOrExplain<T>(compile: () => T): T {
  try {
    return compile();
  } catch (error) {
    if (error instanceof MisconfiguredIntegrationError) throw error;
    throw new MisconfiguredIntegrationError(error instanceof Error ? error.message : String(error));
  }
}

/** Compiles the parameter mappings of a member of a definition; undefined where it has none. Throws `MisconfiguredIntegrationError`. */
export function compileMappings<T>(
  member: string,
  mappings: Readonly<Record<string, string>> | undefined,
  compile: ((mappings: Readonly<Record<string, string>>) => T) | undefined,
): T | undefined {
  if (mappings === undefined || Object.keys(mappings).length === 0) return undefined;
  if (compile === undefined) throw new MisconfiguredIntegrationError(`${member} cannot be evaluated`);
  return compileOrExplain(() => compile(mappings));
}
