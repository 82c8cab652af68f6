import type { IntegrationResponseDefinition, MappingSources, RenderedTemplate } from '@sluice/contracts';
import { convertOutgoing, isBinaryContent, toBase64 } from './content-handling.js';
import { cleanFields } from './header-text.js';
import {
  failure,
  type IntegrationFailure,
  type IntegrationOutcome,
  type IntegrationRequest,
  type IntegrationRoute,
  noBody,
  noHeaders,
} from './integration.js';
import { messageBody } from './mapping-sources.js';
import { replaceFields, thrownFailure } from './request-composition.js';
import { compileTemplates, type MappingTemplate, staticKey } from './request-template.js';
import { compileMappings, compileOrExplain, type Selectors } from './selectors.js';

/** What a non-proxy back end said, or what stands for it. */
export interface BackEndAnswer {
  status: number;
  headers: [name: string, value: string][];
  body: Uint8Array;
}

/** Makes the outcome of a call from the back end's answer. Does not throw. */
export type Respond = (
  answer: BackEndAnswer,
  request: IntegrationRequest,
  sources: MappingSources,
) => IntegrationOutcome;

/**
 * Compiles one integration response (spec 07 §7.3, 06 §6.6). `CONVERT_TO_TEXT` comes before its template, which then sees base64 text
 * as `$input.body`, `CONVERT_TO_BINARY` behind it. Throws `MisconfiguredIntegrationError`.
 */
export function compileResponse(
  response: IntegrationResponseDefinition,
  route: IntegrationRoute,
  selectors: Selectors,
): Respond {
  const choose = compileChoice(response, selectors);
  const { responseParameters } = response;
  const mapHeaders = compileMappings('responseParameters', responseParameters, selectors.compileResponseParameters);
  const strategy = response.contentHandlingStrategy;

  function respond(answer: BackEndAnswer, request: IntegrationRequest, sources: MappingSources): IntegrationOutcome {
    const { status } = answer;
    const isConnect = request.kind === 'CONNECT';
    // What nobody reads is not made: the answer to $disconnect, and that to a one-way message.
    if (!isConnect && (request.kind === 'DISCONNECT' || !route.hasRouteResponse)) {
      return { ok: true, status, headers: noHeaders, body: noBody };
    }
    const template = choose(answer, request);
    const seen = strategy === 'CONVERT_TO_TEXT' ? toBase64(answer.body) : answer.body;
    const rendered = template?.kind === 'template' ? template.render(answered(sources, status, seen)) : undefined;
    const body = convertOutgoing(strategy, madeBody(template, rendered, seen));
    if (body === undefined) {
      return failed('content_conversion_failed', 'CONVERT_TO_BINARY: the body is not base64', status);
    }
    if (!isConnect) {
      const outcome: IntegrationOutcome = { ok: true, status, headers: noHeaders, body };
      if (route.binaryFrames && isBinaryAnswer(template, answer)) outcome.binary = true;
      return outcome;
    }
    const mapped =
      mapHeaders === undefined
        ? []
        : mapHeaders({ ...answered(sources, status, seen), status, headers: answer.headers });
    return handshakeOutcome(status, mapped, rendered, body);
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

/** What is looked at once the back end has answered; `$context` then knows its status (spec 12 §12.3). */
function answered(sources: MappingSources, status: number, body: Uint8Array): MappingSources {
  const ofAnswer = { status, integrationStatus: status, integration: { status, integrationStatus: status } };
  return { ...sources, body, context: () => ({ ...sources.context(), ...ofAnswer }) };
}

function madeBody(
  template: MappingTemplate | undefined,
  rendered: RenderedTemplate | undefined,
  passed: Uint8Array,
): Uint8Array {
  if (rendered !== undefined) return Buffer.from(rendered.text);
  return template?.kind === 'static' ? template.body : passed;
}

/** The answer to a held upgrade: mapped headers, then what the template sets over them and over the status. */
function handshakeOutcome(
  status: number,
  mapped: [name: string, value: string][],
  rendered: RenderedTemplate | undefined,
  body: Uint8Array,
): IntegrationOutcome {
  const overrides = rendered?.overrides;
  const headers = cleanFields(replaceFields(mapped, overrides?.header ?? [], (name) => name.toLowerCase()));
  const chosen = overrides?.status;
  if (chosen === undefined || chosen === status) return { ok: true, status, headers, body };
  // A handshake cannot end in an interim answer: the client would go on waiting.
  if (chosen < 200) return failed('template_failed', `responseOverride.status ${chosen} ends no handshake`, status);
  return { ok: true, status: chosen, headers, body, integrationStatus: status };
}

function failed(
  code: 'content_conversion_failed' | 'template_failed',
  detail: string,
  status: number,
): IntegrationFailure {
  return { ...failure(code, detail), integrationStatus: status };
}

type ChooseTemplate = (answer: BackEndAnswer, request: IntegrationRequest) => MappingTemplate | undefined;

function compileChoice(response: IntegrationResponseDefinition, selectors: Selectors): ChooseTemplate {
  const member = `integrationResponses.${response.integrationResponseKey}.responseTemplates`;
  const templates = compileTemplates(response.responseTemplates, member, 'response', selectors);
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
