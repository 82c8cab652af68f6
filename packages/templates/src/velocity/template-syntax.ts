import { parse } from 'velocityjs';
import { InvalidTemplateError } from '../invalid-mapping.js';
import { type LiftedSource, type LiftedText, liftLiterals, restoreLiterals } from './template-source.js';

/** velocityjs's nodes, as its grammar makes them (its own types say less). */
export type Literal =
  | { type: 'string'; value: string; isEval?: boolean }
  | { type: 'integer' | 'decimal'; value: string | number }
  | { type: 'bool'; value: 'true' | 'false' | 'null' }
  | { type: 'array'; isRange?: boolean; value: (Expression | string | number)[] };

export type PathStep =
  | { type: 'property'; id: string }
  | { type: 'index'; id: Expression }
  | { type: 'method'; id: string; args?: Expression[] | false };

export interface Reference {
  type: 'references';
  id: string;
  path?: PathStep[];
  leader: string;
  pos?: Position;
}

interface Position {
  first_line: number;
  last_line: number;
  first_column: number;
  last_column: number;
}

export type Expression = Reference | Literal | { type: 'math'; operator: string; expression: Expression[] };

export type Directive = { pos?: Position } & (
  | { type: 'set'; equal: [Reference, Expression] }
  | { type: 'if' | 'elseif'; condition: Expression }
  | { type: 'foreach'; to: string; from: Expression }
  | { type: 'macro'; id: string; args?: Reference[] | false }
  | { type: 'macro_call' | 'macro_body'; id: string; args?: Expression[] | false }
  | { type: 'define'; id: string }
  | { type: 'else' | 'end' | 'break' | 'comment' | 'noescape' }
  | { type: 'raw'; value: string }
);

export type Node = string | Reference | Directive | Node[];

export interface ParsedTemplate {
  nodes: Node[];
  literals: LiftedText[];
  /** What stands in the template where a node is, for references that lead nowhere. */
  sourceOf: (node: { pos?: Position }) => string;
}

// The parser takes a missing or superfluous #end in silence. This call, behind the template, shows where it ended.
const endName = 'sluice_template_end';
const blockStart = /#(?:[{@]|if|foreach|macro|define|noescape)/g;

/** Parses one expression, as it stands in a directive. Throws `InvalidTemplateError`. */
export function parseExpression(
  text: string,
  place: string,
  line: number,
): { parsed: ParsedTemplate; expression: Expression } {
  const parsed = parseTemplate(`#set($x = ${text})`, place, line);
  const [set, ...others] = parsed.nodes.filter((node) => node !== '');
  if (others.length > 0 || typeof set !== 'object' || Array.isArray(set) || set.type !== 'set') {
    throw new InvalidTemplateError(place, line, `this is no expression: ${text.trim().slice(0, 80)}`);
  }
  return { parsed, expression: set.equal[1] };
}

/** Parses a template. Throws `InvalidTemplateError`; `firstLine` is the line of `place` on which the text begins. */
export function parseTemplate(text: string, place: string, firstLine: number): ParsedTemplate {
  const doubled = liftLiterals(text);
  if (doubled.unendedLine !== undefined) {
    throw new InvalidTemplateError(place, firstLine + doubled.unendedLine - 1, 'a #* or #[[ has no end');
  }
  const mayEscape = /\\["']/.test(text);
  if (mayEscape && doubled.isUnclosed) return parseLifted(liftLiterals(text, 'escaped'), place, firstLine);
  try {
    return parseLifted(doubled, place, firstLine);
  } catch (error) {
    if (!(error instanceof InvalidTemplateError) || !mayEscape) throw error;
    return parseLifted(liftLiterals(text, 'escaped'), place, firstLine);
  }
}

function parseLifted(lifted: LiftedSource, place: string, firstLine: number): ParsedTemplate {
  const { source, literals } = lifted;
  const nodes = withoutEnd(parseSource(lifted, place, firstLine), place, firstLine);
  const lines = source.split('\n');
  return {
    nodes,
    literals,
    sourceOf: ({ pos }) => {
      if (pos === undefined) return '';
      const rows = lines.slice(pos.first_line - 1, pos.last_line);
      const last = rows.length - 1;
      rows[last] = (rows[last] ?? '').slice(0, pos.last_column);
      rows[0] = (rows[0] ?? '').slice(pos.first_column);
      return restoreLiterals(rows.join('\n'), literals);
    },
  };
}

function parseSource({ source, literals }: LiftedSource, place: string, firstLine: number): Node[] {
  try {
    // With an #end for everything that may be open: of blocks without one the parser takes time that doubles with each.
    const ends = '#end'.repeat(source.match(blockStart)?.length ?? 0);
    return parse(`${source}\n#${endName}()${ends}`) as unknown as Node[];
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const line = Number(/line ([0-9]+)/.exec(message)?.[1] ?? 1);
    const got = /got '([^']*)'/.exec(message)?.[1];
    // As it was written, on the same line: what stands for a literal has its line breaks.
    const near = (restoreLiterals(source, literals).split('\n')[line - 1] ?? '').trim().slice(0, 80);
    const what = got === 'EOF' ? 'it ends inside a directive or reference' : 'this cannot be read as VTL';
    throw new InvalidTemplateError(place, firstLine + line - 1, `${what}: ${near}`);
  }
}

function withoutEnd(nodes: Node[], place: string, firstLine: number): Node[] {
  const last = nodes.at(-1);
  if (typeof last !== 'object' || Array.isArray(last) || last.type !== 'macro_call' || last.id !== endName) {
    const open = nodes.find(Array.isArray)?.[0];
    const line = typeof open === 'object' && !Array.isArray(open) ? (open.pos?.first_line ?? 1) : 1;
    throw new InvalidTemplateError(
      place,
      firstLine + line - 1,
      'every #if, #foreach, #macro and #define needs one #end, and every #end one of them',
    );
  }
  const rest = nodes.slice(0, -1);
  const text = rest.at(-1);
  // The line break before the call, where no directive has taken it.
  if (typeof text === 'string' && text.endsWith('\n')) rest[rest.length - 1] = text.slice(0, -1);
  return rest;
}
