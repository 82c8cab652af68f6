import { type Handshake, type MappingSources, queryMaps, spellHeader } from '@sluice/contracts';

/** Header and query of a handshake, by name; of a repeated name the last. Empty where there is no handshake. */
export interface HandshakeParameters {
  header: HeaderMap;
  querystring: ReadonlyMap<string, string>;
}

/** All values of a header, in their order. */
export function allHeaders(handshake: Handshake | undefined, name: string): string[] {
  const lowerCase = name.toLowerCase();
  return (handshake?.headers ?? []).filter(([each]) => each.toLowerCase() === lowerCase).map(([, value]) => value);
}

/** All values of a query parameter, in their order. */
export function allQueryValues(handshake: Handshake | undefined, name: string): string[] {
  const multi = queryMaps(handshake?.queryString ?? '')?.multi;
  return multi !== undefined && Object.hasOwn(multi, name) ? (multi[name] ?? []) : [];
}

/** Headers as definitions or else registries spell them, found in any: the edge hands them over in lower case. */
export class HeaderMap extends Map<string, string> {
  private readonly spellings = new Map<string, string>();

  override set(name: string, value: string): this {
    this.spellings.set(name.toLowerCase(), name);
    return super.set(name, value);
  }

  override get(name: string): string | undefined {
    return super.get(name) ?? super.get(this.spellings.get(name.toLowerCase()) ?? '');
  }

  override has(name: string): boolean {
    return super.has(name) || this.spellings.has(name.toLowerCase());
  }
}

export function handshakeParameters({
  handshake,
  headerSpellings,
}: Pick<MappingSources, 'handshake' | 'headerSpellings'>): HandshakeParameters {
  const header = new HeaderMap();
  for (const [name, value] of handshake?.headers ?? []) header.set(spellHeader(name, headerSpellings), value);
  const query = queryMaps(handshake?.queryString ?? '')?.single ?? {};
  return { header, querystring: new Map(Object.entries(query)) };
}
