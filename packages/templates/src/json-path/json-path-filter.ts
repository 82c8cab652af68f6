import { JavaRegex, type RegexBudget } from '../values/java-regex.js';
import { ExactNumber, isNumeric, numberOf } from '../values/values.js';
import type { Filter, Operand, ParsedPath } from './json-path-syntax.js';

/** What one evaluation has at hand, and may still spend. */
export interface Evaluation {
  root: unknown;
  budget: RegexBudget & { nodes: number };
}

export type Predicate = (node: unknown, evaluation: Evaluation) => boolean;
export type Evaluate = (node: unknown, evaluation: Evaluation) => unknown;

/** Compiles a filter; `compilePath` compiles the paths in it, which give undefined where they lead nowhere. */
export function compileFilter(filter: Filter, compilePath: (path: ParsedPath) => Evaluate): Predicate {
  if ('sides' in filter) {
    const sides = filter.sides.map((side) => compileFilter(side, compilePath));
    return filter.kind === 'or'
      ? (node, evaluation) => sides.some((side) => side(node, evaluation))
      : (node, evaluation) => sides.every((side) => side(node, evaluation));
  }
  if (filter.kind === 'not') {
    const side = compileFilter(filter.side, compilePath);
    return (node, evaluation) => !side(node, evaluation);
  }
  if (filter.kind === 'exists') {
    const value = compileOperand(filter.operand, compilePath);
    const isPath = filter.operand.kind === 'path';
    return (node, evaluation) => (isPath ? value(node, evaluation) !== undefined : value(node, evaluation) === true);
  }
  const left = compileOperand(filter.left, compilePath);
  if (filter.right.kind === 'regex') {
    const regex = new JavaRegex(filter.right.pattern);
    return (node, evaluation) => {
      const value = left(node, evaluation);
      return typeof value === 'string' && regex.matches(value, evaluation.budget);
    };
  }
  const right = compileOperand(filter.right, compilePath);
  const compare = comparisons[filter.operator] ?? never;
  return (node, evaluation) => compare(left(node, evaluation), right(node, evaluation));
}

function compileOperand(operand: Operand, compilePath: (path: ParsedPath) => Evaluate): Evaluate {
  if (operand.kind === 'path') {
    const path = compilePath(operand.path);
    return operand.fromRoot ? (_, evaluation) => path(evaluation.root, evaluation) : path;
  }
  const value = operand.kind === 'list' ? operand.values : operand.kind === 'literal' ? operand.value : undefined;
  return () => value;
}

const never = (): boolean => false;

const comparisons: Record<string, (left: unknown, right: unknown) => boolean> = {
  '==': same,
  '===': same,
  '!=': (left, right) => !same(left, right),
  '!==': (left, right) => !same(left, right),
  '<': (left, right) => inOrder(left, right, (order) => order < 0),
  '<=': (left, right) => inOrder(left, right, (order) => order <= 0),
  '>': (left, right) => inOrder(left, right, (order) => order > 0),
  '>=': (left, right) => inOrder(left, right, (order) => order >= 0),
  in: (left, right) => Array.isArray(right) && right.some((item) => same(left, item)),
  nin: (left, right) => Array.isArray(right) && !right.some((item) => same(left, item)),
};

function same(left: unknown, right: unknown): boolean {
  return plain(left) === plain(right);
}

function plain(value: unknown): unknown {
  return value instanceof ExactNumber ? value.value : value;
}

function inOrder(left: unknown, right: unknown, holds: (order: number) => boolean): boolean {
  if (isNumeric(left) && isNumeric(right)) return holds(numberOf(left) - numberOf(right));
  if (typeof left === 'string' && typeof right === 'string') return holds(left < right ? -1 : left > right ? 1 : 0);
  return false;
}
