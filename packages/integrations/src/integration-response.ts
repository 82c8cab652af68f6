import type { IntegrationDefinition, IntegrationResponseDefinition, MappingSources } from '@sluice/contracts';
import {
  failure,
  type IntegrationFailure,
  type IntegrationOutcome,
  type IntegrationRequest,
  type IntegrationRoute,
  MisconfiguredIntegrationError,
} from './integration.js';
import { isDynamic } from './request-template.js';
import { type BackEndAnswer, compileResponse, type Respond } from './response-rendering.js';
import type { SelectIntegrationResponse, Selectors } from './selectors.js';

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
  return isDynamic(responseTemplates) || responseParameters !== undefined;
}

function looksAtHeaders(response: IntegrationResponseDefinition): boolean {
  return response.templateSelectionExpression !== undefined;
}
