import type {
  CompiledParameters,
  CompiledResponseParameters,
  CompiledTemplate,
  IntegrationDefinition,
  IntegrationResponseDefinition,
} from '@sluice/contracts';
import type { AnswerExpectation } from './fast-lane/answer-reader.js';
import {
  failure,
  type IntegrationDone,
  type IntegrationOutcome,
  type IntegrationRequest,
  type IntegrationRoute,
  noBody,
  noHeaders,
  type PreparedIntegration,
} from './integration.js';
import { compileResponseChoice, type ResponseSelectors } from './integration-response.js';
import { type IntegrationTarget, resolveTarget } from './integration-target.js';
import { RequestHead } from './request-head.js';
import { compileTemplateChoice, type SelectTemplateKey } from './request-template.js';
import type { Transport } from './transport.js';

/** Compilers and evaluators of what packages beside this one know; the router hands them over. Each compiler throws for bad text. */
export interface Selectors extends ResponseSelectors {
  selectTemplateKey?: SelectTemplateKey;
  /** `place` names the template in errors, `requestTemplates.$default`. */
  compileTemplate?: (text: string, place: string) => CompiledTemplate;
  compileParameters?: (requestParameters: Readonly<Record<string, string>>) => CompiledParameters;
  compileResponseParameters?: (responseParameters: Readonly<Record<string, string>>) => CompiledResponseParameters;
}

type OpenTransport = (target: IntegrationTarget) => Transport;

/** HTTP_PROXY: the message as it is, the answer as it comes (spec 04 §4.5, 07 §7.2). Throws where it is misconfigured. */
export function prepareHttpProxy(
  definition: IntegrationDefinition,
  route: IntegrationRoute,
  open: OpenTransport,
): PreparedIntegration {
  const call = prepareCall(definition, route, open, true);
  return {
    invoke: (request, done) => call(request, request.kind === 'MESSAGE' ? request.body : noBody, done),
  };
}

/** HTTP: body from a template, answer through the integration responses (spec 07 §7.3). Throws where it is misconfigured. */
export function prepareHttp(
  definition: IntegrationDefinition,
  route: IntegrationRoute,
  open: OpenTransport,
  selectors: Selectors,
): PreparedIntegration {
  const call = prepareCall(definition, route, open, false);
  const chooseTemplate = compileTemplateChoice(definition, selectors.selectTemplateKey);
  const chooseResponse = compileResponseChoice(definition, selectors);
  const respond = (requestBody: Uint8Array, outcome: IntegrationOutcome): IntegrationOutcome => {
    if (!outcome.ok) return outcome;
    const { status, headers, body } = outcome;
    const response = chooseResponse(status);
    if (response === undefined) {
      return failure('integration_response_unmapped', `no integration response for status ${status}`);
    }
    // Headers of a non-proxy back end reach nobody unless responseParameters map them.
    return { ok: true, status, headers: noHeaders, body: response({ requestBody, status, headers }) ?? body };
  };
  return {
    invoke(request, done) {
      const body = request.kind === 'MESSAGE' ? request.body : noBody;
      const answered: IntegrationDone = (outcome) => done(respond(body, outcome));
      if (request.kind === 'DISCONNECT') return call(request, noBody, answered);
      const choice = chooseTemplate(body);
      if (choice.kind === 'refused') {
        return done(failure('unsupported_media_type', 'passthroughBehavior refuses a body without a template'));
      }
      call(request, choice.kind === 'template' ? choice.body : body, answered);
    },
  };
}

/** Sends one request of this integration. */
type Call = (request: IntegrationRequest, body: Uint8Array, done: IntegrationDone) => void;

function prepareCall(
  definition: IntegrationDefinition,
  route: IntegrationRoute,
  open: OpenTransport,
  proxied: boolean,
): Call {
  const target = resolveTarget(definition, route.stageVariables);
  const transport = open(target);
  const requestHead = new RequestHead(target, route, proxied);
  const { timeoutMs } = target;
  const headOnly = target.method === 'HEAD';
  // The expression that chooses a response template may ask for a header.
  const keepHeaders = !proxied && definition.integrationResponses.some(hasExpression);
  const forMessage: AnswerExpectation = { headOnly, keepHeaders, keepBody: route.hasRouteResponse };
  const forConnect: AnswerExpectation = { headOnly, keepHeaders: true, keepBody: true };
  return (request, body, done) => {
    const head = requestHead.render(request, body.length);
    const expectation = request.kind === 'CONNECT' ? forConnect : forMessage;
    transport.send({ head, body, timeoutMs, expectation }, done);
  };
}

function hasExpression(response: IntegrationResponseDefinition): boolean {
  return response.templateSelectionExpression !== undefined;
}
