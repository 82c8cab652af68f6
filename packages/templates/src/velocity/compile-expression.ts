import { limits } from '@sluice/contracts';
import { compileJsonPath } from '../json-path/json-path.js';
import { displayText } from '../values/value-text.js';
import { ExactNumber, HostObject, isNumeric, numberOf, TemplateFault } from '../values/values.js';
import { isTrue, operations } from './arithmetic.js';
import { InputObject, inputJson, inputPath } from './input-object.js';
import { callMethod, itemOf, propertyOf } from './methods.js';
import type { RenderState } from './render-state.js';
import { type Evaluate, type Render, type TemplateScope, textValue } from './scope.js';
import { TemplateFunctions } from './template-functions.js';
import { mapMembers } from './template-source.js';
import { type Expression, type Literal, type PathStep, parseExpression, type Reference } from './template-syntax.js';

/** What `#define` assigns: rendered wherever its reference stands. */
export class DefinedBlock extends HostObject {
  constructor(readonly render: Render) {
    super();
  }
}

/** Compiles an expression. Throws `InvalidTemplateError`. */
export function compileExpression(expression: Expression, scope: TemplateScope, line: number): Evaluate {
  return scope.within(line, () => {
    if (expression.type === 'references') return compileReference(expression, scope, line);
    if (expression.type === 'math') return compileOperation(expression.operator, expression.expression, scope, line);
    return compileLiteral(expression, scope, line);
  });
}

function compileOperation(
  operator: string,
  sides: readonly Expression[],
  scope: TemplateScope,
  line: number,
): Evaluate {
  const [left = never, right = never] = sides.map((side) => compileExpression(side, scope, line));
  if (operator === 'parenthesis') return left;
  if (operator === 'not') return (state) => !isTrue(left(state));
  if (operator === 'minus') return (state) => operations['-']?.(0, left(state), state);
  if (operator === '&&') return (state) => isTrue(left(state)) && isTrue(right(state));
  if (operator === '||') return (state) => isTrue(left(state)) || isTrue(right(state));
  const operation = Object.hasOwn(operations, operator) ? operations[operator] : undefined;
  if (operation === undefined) return scope.fail(line, `the operator ${operator} is not supported`);
  return (state) => {
    state.spend(1);
    return operation(left(state), right(state), state);
  };
}

const never: Evaluate = () => undefined;

function compileLiteral(literal: Literal, scope: TemplateScope, line: number): Evaluate {
  switch (literal.type) {
    case 'string':
      return compileText(literal, scope, line);
    case 'integer':
    case 'decimal':
      return constant(numberValue(literal.type, String(literal.value)));
    case 'bool':
      return constant(literal.value === 'null' ? undefined : literal.value === 'true');
    case 'array':
      return literal.isRange === true
        ? compileRange(literal.value, scope, line)
        : compileList(literal.value, scope, line);
    default:
      return scope.fail(line, 'an expression that cannot be read');
  }
}

function constant(value: unknown): Evaluate {
  return () => value;
}

function numberValue(type: 'integer' | 'decimal', text: string): number | ExactNumber {
  const value = Number(text);
  if (type === 'decimal') return Number.isInteger(value) ? new ExactNumber(value, `${value}.0`, false) : value;
  return Number.isSafeInteger(value) ? value : new ExactNumber(value, text, true);
}

type TextLiteral = { value: string; isEval?: boolean };

function compileText(literal: TextLiteral, scope: TemplateScope, line: number): Evaluate {
  const { text, isMap, isEvaluated } = scope.literal(literal.value, literal.isEval);
  if (isMap) return compileMap(text, scope, line);
  return isEvaluated && /[$#]/.test(text) ? textValue(scope.compileText(text, line)) : constant(text);
}

function compileList(items: readonly (Expression | string | number)[], scope: TemplateScope, line: number): Evaluate {
  const values = items.map((item) => compileItem(item, scope, line));
  return (state) => {
    state.spend(values.length);
    return values.map((value) => value(state));
  };
}

function compileItem(item: Expression | string | number, scope: TemplateScope, line: number): Evaluate {
  return typeof item === 'object'
    ? compileExpression(item, scope, line)
    : constant(numberValue('integer', String(item)));
}

function compileRange(ends: readonly (Expression | string | number)[], scope: TemplateScope, line: number): Evaluate {
  const [from = never, to = never] = ends.map((end) => compileItem(end, scope, line));
  return (state) => {
    const [start, end] = [from(state), to(state)];
    if (!isNumeric(start) || !isNumeric(end)) return undefined;
    const [first, last] = [Math.trunc(numberOf(start)), Math.trunc(numberOf(end))];
    const length = Math.abs(last - first) + 1;
    if (length > limits.templateStepsMax) throw new TemplateFault(`a range of ${length} numbers`);
    state.spend(length);
    return Array.from({ length }, (_, index) => first + (last < first ? -index : index));
  };
}

function compileMap(text: string, scope: TemplateScope, line: number): Evaluate {
  const members = mapMembers(text);
  if (members === undefined) return scope.fail(line, `this is no map: {${text.trim().slice(0, 80)}}`);
  const entries = members.map((member) => {
    const [name, value] = member.map((part) => {
      const { parsed, expression } = parseExpression(part.trim(), scope.place, line);
      return compileExpression(expression, scope.ofPart(parsed, line), line);
    });
    return [name ?? never, value ?? never] as const;
  });
  return (state) => {
    state.spend(entries.length);
    return new Map(entries.map(([name, value]) => [displayText(name(state)), value(state)]));
  };
}

/** Compiles a reference to the value it leads to; undefined and null where it leads nowhere. Throws `InvalidTemplateError`. */
export function compileReference(reference: Reference, scope: TemplateScope, line: number): Evaluate {
  const path = reference.path ?? [];
  const short = compileShortcut(reference.id, path, scope, line);
  if (short !== undefined) return short;
  const value = compileSteps(rootOf(reference.id), path, scope, line);
  return (state) => {
    const found = value(state);
    return found instanceof DefinedBlock ? state.nested(() => state.captured(() => found.render(state))) : found;
  };
}

/** Everything of a path but its last step, for assignments. */
export function compileHolder(reference: Reference, scope: TemplateScope, line: number): Evaluate {
  return compileSteps(rootOf(reference.id), (reference.path ?? []).slice(0, -1), scope, line);
}

function rootOf(id: string): Evaluate {
  if (id === 'input') return (state) => new InputObject(state);
  if (id === 'util') return (state) => new TemplateFunctions(state);
  if (id === 'context') return (state) => state.context;
  if (id === 'stageVariables') return (state) => state.stageVariables;
  return (state) => state.variables.get(id);
}

function compileSteps(root: Evaluate, path: readonly PathStep[], scope: TemplateScope, line: number): Evaluate {
  return path.reduce<Evaluate>((holder, step) => {
    if (step.type === 'property') {
      const { id } = step;
      return (state) => propertyOf(holder(state), id, state);
    }
    if (step.type === 'index') {
      const index = compileExpression(step.id, scope, line);
      return (state) => itemOf(holder(state), index(state), state);
    }
    const { id } = step;
    const args = (step.args || []).map((argument) => compileExpression(argument, scope, line));
    return (state) =>
      callMethod(
        holder(state),
        id,
        args.map((argument) => argument(state)),
        state,
      );
  }, root);
}

/** The references that nearly every template has, without the objects that the general way would make. */
function compileShortcut(
  id: string,
  path: readonly PathStep[],
  scope: TemplateScope,
  line: number,
): Evaluate | undefined {
  const names = path.map((step) => fixedName(step, scope));
  const [first] = path;
  if (id === 'context' && names.length > 0 && names.every((name) => name !== undefined)) {
    return contextShortcut(names, compileSteps(rootOf(id), path, scope, line));
  }
  const [name] = names;
  if (id === 'stageVariables' && path.length === 1 && name !== undefined) return (state) => state.stageVariable(name);
  if (id === 'input' && path.length === 1 && first?.type === 'method' && (first.id === 'json' || first.id === 'path')) {
    const [argument] = first.args || [];
    const text = argument === undefined ? '$' : fixedText(argument, scope, line);
    if (text === undefined) return undefined;
    const compiled = scope.checked(line, () => compileJsonPath(text));
    return first.id === 'json' ? (state) => inputJson(state, compiled) : (state) => inputPath(state, compiled);
  }
  return undefined;
}

function contextShortcut(names: readonly string[], general: Evaluate): Evaluate {
  const isOverride = names[0] === 'requestOverride' || names[0] === 'responseOverride';
  return (state) => {
    if (isOverride || state.hasOwnContext) return general(state);
    let value: unknown = state.givenContext;
    for (const name of names) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
      value = (value as Record<string, unknown>)[name];
    }
    return typeof value === 'object' ? general(state) : value;
  };
}

function fixedName(step: PathStep, scope: TemplateScope): string | undefined {
  if (step.type === 'property') return step.id;
  if (step.type !== 'index' || step.id.type !== 'string') return undefined;
  const { text, isMap, isEvaluated } = scope.literal(step.id.value, step.id.isEval);
  if (isMap) return undefined;
  return isEvaluated && /[$#]/.test(text) ? undefined : text;
}

function fixedText(expression: Expression, scope: TemplateScope, line: number): string | undefined {
  if (expression.type !== 'string') return undefined;
  const { text, isMap, isEvaluated } = scope.literal(expression.value, expression.isEval);
  if (isMap) return undefined;
  return isEvaluated && /[$#]/.test(text) ? scope.compileText(text, line).fixed : text;
}

/** Assigns `value` behind the last step of a path. What cannot take it ignores it, as in Velocity. */
export function compileAssignment(step: PathStep, scope: TemplateScope, line: number) {
  const name = step.type === 'index' ? compileExpression(step.id, scope, line) : constant(step.id);
  return (holder: unknown, value: unknown, state: RenderState): void => {
    if (step.type === 'method' || typeof holder !== 'object' || holder instanceof HostObject) return;
    callMethod(holder, Array.isArray(holder) ? 'set' : 'put', [name(state), value], state);
  };
}
