import { type ApiDefinition, scopeOf } from '@sluice/contracts';
import type { Address, ResolveAddress } from './address.js';
import type { DefinitionStore } from './definition-store.js';
import { firstLabel, splitHost } from './host.js';

const unknown: Address = { kind: 'unknown' };

/**
 * Resolves an address (spec 01 §1.1, DESIGN.md "Outside face"). A host label that names an API decides alone; then the path
 * is tried as `/{apiId}/{stage}`, then as `/{stage}` of the only or the default API. An API with `disableExecuteApiEndpoint`
 * is not found by any of these. Never throws: what cannot be decoded is unknown.
 */
export const resolveAddress: ResolveAddress = (store, host, path) => {
  const segments = splitPath(path);
  if (segments === undefined) return unknown;
  const label = firstLabel(splitHost(host));
  const named = label === undefined ? undefined : apiOfLabel(store, label);
  if (named !== undefined) return stageOf(store, named, segments) ?? unknown;
  return resolveByPath(store, segments);
};

function resolveByPath(store: DefinitionStore, segments: string[]): Address {
  const [first = '', ...behind] = segments;
  const named = store.api(decode(first) ?? '');
  const inNamed = named === undefined ? undefined : stageOf(store, named, behind);
  if (inNamed !== undefined) return inNamed;

  const apis = store.apis();
  const several = apis.length > 1;
  const implied = several ? apis.find((api) => api.isDefault) : apis[0];
  const apiIsOpen = several && (implied === undefined || isManagementMarker(behind[0] ?? ''));
  if (!apiIsOpen) return (implied === undefined ? undefined : stageOf(store, implied, segments)) ?? unknown;
  if (!apis.some((api) => stageOf(store, api, segments) !== undefined)) return unknown;
  return { kind: 'api-unnamed', stageName: decode(first) ?? '', rest: behind };
}

/** The segments of a path, without the empty one behind a trailing slash; undefined where there is not at least one. */
function splitPath(path: string): string[] | undefined {
  if (!path.startsWith('/')) return undefined;
  const segments = path.slice(1).split('/');
  if (segments.length > 1 && segments.at(-1) === '') segments.pop();
  return segments[0] === '' ? undefined : segments;
}

// Host names come without regard to case, API ids do not. The scan is for ids with capitals only, once a handshake.
function apiOfLabel(store: DefinitionStore, label: string): ApiDefinition | undefined {
  return store.api(label) ?? store.apis().find((api) => api.apiId.toLowerCase() === label);
}

function stageOf(store: DefinitionStore, api: ApiDefinition, segments: string[]): Address | undefined {
  const [first, ...rest] = segments;
  const stageName = first === undefined ? undefined : decode(first);
  if (stageName === undefined || api.disableExecuteApiEndpoint) return undefined;
  const snapshot = store.stage(scopeOf(api.apiId, stageName));
  return snapshot === undefined ? undefined : { kind: 'stage', snapshot, rest };
}

/** Careful clients encode what their HTTP library encodes again (spec 09 §9.1). */
function isManagementMarker(segment: string): boolean {
  return decode(decode(segment) ?? '') === '@connections';
}

/** Undefined where the percent-encoding is broken. */
function decode(segment: string): string | undefined {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
