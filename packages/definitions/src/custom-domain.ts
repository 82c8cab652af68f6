import { type DomainNameDefinition, scopeOf } from '@sluice/contracts';
import type { Address } from './address.js';
import type { DefinitionStore } from './definition-store.js';
import { decodeSegment, isManagementMarker } from './path-segments.js';

/** The domain of a host name, or undefined. */
export type DomainIndex = (hostName: string) => DomainNameDefinition | undefined;

// The longest name that DNS knows. A longer `Host` is nobody's, and taking it apart label by label would be work for nothing.
const domainNameLengthMax = 253;

/** Indexes the custom domains by name. Throws `RangeError` where one stands twice. */
export function createDomainIndex(domains: readonly DomainNameDefinition[]): DomainIndex {
  const byName = new Map<string, DomainNameDefinition>();
  for (const domain of domains) {
    const name = domain.domainName.toLowerCase();
    if (byName.has(name)) throw new RangeError(`custom domain ${JSON.stringify(name)} is defined twice`);
    byName.set(name, domain);
  }
  if (byName.size === 0) return () => undefined;
  const hasWildcards = [...byName.keys()].some((name) => name.startsWith('*.'));
  return (hostName) => {
    const name = hostName.endsWith('.') ? hostName.slice(0, -1) : hostName;
    // Only the definition holds a star: a client that sends one names no domain.
    if (name.length > domainNameLengthMax || name.startsWith('*')) return undefined;
    return byName.get(name) ?? (hasWildcards ? mostSpecific(byName, name) : undefined);
  };
}

/** `*` stands for one label or more, so the wildcard with the longest rest is the most specific one. */
function mostSpecific(
  byName: ReadonlyMap<string, DomainNameDefinition>,
  name: string,
): DomainNameDefinition | undefined {
  for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) {
    const found = dot === 0 ? undefined : byName.get(`*${name.slice(dot)}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * What a path means under a custom domain: its first segment is the mapping key, else the empty key's mapping takes all of it
 * (spec 01 §1.1). `@connections` is also found with the stage behind the key or in its place, since back ends build
 * `https://{domainName}/{stage}` from the event (17 O14). Undefined where no mapping leads to a stage.
 */
export function resolveInDomain(
  store: DefinitionStore,
  domain: DomainNameDefinition,
  segments: string[],
): Address | undefined {
  const mappings = new Map(Object.entries(domain.apiMappings));
  const [first, ...behind] = segments;
  const key = first === undefined ? '' : decodeSegment(first);
  const byKey = key === undefined || key === '' ? undefined : mappings.get(key);
  const mapping = byKey ?? mappings.get('');
  const rest = byKey === undefined ? segments : behind;
  if (key !== undefined && byKey === undefined && isManagementMarker(behind[0] ?? '')) {
    const instead = stageInPlaceOfKey(store, [...mappings.values()], key, behind);
    if (instead !== undefined) return instead;
  }
  if (mapping === undefined) return undefined;
  const { stage } = mapping;
  const stageAppended = isManagementMarker(rest[1] ?? '') && decodeSegment(rest[0] ?? '') === stage;
  return addressOf(store, mapping, stageAppended ? rest.slice(1) : rest);
}

function stageInPlaceOfKey(
  store: DefinitionStore,
  mappings: { apiId: string; stage: string }[],
  stageName: string,
  rest: string[],
): Address | undefined {
  const named = mappings.filter(({ stage }) => stage === stageName);
  const [only, ...others] = named;
  if (only === undefined) return undefined;
  // Two APIs with a stage of that name: the connection itself says which one it belongs to.
  if (others.some(({ apiId }) => apiId !== only.apiId)) {
    return { kind: 'api-unnamed', stageName, rest, customDomain: true };
  }
  return addressOf(store, only, rest);
}

function addressOf(
  store: DefinitionStore,
  { apiId, stage }: { apiId: string; stage: string },
  rest: string[],
): Address | undefined {
  const snapshot = store.stage(scopeOf(apiId, stage));
  return snapshot === undefined ? undefined : { kind: 'stage', snapshot, rest, customDomain: true };
}
