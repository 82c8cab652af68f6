import { limits } from '@sluice/contracts';
import { InvalidJsonPathError } from '../invalid-mapping.js';
import type { RegexBudget } from '../values/java-regex.js';
import {
  isMap,
  mapEntries,
  mapGet,
  mapHas,
  mapKeys,
  mapPut,
  mapSize,
  TemplateFault,
  type ValueMap,
} from '../values/values.js';
import { compileFilter, type Evaluate, type Evaluation, type Predicate } from './json-path-filter.js';
import { parseJsonPath } from './json-path-parser.js';
import type { ParsedPath, PathFunction, Segment, Selector } from './json-path-syntax.js';

/** A JSONPath, parsed once. */
export interface CompiledJsonPath {
  /** It can lead to one place only: its value is what stands there. Otherwise its value is a list. */
  definite: boolean;
  /** Undefined where a definite path leads nowhere. Throws `TemplateFault` when the budget (unset: one of its own) is spent. */
  evaluate: (root: unknown, budget?: PathBudget) => unknown;
}

/** What several evaluations may spend together. */
export interface PathBudget extends RegexBudget {
  /** Nodes that may still be visited. */
  nodes: number;
}

/** Compiles a JSONPath (spec 06 §6.4). Throws `InvalidJsonPathError`. */
export function compileJsonPath(path: string): CompiledJsonPath {
  const parsed = parseJsonPath(path);
  const evaluate = compileFully(path, parsed);
  return {
    definite: isDefinite(parsed),
    evaluate: (root, budget = { nodes: limits.jsonPathNodesMax, regexSteps: limits.templateRegexStepsMax }) =>
      evaluate(root, { root, budget }),
  };
}

function compileFully(path: string, parsed: ParsedPath): Evaluate {
  try {
    return compilePath(parsed);
  } catch (error) {
    if (error instanceof TemplateFault) throw new InvalidJsonPathError(path, 0, error.message);
    throw error;
  }
}

type Visit = (node: unknown, found: unknown[], evaluation: Evaluation) => void;

function compilePath(parsed: ParsedPath): Evaluate {
  const { segments, fn } = parsed;
  const value = isDefinite({ segments, fn: undefined }) ? compileDefinite(segments) : compileIndefinite(segments);
  return fn === undefined ? value : (node, evaluation) => applyFunction(fn, value(node, evaluation));
}

function isDefinite({ segments, fn }: ParsedPath): boolean {
  if (fn !== undefined) return true;
  return segments.every((segment, index) => {
    const [only] = segment.selectors;
    if (segment.deep || only === undefined) return false;
    if (segment.selectors.length === 1) return only.kind === 'name' || only.kind === 'index';
    return index === segments.length - 1 && isMerge(segment);
  });
}

/** Several names at the end give one object with those members, as Jayway does. */
function isMerge(segment: Segment): boolean {
  return segment.selectors.length > 1 && segment.selectors.every(({ kind }) => kind === 'name');
}

function compileDefinite(segments: readonly Segment[]): Evaluate {
  const steps = segments.map(({ selectors }) => selectors);
  return (node) => {
    let value = node;
    for (const selectors of steps) {
      const [only] = selectors;
      if (only === undefined || value === undefined) return undefined;
      value = selectors.length === 1 ? pickOne(value, only) : pickMembers(value, selectors);
    }
    return value;
  };
}

function pickOne(node: unknown, selector: Selector): unknown {
  if (selector.kind === 'name') return isMap(node) ? mapGet(node, selector.name) : undefined;
  return selector.kind === 'index' && Array.isArray(node) ? node.at(selector.index) : undefined;
}

function pickMembers(node: unknown, selectors: readonly Selector[]): unknown {
  if (!isMap(node)) return undefined;
  const picked: Record<string, unknown> = {};
  for (const selector of selectors) {
    if (selector.kind === 'name' && mapHas(node, selector.name))
      mapPut(picked, selector.name, mapGet(node, selector.name));
  }
  return picked;
}

function compileIndefinite(segments: readonly Segment[]): Evaluate {
  const visits = segments.map(compileSegment);
  return (node, evaluation) => {
    let nodes: unknown[] = [node];
    for (const visit of visits) {
      const found: unknown[] = [];
      for (const each of nodes) visit(each, found, evaluation);
      nodes = found;
    }
    return nodes;
  };
}

function compileSegment(segment: Segment): Visit {
  const selects = isMerge(segment) ? [mergeVisit(segment.selectors)] : segment.selectors.map(compileSelector);
  if (!segment.deep) {
    return (node, found, evaluation) => {
      for (const select of selects) select(node, found, evaluation);
    };
  }
  // A list of its own instead of recursion: a message may have 60,000 levels.
  return (node, found, evaluation) => {
    const waiting = [node];
    while (waiting.length > 0) {
      const each = waiting.pop();
      visited(evaluation);
      for (const select of selects) select(each, found, evaluation);
      const below = children(each);
      for (let index = below.length - 1; index >= 0; index -= 1) waiting.push(below[index]);
    }
  };
}

function mergeVisit(selectors: readonly Selector[]): Visit {
  return (node, found, evaluation) => {
    visited(evaluation);
    if (isMap(node)) found.push(pickMembers(node, selectors));
  };
}

function compileSelector(selector: Selector): Visit {
  switch (selector.kind) {
    case 'name':
    case 'index':
      return (node, found, evaluation) => {
        visited(evaluation);
        const value = pickOne(node, selector);
        if (value !== undefined) found.push(value);
      };
    case 'wildcard':
      return (node, found, evaluation) => {
        for (const child of children(node)) {
          visited(evaluation);
          found.push(child);
        }
      };
    case 'slice':
      return (node, found, evaluation) => {
        visited(evaluation);
        if (!Array.isArray(node)) return;
        const items = node.slice(selector.start, selector.end);
        for (let index = 0; index < items.length; index += selector.step) {
          visited(evaluation);
          found.push(items[index]);
        }
      };
    case 'filter':
      return filterVisit(compileFilter(selector.filter, compilePath));
  }
}

/** A filter looks at the items of a list, and at an object itself. */
function filterVisit(holds: Predicate): Visit {
  return (node, found, evaluation) => {
    const candidates = Array.isArray(node) ? node : isMap(node) ? [node] : [];
    for (const candidate of candidates) {
      visited(evaluation);
      if (holds(candidate, evaluation)) found.push(candidate);
    }
  };
}

function children(node: unknown): readonly unknown[] {
  if (Array.isArray(node)) return node;
  return isMap(node) ? mapEntries(node).map(([, value]) => value) : [];
}

function visited(evaluation: Evaluation): void {
  evaluation.budget.nodes -= 1;
  if (evaluation.budget.nodes < 0) {
    throw new TemplateFault(`its JSONPaths visit more than ${limits.jsonPathNodesMax} nodes`);
  }
}

function applyFunction(fn: PathFunction, value: unknown): unknown {
  if (fn === 'keys') return isMap(value) ? mapKeys(value) : undefined;
  if (Array.isArray(value)) return value.length;
  if (isMap(value)) return mapSize(value as ValueMap);
  return typeof value === 'string' ? value.length : undefined;
}
