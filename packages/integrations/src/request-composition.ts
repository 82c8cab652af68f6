import {
  GatewayError,
  type IntegrationDefinition,
  type MappedParameters,
  type MappingSources,
  type TemplateOverrides,
} from '@sluice/contracts';
import { convertOutgoing, toBase64 } from './content-handling.js';
import { failure, type IntegrationFailure, type IntegrationRequest, noBody } from './integration.js';
import { messageBody } from './mapping-sources.js';
import { compileTemplateChoice, isDynamic, type TemplateChoice } from './request-template.js';
import { compileMappings, type Selectors } from './selectors.js';

type Fields = readonly (readonly [name: string, value: string])[];

/** What one request sends to its back end, before it is written down in the form of a protocol. */
export interface RequestParts {
  ok: true;
  body: Uint8Array;
  /** Ours: `body` is the bytes of a binary frame. */
  binary: boolean;
  /** Mapped or set by a template; names as written there, repeated where there are several values. Nothing is checked or
   * encoded yet: values may come from a client. */
  headers: Fields;
  querystring: Fields;
  /** By placeholder name. */
  path: Readonly<Record<string, string>>;
}

/** Body, overrides and mapped parameters of an integration, compiled for one route. */
export interface RequestComposition {
  /** The body goes out as it came and nothing is added: `compose` would have nothing to do. */
  readonly isPlain: boolean;
  /** Whether `compose` looks at its sources; where not, `unusedSources` will do. */
  readonly usesSources: boolean;
  /** Names that `path` may have; undefined where only a request can tell. */
  readonly pathNames: ReadonlySet<string> | undefined;
  /** Never throws: what a template or mapping throws is a failure. */
  compose(request: IntegrationRequest, sources: MappingSources): RequestParts | IntegrationFailure;
}

export interface CompositionOptions {
  /** Proxy integrations have no templates. */
  templates: boolean;
  /** HTTP: `$disconnect` has no body, whatever the template makes (spec 04 §4.5). */
  bodyOnDisconnect: boolean;
}

const notMapped: MappedParameters = { headers: [], querystring: [], path: {} };
const passthrough: TemplateChoice = { kind: 'passthrough' };

/**
 * Compiles what an integration sends (spec 04 §4.5, 06): template or passthrough, then `requestParameters`, then the template's
 * overrides over them, last `contentHandlingStrategy`. Throws `MisconfiguredIntegrationError`.
 */
export function compileRequestComposition(
  definition: IntegrationDefinition,
  selectors: Selectors,
  options: CompositionOptions,
): RequestComposition {
  const choose = options.templates ? compileTemplateChoice(definition, selectors) : () => passthrough;
  const map = compileMappings('requestParameters', definition.requestParameters, selectors.compileParameters);
  const renders = options.templates && isDynamic(definition.requestTemplates);
  const strategy = definition.contentHandlingStrategy;

  function compose(request: IntegrationRequest, sources: MappingSources): RequestParts | IntegrationFailure {
    const choice = choose(messageBody(request));
    const withoutBody = request.kind === 'DISCONNECT' && !options.bodyOnDisconnect;
    if (choice.kind === 'refused' && !withoutBody) {
      return failure('unsupported_media_type', 'passthroughBehavior refuses a body without a template');
    }
    const rendered = choice.kind === 'template' ? choice.render(sources) : undefined;
    const made = rendered === undefined ? givenBody(choice, request) : Buffer.from(rendered.text);
    const binary = isBinary(request, choice);
    const body = withoutBody ? noBody : binary ? convertBinary(made) : convertOutgoing(strategy, made);
    if (body === undefined) return failure('content_conversion_failed', 'CONVERT_TO_BINARY: the body is not base64');
    const mapped = map === undefined ? notMapped : map(sources);
    const { headers, querystring, path } =
      rendered?.overrides === undefined ? mapped : overridden(mapped, rendered.overrides);
    return { ok: true, body, binary: binary && strategy !== 'CONVERT_TO_TEXT', headers, querystring, path };
  }

  function convertBinary(body: Uint8Array): Uint8Array {
    return strategy === 'CONVERT_TO_TEXT' ? toBase64(body) : body;
  }

  return {
    isPlain: !options.templates && map === undefined && strategy === undefined,
    usesSources: renders || map !== undefined,
    pathNames: renders ? undefined : pathNamesOf(definition),
    compose: (request, sources) => {
      try {
        return compose(request, sources);
      } catch (error) {
        return thrownFailure(error);
      }
    },
  };
}

function givenBody(choice: TemplateChoice, request: IntegrationRequest): Uint8Array {
  return choice.kind === 'static' ? choice.body : messageBody(request);
}

/** Only what passes through can be binary: templates make text. */
function isBinary(request: IntegrationRequest, choice: TemplateChoice): boolean {
  return request.kind === 'MESSAGE' && request.binary === true && choice.kind === 'passthrough';
}

const pathPrefix = 'integration.request.path.';

function pathNamesOf(definition: IntegrationDefinition): ReadonlySet<string> {
  const keys = Object.keys(definition.requestParameters ?? {}).filter((key) => key.startsWith(pathPrefix));
  return new Set(keys.map((key) => key.slice(pathPrefix.length)));
}

/** What a template sets replaces what was mapped to the same name (spec 06 §6.4). */
function overridden(
  mapped: MappedParameters,
  overrides: TemplateOverrides,
): Pick<RequestParts, 'headers' | 'querystring' | 'path'> {
  return {
    headers: replaceFields(mapped.headers, overrides.header, (name) => name.toLowerCase()),
    querystring: replaceFields(mapped.querystring, overrides.querystring, (name) => name),
    path: overrides.path.length === 0 ? mapped.path : { ...mapped.path, ...Object.fromEntries(overrides.path) },
  };
}

/** `fields` without those that `replacements` name, and then these; `keyOf` makes names comparable. */
export function replaceFields(fields: Fields, replacements: Fields, keyOf: (name: string) => string): Fields {
  if (replacements.length === 0) return fields;
  const replaced = new Set(replacements.map(([name]) => keyOf(name)));
  return [...fields.filter(([name]) => !replaced.has(keyOf(name))), ...replacements];
}

/** What a template, mapping or expression threw, as the outcome of the call. */
export function thrownFailure(error: unknown): IntegrationFailure {
  if (error instanceof GatewayError) return failure(error.code, error.message);
  return failure('internal', error instanceof Error ? error.message : String(error));
}
