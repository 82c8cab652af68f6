import type { IntegrationDefinition } from '@sluice/contracts';
import type { Selectors } from './http-integration.js';
import {
  failure,
  type IntegrationOutcome,
  type IntegrationRequest,
  noBody,
  noHeaders,
  type PreparedIntegration,
} from './integration.js';
import { type ChosenResponse, compileDefaultResponse, compileResponseChoice } from './integration-response.js';
import { compileTemplateChoice } from './request-template.js';

/**
 * MOCK: the request template yields `{"statusCode": n}`, which selects the integration response, whose template is the answer
 * (spec 04 §4.5). Templates are static, so that each outcome is made once. Throws where it is misconfigured.
 */
export function prepareMock(definition: IntegrationDefinition, selectors: Selectors): PreparedIntegration {
  const chooseTemplate = compileTemplateChoice(definition, selectors.selectTemplateKey);
  const chooseResponse = compileResponseChoice(definition, selectors.selectIntegrationResponse);
  const defaultResponse = compileDefaultResponse(definition);
  const outcomes = new Map<string, IntegrationOutcome>();

  function outcomeOf(template: string): IntegrationOutcome {
    const status = statusCodeOf(template);
    if (status === undefined) {
      return failure('integration_misconfigured', 'the request template yields no statusCode of 200 to 599');
    }
    return answerWith(chooseResponse(status), status);
  }

  function withoutTemplate(request: IntegrationRequest): IntegrationOutcome {
    // A handshake needs a status that somebody chose (spec 01 §1.3); a message gets the default response.
    if (request.kind === 'CONNECT') {
      return failure('integration_misconfigured', 'a MOCK on $connect needs a request template with a statusCode');
    }
    return answerWith(defaultResponse, 200);
  }

  return {
    invoke(request, done) {
      const body = request.kind === 'MESSAGE' ? request.body : noBody;
      const choice = chooseTemplate(body);
      if (choice.kind === 'refused') {
        return done(failure('unsupported_media_type', 'passthroughBehavior refuses a body without a template'));
      }
      if (choice.kind === 'passthrough') return done(withoutTemplate(request));
      let outcome = outcomes.get(choice.text);
      if (outcome === undefined) {
        outcome = outcomeOf(choice.text);
        outcomes.set(choice.text, outcome);
      }
      done(outcome);
    },
  };
}

function answerWith(response: ChosenResponse | undefined, status: number): IntegrationOutcome {
  if (response === undefined) {
    return failure('integration_response_unmapped', `no integration response for status ${status}`);
  }
  const body = response.template === undefined ? noBody : Buffer.from(response.template);
  return { ok: true, status, headers: noHeaders, body };
}

function statusCodeOf(template: string): number | undefined {
  let value: unknown;
  try {
    value = JSON.parse(template);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('statusCode' in value)) return undefined;
  const { statusCode } = value;
  const valid =
    typeof statusCode === 'number' && Number.isInteger(statusCode) && statusCode >= 200 && statusCode <= 599;
  return valid ? statusCode : undefined;
}
