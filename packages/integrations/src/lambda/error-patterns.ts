import { type IntegrationResponseDefinition, limits } from '@sluice/contracts';
import { MisconfiguredIntegrationError } from '../integration.js';
import type { SelectIntegrationResponse } from '../selectors.js';
import { compileLinearPattern } from './linear-pattern.js';
import { UnreadablePatternError } from './pattern-syntax.js';

/**
 * Compiles the keys of integration responses for the `errorMessage` of a function: `/regex/` over the whole message, others
 * compare exactly; in creation order (spec 07 §7.3). Of a longer message the first `errorMessageMatchedCharsMax` characters count.
 * Throws `MisconfiguredIntegrationError`.
 */
export function compileErrorPatterns(
  responses: readonly Pick<IntegrationResponseDefinition, 'integrationResponseKey'>[],
): SelectIntegrationResponse {
  const keys = responses
    .map(({ integrationResponseKey: key }) => key)
    .filter((key) => key !== '$default')
    .map((key) => ({ key, matches: compileKey(key) }));
  return (value) => {
    const seen = value.slice(0, limits.errorMessageMatchedCharsMax);
    return keys.find(({ matches }) => matches(seen))?.key;
  };
}

function compileKey(key: string): (value: string) => boolean {
  if (key.length < 2 || !key.startsWith('/') || !key.endsWith('/')) return (value) => value === key;
  try {
    return compileLinearPattern(key.slice(1, -1), limits.errorPatternStatesMax);
  } catch (error) {
    if (!(error instanceof UnreadablePatternError)) throw error;
    throw new MisconfiguredIntegrationError(`integrationResponseKey ${key} cannot be used: ${error.message}`);
  }
}
