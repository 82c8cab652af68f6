import type { IntegrationDefinition, IntegrationResponseDefinition } from '@sluice/contracts';
import { MisconfiguredIntegrationError } from './integration.js';
import { assertStatic, staticKey } from './request-template.js';

/** Compiled choice of an integration response: the key that a value (a status, an error message) selects. */
export type SelectIntegrationResponse = (value: string) => string | undefined;

export interface ChosenResponse {
  /** Text of the reply; undefined where the body of the back end is passed through. */
  template: string | undefined;
}

/**
 * Compiles the integration responses of a non-proxy integration (spec 07 §7.3) into a function from status to response;
 * undefined where none matches and there is no `$default`. `fallback` is the `$default` response itself. Throws
 * `MisconfiguredIntegrationError`.
 */
export function compileResponseChoice(
  definition: IntegrationDefinition,
  selectKey?: SelectIntegrationResponse,
): (status: number) => ChosenResponse | undefined {
  const byKey = new Map<string, (status: number) => ChosenResponse>();
  for (const response of definition.integrationResponses) {
    if (!byKey.has(response.integrationResponseKey))
      byKey.set(response.integrationResponseKey, compileTemplate(response));
  }
  const select = selectKey ?? compileKeys([...byKey.keys()]);
  // Statuses are few: what one selects is found out once.
  const known = new Map<number, ChosenResponse | undefined>();
  return (status) => {
    if (known.has(status)) return known.get(status);
    const key = select(String(status)) ?? '$default';
    const chosen = byKey.get(key)?.(status);
    known.set(status, chosen);
    return chosen;
  };
}

/** The `$default` integration response, for a MOCK without a request template. */
export function compileDefaultResponse(definition: IntegrationDefinition): ChosenResponse | undefined {
  const response = definition.integrationResponses.find((each) => each.integrationResponseKey === '$default');
  return response === undefined ? undefined : compileTemplate(response)(200);
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

function compileTemplate(response: IntegrationResponseDefinition): (status: number) => ChosenResponse {
  const { responseTemplates: templates, templateSelectionExpression: expression } = response;
  for (const [key, text] of Object.entries(templates)) assertStatic(`responseTemplates.${key}`, text);
  const at = (key: string): string | undefined => (Object.hasOwn(templates, key) ? templates[key] : undefined);
  const byStatus =
    expression !== undefined &&
    /^\$(?:integration\.response\.statuscode|\{integration\.response\.statuscode\})$/.test(expression);
  const key = expression === undefined || byStatus ? undefined : staticKey('templateSelectionExpression', expression)();
  return (status) => {
    const wanted = byStatus ? String(status) : key;
    // Without an expression `application/json` comes first, with one `$default` (spec 06 §6.2, 07 §7.3).
    const template =
      wanted === undefined
        ? (at('application/json') ?? at('$default'))
        : (at(wanted) ?? at('$default') ?? at('application/json'));
    return { template };
  };
}
