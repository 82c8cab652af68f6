import type { Handshake } from './envelope.js';

/** A value of `$context`: absent members are undefined, never null. */
export type ContextValue = string | number | boolean | ContextVariables | undefined;

/** `$context` as templates, mappings, selection and access logs see it: nested by its dots (spec 06 §6.5, 12 §12.3). */
export interface ContextVariables {
  [name: string]: ContextValue;
}

/**
 * What mapping templates and parameter mappings look at. Made once per request by whoever calls them; `context` is a function
 * because most requests never ask for it, and it is called at most once.
 */
export interface MappingSources {
  /** `$input.body`: the client's message, or in a response template the back end's answer. Empty where there is none. */
  body: Uint8Array;
  /** The client's message for `route.request.body`, also where `body` is the back end's answer. */
  requestBody: Uint8Array;
  /** Header and query of the handshake: `$connect` only. */
  handshake: Handshake | undefined;
  /** How definitions spell header names, by lower case: `$input.params()` shows them so. Unset: the usual spelling. */
  headerSpellings?: ReadonlyMap<string, string> | undefined;
  context: () => ContextVariables;
  stageVariables: Readonly<Record<string, string>>;
}

/** What a rendered template yields besides its text: `$context.requestOverride` and `.responseOverride` (spec 06 §6.4). */
export interface TemplateOverrides {
  header: [name: string, value: string][];
  querystring: [name: string, value: string][];
  path: [name: string, value: string][];
  /** Of a response template: an integer of 100 to 599. */
  status: number | undefined;
}

export interface RenderedTemplate {
  text: string;
  /** Undefined where the template set none. */
  overrides: TemplateOverrides | undefined;
}

/** A mapping template, parsed once. Throws `GatewayError('template_failed')`, with line and reason, when it cannot be rendered. */
export type CompiledTemplate = (sources: MappingSources) => RenderedTemplate;

/** What `requestParameters` of an integration yield for one request. */
export interface MappedParameters {
  /** Names as the definition spells them; a multi-value mapping is several entries. */
  headers: [name: string, value: string][];
  querystring: [name: string, value: string][];
  /** By placeholder name. */
  path: Record<string, string>;
}

/** `requestParameters`, parsed once. A source that yields nothing leaves its parameter out. */
export type CompiledParameters = (sources: MappingSources) => MappedParameters;

/** What `responseParameters` of an integration response may look at. */
export interface ResponseMappingSources extends MappingSources {
  status: number;
  headers: readonly (readonly [name: string, value: string])[];
}

/** `responseParameters`, parsed once: the headers they make. Only `$connect` has a use for them. */
export type CompiledResponseParameters = (sources: ResponseMappingSources) => [name: string, value: string][];
