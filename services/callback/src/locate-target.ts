import { type DefinitionStore, resolveAddress } from '@sluice/definitions';

/** What an address of `@connections` names. */
export interface Target {
  /** Undefined where several APIs are defined and the address names none: it is then the connection's own. */
  apiId: string | undefined;
  /** Reached through a custom domain, which also leads to APIs that have no other address. */
  customDomain: boolean;
  stage: string;
  /** As decoded; not yet known to be of a possible form. */
  connectionId: string;
}

/**
 * Reads `{base}/@connections/{id}`, in any of its encodings (spec 09 §9.1). Undefined for an unknown API or stage, and for
 * another shape of path.
 */
export function locateTarget(definitions: DefinitionStore, host: string, rawPath: string): Target | undefined {
  const address = resolveAddress(definitions, host, rawPath);
  if (address.kind === 'unknown') return undefined;
  const [marker = '', connectionId = '', ...more] = address.rest;
  if (more.length > 0 || connectionId === '' || decodeTwice(marker) !== '@connections') return undefined;
  const stage = address.kind === 'stage' ? address.snapshot.stage.stageName : address.stageName;
  const apiId = address.kind === 'stage' ? address.snapshot.api.apiId : undefined;
  return { apiId, customDomain: address.customDomain, stage, connectionId: decodeTwice(connectionId) };
}

/** Careful clients encode what their HTTP library encodes again. No marker and no id contains a percent sign itself. */
function decodeTwice(segment: string): string {
  return decodeOnce(decodeOnce(segment));
}

function decodeOnce(segment: string): string {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    // Left as it is: the percent sign makes it a marker or id that does not exist.
    return segment;
  }
}
