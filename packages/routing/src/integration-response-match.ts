import { InvalidExpressionError } from './selection-template.js';

/**
 * Chooses the integration response for a selection value: a status code as text, or undefined where there is none (spec 07 §7.3). Explicit keys
 * come first, in the given (creation) order: a literal compares exactly, `/regex/` against the whole value. Then `$default`;
 * then undefined, which is a configuration error. Throws `InvalidExpressionError` for a pattern that is no regular expression.
 */
export function compileIntegrationResponses<R extends { integrationResponseKey: string }>(
  responses: readonly R[],
): (value: string | undefined) => R | undefined {
  const explicit = responses
    .filter(({ integrationResponseKey }) => integrationResponseKey !== '$default')
    .map((response) => ({ response, matches: compileKey(response.integrationResponseKey) }));
  const fallback = responses.find(({ integrationResponseKey }) => integrationResponseKey === '$default');
  return (value) =>
    (value === undefined ? undefined : explicit.find(({ matches }) => matches(value))?.response) ?? fallback;
}

/** `compileIntegrationResponses` for a single use: the key that the value selects, or undefined. */
export function matchIntegrationResponse(keys: readonly string[], value: string | undefined): string | undefined {
  const responses = keys.map((integrationResponseKey) => ({ integrationResponseKey }));
  return compileIntegrationResponses(responses)(value)?.integrationResponseKey;
}

function compileKey(key: string): (value: string) => boolean {
  if (key.length < 2 || !key.startsWith('/') || !key.endsWith('/')) return (value) => value === key;
  const pattern = wholePattern(key);
  return (value) => pattern.test(value);
}

function wholePattern(key: string): RegExp {
  try {
    // The bare pattern is compiled too: `a)|(b` would become valid inside the group that anchors it.
    new RegExp(key.slice(1, -1));
    return new RegExp(`^(?:${key.slice(1, -1)})$`);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new InvalidExpressionError(key, 0, `the text between the slashes is no regular expression: ${detail}`);
  }
}
