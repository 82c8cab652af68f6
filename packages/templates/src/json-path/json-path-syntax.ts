/** What one step of a path picks of a node. */
export type Selector =
  | { kind: 'name'; name: string }
  | { kind: 'index'; index: number }
  | { kind: 'wildcard' }
  | { kind: 'slice'; start: number | undefined; end: number | undefined; step: number }
  | { kind: 'filter'; filter: Filter };

export interface Segment {
  selectors: Selector[];
  /** `..`: the node itself and everything below it. */
  deep: boolean;
}

export interface ParsedPath {
  segments: Segment[];
  /** `.length()` and the like at the end. */
  fn: PathFunction | undefined;
}

export type PathFunction = 'length' | 'size' | 'keys';

export type Operand =
  | { kind: 'path'; fromRoot: boolean; path: ParsedPath }
  | { kind: 'literal'; value: string | number | boolean | null }
  | { kind: 'list'; values: (string | number | boolean | null)[] }
  | { kind: 'regex'; pattern: string };

export type Filter =
  | { kind: 'or' | 'and'; sides: Filter[] }
  | { kind: 'not'; side: Filter }
  | { kind: 'exists'; operand: Operand }
  | { kind: 'compare'; operator: string; left: Operand; right: Operand };
