import { type ApiDefinition, scopeOf } from '@sluice/contracts';
import type { Address, ResolveAddress } from './address.js';
import { resolveInDomain } from './custom-domain.js';
import type { DefinitionStore } from './definition-store.js';
import { firstLabel, splitHost } from './host.js';
import { decodeSegment, isManagementMarker, splitPath } from './path-segments.js';

const unknown: Address = { kind: 'unknown' };

/**
 * Resolves an address (spec 01 §1.1, DESIGN.md "Outside face"). A custom domain decides alone, then a host label that names an
 * API; then the path is tried as `/{apiId}/{stage}`, then as `/{stage}` of the only or the default API, those left out that answer by
 * name only. An API with `disableExecuteApiEndpoint` is found through custom domains only. Never throws: what cannot be decoded is unknown.
 */
export const resolveAddress: ResolveAddress = (store, host, path) => {
  const segments = splitPath(path);
  if (segments === undefined) return unknown;
  const parts = splitHost(host);
  const domain = store.domainOf(parts.name);
  if (domain !== undefined) return resolveInDomain(store, domain, segments) ?? unknown;
  if ((segments[0] ?? '') === '') return unknown;
  const label = firstLabel(parts);
  const named = label === undefined ? undefined : apiOfLabel(store, label);
  if (named !== undefined) return stageOf(store, named, segments) ?? unknown;
  return resolveByPath(store, segments);
};

function resolveByPath(store: DefinitionStore, segments: string[]): Address {
  const [first = '', ...behind] = segments;
  const named = store.api(decodeSegment(first) ?? '');
  const inNamed = named === undefined ? undefined : stageOf(store, named, behind);
  if (inNamed !== undefined) return inNamed;

  const apis = store.apis().filter(({ namedOnly }) => namedOnly !== true);
  const several = apis.length > 1;
  const implied = several ? apis.find((api) => api.isDefault) : apis[0];
  const apiIsOpen = several && (implied === undefined || isManagementMarker(behind[0] ?? ''));
  if (!apiIsOpen) return (implied === undefined ? undefined : stageOf(store, implied, segments)) ?? unknown;
  if (!apis.some((api) => stageOf(store, api, segments) !== undefined)) return unknown;
  return { kind: 'api-unnamed', stageName: decodeSegment(first) ?? '', rest: behind, customDomain: false };
}

// Host names come without regard to case, API ids do not. The scan is for ids with capitals only, once a handshake.
function apiOfLabel(store: DefinitionStore, label: string): ApiDefinition | undefined {
  return store.api(label) ?? store.apis().find((api) => api.apiId.toLowerCase() === label);
}

function stageOf(store: DefinitionStore, api: ApiDefinition, segments: string[]): Address | undefined {
  const [first, ...rest] = segments;
  const stageName = first === undefined ? undefined : decodeSegment(first);
  if (stageName === undefined || api.disableExecuteApiEndpoint) return undefined;
  const snapshot = store.stage(scopeOf(api.apiId, stageName));
  return snapshot === undefined ? undefined : { kind: 'stage', snapshot, rest, customDomain: false };
}
