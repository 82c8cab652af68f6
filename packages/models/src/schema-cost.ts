import { patternDegree } from './pattern-cost.js';
import type { SchemaFacts } from './schema-text.js';

/** What a schema is with every reference replaced by what it refers to. */
interface Expansion {
  /** Infinite where it refers to itself, or may. */
  nodes: number;
  /** How many patterns there are, by their degree. */
  patterns: Map<number, number>;
}

/** Steps that validating a message of so many bytes may take; infinite where there is no simple bound. */
export type SchemaCost = (byteLength: number) => number;

/**
 * Bounds the work of a schema with all it refers to (by URI; its own under the empty one). Each node of the expanded schema meets
 * each value of a message once at most, and each pattern each text.
 */
export function schemaCost(schemas: ReadonlyMap<string, SchemaFacts>): SchemaCost {
  const { nodes, patterns } = expandAll(schemas);
  return (byteLength) => {
    let steps = nodes * byteLength;
    for (const [degree, count] of patterns) steps += count * Math.max(2, byteLength) ** degree;
    return steps;
  };
}

function expandAll(schemas: ReadonlyMap<string, SchemaFacts>): Expansion {
  const unknown: Expansion = { nodes: Number.POSITIVE_INFINITY, patterns: new Map() };
  // An id further in changes what the references below it mean.
  if ([...schemas.values()].some(({ hasInnerIds }) => hasInnerIds)) return unknown;
  try {
    return new Expander(schemas).expand(schemas.get('')?.schema, '');
  } catch (error) {
    if (error instanceof RangeError || error instanceof URIError) return unknown;
    throw error;
  }
}

class Expander {
  private readonly known = new Map<object, Expansion>();

  constructor(private readonly schemas: ReadonlyMap<string, SchemaFacts>) {}

  expand(value: unknown, document: string): Expansion {
    if (typeof value !== 'object' || value === null) return { nodes: 0, patterns: new Map() };
    const known = this.known.get(value);
    if (known !== undefined) return known;
    const sum: Expansion = { nodes: 1, patterns: new Map() };
    // Met again before it is done, it is part of itself.
    this.known.set(value, { nodes: Number.POSITIVE_INFINITY, patterns: new Map() });
    for (const [name, member] of Object.entries(value)) {
      if (name === '$ref' && typeof member === 'string') this.follow(sum, member, document);
      else add(sum, this.expand(member, document));
      if (name === 'pattern' && typeof member === 'string') count(sum, patternDegree(member), 1);
      if (name === 'patternProperties' && typeof member === 'object' && member !== null) {
        for (const pattern of Object.keys(member)) count(sum, patternDegree(pattern), 1);
      }
    }
    this.known.set(value, sum);
    return sum;
  }

  private follow(sum: Expansion, reference: string, document: string): void {
    const [uri = '', pointer = ''] = reference.split('#', 2);
    const target = uri === '' ? document : uri;
    let value: unknown = this.schemas.get(target)?.schema;
    for (const part of pointer.split('/').slice(1)) {
      const name = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
      value =
        typeof value === 'object' && value !== null && Object.hasOwn(value, name)
          ? Reflect.get(value, name)
          : undefined;
    }
    const isPointer = pointer === '' || pointer.startsWith('/');
    if (value === undefined || !isPointer) sum.nodes = Number.POSITIVE_INFINITY;
    else add(sum, this.expand(value, target));
  }
}

function add(sum: Expansion, part: Expansion): void {
  sum.nodes += part.nodes;
  for (const [degree, times] of part.patterns) count(sum, degree, times);
}

function count({ patterns }: Expansion, degree: number, times: number): void {
  patterns.set(degree, (patterns.get(degree) ?? 0) + times);
}
