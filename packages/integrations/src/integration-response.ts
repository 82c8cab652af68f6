import type { IntegrationDefinition, IntegrationResponseDefinition } from '@sluice/contracts';
import { MisconfiguredIntegrationError } from './integration.js';
import { assertStatic, staticKey } from './request-template.js';

/** Compiled choice of an integration response: the key that a value (a status, an error message) selects. */
export type SelectIntegrationResponse = (value: string) => string | undefined;

/** What the expression that chooses a response template may look at. */
export interface ResponseSources {
  /** The client's message; empty for `$connect` and `$disconnect`. */
  requestBody: Uint8Array;
  status: number;
  /** Of the back end; none for MOCK. */
  headers: [name: string, value: string][];
}

/** Compiles the `templateSelectionExpression` of an integration response; may throw for one that is not valid. */
export type CompileResponseTemplateKey = (expression: string) => (sources: ResponseSources) => string;

/** The body that a chosen integration response makes; undefined where the body of the back end is passed through. */
export type RespondFrom = (sources: ResponseSources) => Uint8Array | undefined;

export interface ResponseSelectors {
  selectIntegrationResponse?: SelectIntegrationResponse;
  compileResponseTemplateKey?: CompileResponseTemplateKey;
}

/**
 * Compiles the integration responses of a non-proxy integration (spec 07 §7.3) into a function from status to response;
 * undefined where none matches and there is no `$default`. Throws `MisconfiguredIntegrationError`.
 */
export function compileResponseChoice(
  definition: IntegrationDefinition,
  selectors: ResponseSelectors,
): (status: number) => RespondFrom | undefined {
  const byKey = new Map<string, RespondFrom>();
  for (const response of definition.integrationResponses) {
    if (byKey.has(response.integrationResponseKey)) continue;
    byKey.set(response.integrationResponseKey, compileTemplates(response, selectors.compileResponseTemplateKey));
  }
  const select = selectors.selectIntegrationResponse ?? compileKeys([...byKey.keys()]);
  // Statuses are few: what one selects is found out once.
  const known = new Map<number, RespondFrom | undefined>();
  return (status) => {
    if (known.has(status)) return known.get(status);
    const chosen = byKey.get(select(String(status)) ?? '$default');
    known.set(status, chosen);
    return chosen;
  };
}

/** The `$default` integration response, for a MOCK without a request template. */
export function compileDefaultResponse(
  definition: IntegrationDefinition,
  selectors: ResponseSelectors,
): RespondFrom | undefined {
  const response = definition.integrationResponses.find((each) => each.integrationResponseKey === '$default');
  return response && compileTemplates(response, selectors.compileResponseTemplateKey);
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

function compileTemplates(
  response: IntegrationResponseDefinition,
  compileKey: CompileResponseTemplateKey | undefined,
): RespondFrom {
  const templates = new Map<string, Uint8Array>();
  for (const [key, text] of Object.entries(response.responseTemplates)) {
    assertStatic(`responseTemplates.${key}`, text);
    templates.set(key, Buffer.from(text));
  }
  const [byDefault, json] = [templates.get('$default'), templates.get('application/json')];
  const expression = response.templateSelectionExpression;
  // Without an expression `application/json` comes first, with one `$default` (spec 06 §6.2, 07 §7.3).
  if (expression === undefined) return () => json ?? byDefault;
  const keyOf = compileExpression(expression, compileKey);
  return (sources) => templates.get(keyOf(sources)) ?? byDefault ?? json;
}

function compileExpression(
  expression: string,
  compileKey: CompileResponseTemplateKey | undefined,
): (sources: ResponseSources) => string {
  if (compileKey === undefined) return staticKey('templateSelectionExpression', expression);
  try {
    return compileKey(expression);
  } catch (error) {
    throw new MisconfiguredIntegrationError(error instanceof Error ? error.message : String(error));
  }
}
