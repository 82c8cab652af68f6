import { limits } from '@sluice/contracts';
import type { DefinitionStore } from '@sluice/definitions';

/** Longest body that connections of an API take, bytes (`messageBytesMax`); of an unknown API the default. */
export function bodyBytesMaxOf(definitions: DefinitionStore, apiId: string): number {
  return definitions.api(apiId)?.limits.messageBytesMax ?? limits.messageBytesMax;
}

/** Longest body that any connection takes, bytes: a longer one need not be read to know that it is 413. */
export function bodyBytesMaxOfAny(definitions: DefinitionStore): number {
  let most = 0;
  for (const api of definitions.apis()) most = Math.max(most, api.limits.messageBytesMax);
  return most === 0 ? limits.messageBytesMax : Math.min(most, limits.transportMessageBytesMax);
}
