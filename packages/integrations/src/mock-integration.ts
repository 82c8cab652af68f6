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
import { compileDefaultResponse, compileResponseChoice, type RespondFrom } from './integration-response.js';
import { compileTemplateChoice } from './request-template.js';

/**
 * MOCK: the request template yields `{"statusCode": n}`, which selects the integration response, whose template is the answer
 * (spec 04 §4.5). Templates are static, so that each is parsed once. Throws where it is misconfigured.
 */
export function prepareMock(definition: IntegrationDefinition, selectors: Selectors): PreparedIntegration {
  const chooseTemplate = compileTemplateChoice(definition, selectors.selectTemplateKey);
  const chooseResponse = compileResponseChoice(definition, selectors);
  const defaultResponse = compileDefaultResponse(definition, selectors);
  const statuses = new Map<Uint8Array, number | undefined>();

  function fromTemplate(template: Uint8Array, requestBody: Uint8Array): IntegrationOutcome {
    if (!statuses.has(template)) statuses.set(template, statusCodeOf(template));
    const status = statuses.get(template);
    if (status === undefined) {
      return failure('integration_misconfigured', 'the request template yields no statusCode of 200 to 599');
    }
    return answerWith(chooseResponse(status), status, requestBody);
  }

  function withoutTemplate(request: IntegrationRequest, requestBody: Uint8Array): IntegrationOutcome {
    // A handshake needs a status that somebody chose (spec 01 §1.3); a message gets the default response.
    if (request.kind === 'CONNECT') {
      return failure('integration_misconfigured', 'a MOCK on $connect needs a request template with a statusCode');
    }
    return answerWith(defaultResponse, 200, requestBody);
  }

  return {
    invoke(request, done) {
      const body = request.kind === 'MESSAGE' ? request.body : noBody;
      const choice = chooseTemplate(body);
      if (choice.kind === 'refused') {
        return done(failure('unsupported_media_type', 'passthroughBehavior refuses a body without a template'));
      }
      done(choice.kind === 'template' ? fromTemplate(choice.body, body) : withoutTemplate(request, body));
    },
  };
}

function answerWith(response: RespondFrom | undefined, status: number, requestBody: Uint8Array): IntegrationOutcome {
  if (response === undefined) {
    return failure('integration_response_unmapped', `no integration response for status ${status}`);
  }
  const body = response({ requestBody, status, headers: noHeaders }) ?? noBody;
  return { ok: true, status, headers: noHeaders, body };
}

function statusCodeOf(template: Uint8Array): number | undefined {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(template).toString());
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('statusCode' in value)) return undefined;
  const { statusCode } = value;
  const valid =
    typeof statusCode === 'number' && Number.isInteger(statusCode) && statusCode >= 200 && statusCode <= 599;
  return valid ? statusCode : undefined;
}
