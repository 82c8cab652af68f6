import type { IntegrationDefinition, MappingSources } from '@sluice/contracts';
import {
  failure,
  type IntegrationOutcome,
  type IntegrationRequest,
  type IntegrationRoute,
  noBody,
  noHeaders,
  type PreparedIntegration,
} from './integration.js';
import { compileResponses } from './integration-response.js';
import { mappingSources, messageBody, unusedSources } from './mapping-sources.js';
import { thrownFailure } from './request-composition.js';
import { compileTemplateChoice, isDynamic, type MappingTemplate, type TemplateChoice } from './request-template.js';
import type { Selectors } from './selectors.js';

/**
 * MOCK: the request template yields `{"statusCode": n}`, which selects the integration response, whose template is the answer
 * (spec 04 §4.5). Static templates are parsed once. Throws where it is misconfigured.
 */
export function prepareMock(
  definition: IntegrationDefinition,
  route: IntegrationRoute,
  selectors: Selectors,
): PreparedIntegration {
  const choose = compileTemplateChoice(definition, selectors);
  const responses = compileResponses(definition, route, selectors);
  const usesSources = responses.usesSources || isDynamic(definition.requestTemplates);
  const statusOf = templateStatus();

  function answer(request: IntegrationRequest, choice: TemplateChoice, sources: MappingSources): IntegrationOutcome {
    if (choice.kind === 'refused') {
      return failure('unsupported_media_type', 'passthroughBehavior refuses a body without a template');
    }
    if (choice.kind === 'passthrough') {
      // A handshake needs a status that somebody chose (spec 01 §1.3); a message gets the default response.
      if (request.kind === 'CONNECT') {
        return failure('integration_misconfigured', 'a MOCK on $connect needs a request template with a statusCode');
      }
      return responses.byValue(undefined, { status: 200, headers: noHeaders, body: noBody }, request, sources);
    }
    const status = statusOf(choice, sources);
    if (status === undefined) {
      return failure('integration_misconfigured', 'the request template yields no statusCode of 200 to 599');
    }
    return responses.byStatus({ status, headers: noHeaders, body: noBody }, request, sources);
  }

  return {
    invoke(request, done) {
      const sources = usesSources ? mappingSources(request, route) : unusedSources;
      let outcome: IntegrationOutcome;
      try {
        outcome = answer(request, choose(messageBody(request)), sources);
      } catch (error) {
        outcome = thrownFailure(error);
      }
      done(outcome);
    },
  };
}

/** The `statusCode` that a template yields, undefined for none. What a static template yields is found out once. */
function templateStatus(): (template: MappingTemplate, sources: MappingSources) => number | undefined {
  const known = new Map<MappingTemplate, number | undefined>();
  return (template, sources) => {
    if (template.kind === 'template') return statusCodeOf(template.render(sources).text);
    if (!known.has(template)) known.set(template, statusCodeOf(Buffer.from(template.body).toString()));
    return known.get(template);
  };
}

function statusCodeOf(text: string): number | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('statusCode' in value)) return undefined;
  const { statusCode } = value;
  const valid =
    typeof statusCode === 'number' && Number.isInteger(statusCode) && statusCode >= 200 && statusCode <= 599;
  return valid ? statusCode : undefined;
}
