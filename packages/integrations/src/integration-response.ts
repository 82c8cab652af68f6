import type { IntegrationDefinition, IntegrationResponseDefinition, MappingSources } from '@sluice/contracts';
import { convertOutgoing, isBinaryContent, toBase64 } from './content-handling.js';
import { cleanFields } from './header-text.js';
import {
  failure,
  type IntegrationFailure,
  type IntegrationOutcome,
  type IntegrationRequest,
  type IntegrationRoute,
  MisconfiguredIntegrationError,
  noBody,
  noHeaders,
} from './integration.js';
import { messageBody } from './mapping-sources.js';
import { replaceFields, thrownFailure } from './request-composition.js';
import { compileTemplates, type MappingTemplate, staticKey } from './request-template.js';
import { compileOrExplain, type SelectIntegrationResponse, type Selectors } from './selectors.js';

/** What a non-proxy back end said, or what stands for it. */
export interface BackEndAnswer {
  status: number;
  headers: [name: string, value: string][];
  body: Uint8Array;
}

/** The integration responses of a non-proxy integration, compiled for one route (spec 07 §7.3). Nothing here throws. */
export interface ResponseComposition {
  /** Whether the sources are looked at; where not, `unusedSources` will do. */
  readonly usesSources: boolean;
  /** Whether the headers of an answer to a message are looked at; those of `$connect` always are. */
  readonly keepsHeaders: boolean;
  /** Chosen by the status: HTTP, MOCK, AWS services. */
  byStatus(answer: BackEndAnswer, request: IntegrationRequest, sources: MappingSources): IntegrationOutcome;
  /** Chosen by another value, the `errorMessage` of a function; undefined chooses `$default`. */
  byValue(
    value: string | undefined,
    answer: BackEndAnswer,
    request: IntegrationRequest,
    sources: MappingSources,
  ): IntegrationOutcome;
}

type Respond = (answer: BackEndAnswer, request: IntegrationRequest, sources: MappingSources) => IntegrationOutcome;

/**
 * Compiles the integration responses. Where none matches and there is no `$default`, calls end in `integration_response_unmapped`.
 * Throws `MisconfiguredIntegrationError`.
 */
export function compileResponses(
  definition: IntegrationDefinition,
  route: IntegrationRoute,
  selectors: Selectors,
): ResponseComposition {
  const byKey = new Map<string, Respond>();
  for (const response of definition.integrationResponses) {
    if (byKey.has(response.integrationResponseKey)) continue;
    byKey.set(response.integrationResponseKey, compileResponse(response, route, selectors));
  }
  const select = selectors.selectIntegrationResponse ?? compileKeys([...byKey.keys()]);
  const responseFor = (value: string | undefined) =>
    byKey.get((value === undefined ? undefined : select(value)) ?? '$default');
  // Statuses are few: what one selects is found out once.
  const byKnownStatus = new Map<number, Respond | undefined>();
  return {
    usesSources: definition.integrationResponses.some(isRendered),
    keepsHeaders: route.binaryFrames || definition.integrationResponses.some(looksAtHeaders),
    byStatus(answer, request, sources) {
      const { status } = answer;
      let respond = byKnownStatus.get(status);
      if (respond === undefined && !byKnownStatus.has(status)) {
        respond = responseFor(String(status));
        byKnownStatus.set(status, respond);
      }
      return respond === undefined ? unmapped(`status ${status}`, status) : respond(answer, request, sources);
    },
    byValue(value, answer, request, sources) {
      const respond = responseFor(value);
      const what = value === undefined ? 'an answer without an error' : 'this error message';
      return respond === undefined ? unmapped(what, answer.status) : respond(answer, request, sources);
    },
  };
}

function unmapped(what: string, status: number): IntegrationFailure {
  return {
    ...failure('integration_response_unmapped', `no integration response for ${what}`),
    integrationStatus: status,
  };
}

/** Explicit keys in creation order: `/regex/` over the whole value, others compare exactly. */
function compileKeys(keys: string[]): SelectIntegrationResponse {
  const matchers = keys
    .filter((key) => key !== '$default')
    .map((key) => {
      const pattern = /^\/(.*)\/$/s.exec(key)?.[1];
      const expression = pattern === undefined ? undefined : compilePattern(pattern);
      return { key, matches: (value: string) => (expression === undefined ? value === key : expression.test(value)) };
    });
  return (value) => matchers.find((matcher) => matcher.matches(value))?.key;
}

function compilePattern(pattern: string): RegExp {
  try {
    return new RegExp(`^(?:${pattern})$`, 's');
  } catch {
    throw new MisconfiguredIntegrationError(`integrationResponseKey /${pattern}/ is not a regular expression`);
  }
}

function isRendered(response: IntegrationResponseDefinition): boolean {
  const { responseTemplates, responseParameters } = response;
  return Object.values(responseTemplates).some((text) => /[$#]/.test(text)) || responseParameters !== undefined;
}

function looksAtHeaders(response: IntegrationResponseDefinition): boolean {
  return response.templateSelectionExpression !== undefined;
}

type ChooseTemplate = (answer: BackEndAnswer, request: IntegrationRequest) => MappingTemplate | undefined;

function compileResponse(
  response: IntegrationResponseDefinition,
  route: IntegrationRoute,
  selectors: Selectors,
): Respond {
  const choose = compileChoice(response, selectors);
  const mapHeaders = compileHeaders(response, selectors);
  const strategy = response.contentHandlingStrategy;

  function respond(answer: BackEndAnswer, request: IntegrationRequest, sources: MappingSources): IntegrationOutcome {
    const { status } = answer;
    const isConnect = request.kind === 'CONNECT';
    // What nobody reads is not made: the answer to $disconnect, and that to a one-way message.
    if (!isConnect && (request.kind === 'DISCONNECT' || !route.hasRouteResponse)) {
      return { ok: true, status, headers: noHeaders, body: noBody };
    }
    const template = choose(answer, request);
    const passed = strategy === 'CONVERT_TO_TEXT' ? toBase64(answer.body) : answer.body;
    if (template?.kind === 'static' && strategy === undefined && !isConnect) {
      return { ok: true, status, headers: noHeaders, body: template.body };
    }
    const seen = { ...sources, body: passed };
    const rendered = template?.kind === 'template' ? template.render(seen) : undefined;
    const made =
      rendered === undefined ? (template?.kind === 'static' ? template.body : passed) : Buffer.from(rendered.text);
    const body = convertOutgoing(strategy, made);
    if (body === undefined)
      return failed('content_conversion_failed', 'CONVERT_TO_BINARY: the body is not base64', status);
    if (!isConnect) {
      const binary = route.binaryFrames && isBinaryAnswer(template, answer);
      return binary
        ? { ok: true, status, headers: noHeaders, body, binary }
        : { ok: true, status, headers: noHeaders, body };
    }
    const mapped = mapHeaders === undefined ? [] : mapHeaders({ ...seen, status, headers: answer.headers });
    const overrides = rendered?.overrides;
    const headers = cleanFields(replaceFields(mapped, overrides?.header ?? [], (name) => name.toLowerCase()));
    const chosen = overrides?.status;
    if (chosen === undefined || chosen === status) return { ok: true, status, headers, body };
    // A handshake cannot end in an interim answer: the client would go on waiting.
    if (chosen < 200) return failed('template_failed', `responseOverride.status ${chosen} ends no handshake`, status);
    return { ok: true, status: chosen, headers, body, integrationStatus: status };
  }

  function isBinaryAnswer(template: MappingTemplate | undefined, answer: BackEndAnswer): boolean {
    if (strategy !== undefined) return strategy === 'CONVERT_TO_BINARY';
    return template === undefined && isBinaryContent(answer.headers);
  }

  return (answer, request, sources) => {
    try {
      return respond(answer, request, sources);
    } catch (error) {
      return { ...thrownFailure(error), integrationStatus: answer.status };
    }
  };
}

function failed(
  code: 'content_conversion_failed' | 'template_failed',
  detail: string,
  status: number,
): IntegrationFailure {
  return { ...failure(code, detail), integrationStatus: status };
}

function compileHeaders(response: IntegrationResponseDefinition, selectors: Selectors) {
  const { responseParameters } = response;
  if (responseParameters === undefined || Object.keys(responseParameters).length === 0) return undefined;
  const { compileResponseParameters: compile } = selectors;
  if (compile === undefined) throw new MisconfiguredIntegrationError('responseParameters cannot be evaluated');
  return compileOrExplain(() => compile(responseParameters));
}

function compileChoice(response: IntegrationResponseDefinition, selectors: Selectors): ChooseTemplate {
  const member = `integrationResponses.${response.integrationResponseKey}.responseTemplates`;
  const templates = compileTemplates(response.responseTemplates, member, selectors.compileTemplate);
  const [byDefault, json] = [templates.get('$default'), templates.get('application/json')];
  const expression = response.templateSelectionExpression;
  // Without an expression `application/json` comes first, with one `$default` (spec 06 §6.2, 07 §7.3).
  if (expression === undefined) {
    const only = json ?? byDefault;
    return () => only;
  }
  const compile = selectors.compileResponseTemplateKey;
  const keyOf =
    compile === undefined
      ? staticKey('templateSelectionExpression', expression)
      : compileOrExplain(() => compile(expression));
  return ({ status, headers }, request) =>
    templates.get(keyOf({ requestBody: messageBody(request), status, headers })) ?? byDefault ?? json;
}
