import { displayText } from '../values/value-text.js';
import { isNothing } from '../values/values.js';
import { isTrue } from './arithmetic.js';
import {
  compileAssignment,
  compileExpression,
  compileHolder,
  compileReference,
  DefinedBlock,
} from './compile-expression.js';
import { itemsOf, runLoop } from './foreach-loop.js';
import type { RenderState } from './render-state.js';
import { type Evaluate, type InnerText, type Macro, type Render, TemplateScope } from './scope.js';
import { restoreLiterals } from './template-source.js';
import { type Directive, type Node, parseTemplate, type Reference } from './template-syntax.js';

/** Compiles a whole template. Throws `InvalidTemplateError`. */
export function compileTemplateText(text: string, place: string): InnerText {
  return compileText(text, place, new Map(), 1, 0);
}

function compileText(text: string, place: string, macros: Map<string, Macro>, line: number, depth: number): InnerText {
  if (!/[$#]/.test(text)) return { fixed: text, render: (state) => state.write(text) };
  const parsed = parseTemplate(text, place, line);
  const scope = new TemplateScope(place, macros, parsed, line, depth, (inner, outer, innerLine, innerDepth) =>
    compileText(inner, outer.place, outer.macros, innerLine, innerDepth),
  );
  const merged = mergeTexts(parsed.nodes);
  const [only = ''] = merged;
  const fixed = merged.length <= 1 && typeof only === 'string' ? restoreLiterals(only, parsed.literals) : undefined;
  return { fixed, render: compileNodes(merged, scope) };
}

/** The parser breaks plain text at each `$` and `#`. */
function mergeTexts(nodes: readonly Node[]): Node[] {
  const merged: Node[] = [];
  for (const node of nodes) {
    const last = merged.at(-1);
    if (typeof node === 'string' && typeof last === 'string') merged[merged.length - 1] = last + node;
    else if (node !== '') merged.push(node);
  }
  return merged;
}

function compileNodes(nodes: readonly Node[], scope: TemplateScope): Render {
  const parts = mergeTexts(nodes)
    .map((node) => compileNode(node, scope))
    .filter((part) => part !== undefined);
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  return (state) => {
    for (const part of parts) {
      part(state);
      if (state.flow !== undefined) return;
    }
  };
}

function compileNode(node: Node, scope: TemplateScope): Render | undefined {
  if (typeof node === 'string') {
    const text = restoreLiterals(node, scope.literals);
    return (state) => state.write(text);
  }
  if (Array.isArray(node)) return compileBlock(node, scope);
  return node.type === 'references' ? compileOutput(node, scope) : compileDirective(node, scope);
}

// A value of the gateway's own that is not there is empty; any other unknown reference prints itself (spec 06 §6.3, §6.5).
const emptyRoots = new Set(['input', 'util', 'context', 'stageVariables']);

function compileOutput(reference: Reference, scope: TemplateScope): Render {
  const line = scope.lineOf(reference);
  const value = compileReference(reference, scope, line);
  const isQuiet = reference.leader === '$!' || emptyRoots.has(reference.id);
  const missing = isQuiet ? '' : scope.sourceOf(reference);
  return (state) => {
    state.step(line);
    const found = value(state);
    if (typeof found === 'string') state.write(found);
    else state.write(isNothing(found) ? missing : displayText(found));
  };
}

function compileDirective(directive: Directive, scope: TemplateScope): Render | undefined {
  const line = scope.lineOf(directive);
  switch (directive.type) {
    case 'set':
      return compileSet(directive.equal, scope, line);
    case 'raw':
      return (state) => state.write(restoreLiterals(directive.value, scope.literals));
    case 'comment':
      return undefined;
    case 'break':
      return (state) => {
        state.flow = 'break';
      };
    case 'macro_call':
      return compileMacroCall(directive, scope, line);
    default:
      return scope.fail(line, `#${directive.type} cannot stand here`);
  }
}

function compileSet(
  [target, expression]: [Reference, Parameters<typeof compileExpression>[0]],
  scope: TemplateScope,
  line: number,
): Render {
  const value = compileExpression(expression, scope, line);
  const { id, path = [] } = target;
  const last = path.at(-1);
  if (last === undefined) {
    return (state) => {
      state.step(line);
      const assigned = value(state);
      // Velocity 1.7 leaves the variable as it was.
      if (!isNothing(assigned)) state.variables.set(id, assigned);
    };
  }
  const holder = compileHolder(target, scope, line);
  const assign = compileAssignment(last, scope, line);
  return (state) => {
    state.step(line);
    const assigned = value(state);
    if (!isNothing(assigned)) assign(holder(state), assigned, state);
  };
}

const refused = new Set(['parse', 'include', 'evaluate']);

function compileMacroCall(
  call: Directive & { type: 'macro_call' | 'macro_body' },
  scope: TemplateScope,
  line: number,
): Render {
  const { id } = call;
  if (id === 'stop') {
    return (state) => {
      state.flow = 'stop';
    };
  }
  if (refused.has(id)) return scope.fail(line, `#${id} is not supported`);
  const args = (call.args || []).map((argument) => compileExpression(argument, scope, line));
  const source = scope.sourceOf(call);
  return (state) => {
    state.step(line);
    const macro = scope.macros.get(id);
    if (macro === undefined) state.write(source);
    else callMacro(macro, args, state);
  };
}

function callMacro(macro: Macro, args: readonly Evaluate[], state: RenderState): void {
  const { variables } = state;
  const values = args.map((argument) => argument(state));
  const before = macro.parameters.map((name) => variables.get(name));
  for (const [index, name] of macro.parameters.entries()) variables.set(name, values[index]);
  state.nested(() => macro.body(state));
  for (const [index, name] of macro.parameters.entries()) variables.set(name, before[index]);
}

function compileBlock(block: readonly Node[], scope: TemplateScope): Render | undefined {
  const [head, ...body] = block;
  if (typeof head !== 'object' || Array.isArray(head) || head.type === 'references') return undefined;
  const line = scope.lineOf(head);
  return scope.within(line, () => {
    if (head.type === 'if') return compileIf(head, body, scope);
    if (head.type === 'foreach') return compileForeach(head, body, scope, line);
    const render = compileNodes(body, scope);
    if (head.type === 'define') {
      const defined = new DefinedBlock(render);
      return (state: RenderState) => {
        state.variables.set(head.id, defined);
      };
    }
    if (head.type === 'macro') {
      const parameters = (head.args || []).map(({ id }) => id);
      scope.macros.set(head.id, { parameters, body: render });
      return undefined;
    }
    if (head.type !== 'macro_body') return scope.fail(line, `#${head.type} is not supported`);
    const call = compileMacroCall(head, scope, line);
    const content = new DefinedBlock(render);
    return (state: RenderState) => {
      const before = state.variables.get('bodyContent');
      state.variables.set('bodyContent', content);
      call(state);
      state.variables.set('bodyContent', before);
    };
  });
}

function compileIf(head: Directive & { type: 'if' | 'elseif' }, body: readonly Node[], scope: TemplateScope): Render {
  const branches: { line: number; condition: Evaluate | undefined; nodes: Node[] }[] = [];
  const open = (directive: Directive & { type: 'if' | 'elseif' }) => {
    const line = scope.lineOf(directive);
    branches.push({ line, condition: compileExpression(directive.condition, scope, line), nodes: [] });
  };
  open(head);
  for (const node of body) {
    if (typeof node === 'object' && !Array.isArray(node) && node.type === 'elseif') open(node);
    else if (typeof node === 'object' && !Array.isArray(node) && node.type === 'else') {
      branches.push({ line: scope.lineOf(node), condition: undefined, nodes: [] });
    } else branches.at(-1)?.nodes.push(node);
  }
  const compiled = branches.map(({ line, condition, nodes }) => ({
    line,
    condition,
    render: compileNodes(nodes, scope),
  }));
  return (state) => {
    for (const { line, condition, render } of compiled) {
      state.step(line);
      if (condition === undefined || isTrue(condition(state))) {
        render(state);
        return;
      }
    }
  };
}

function compileForeach(
  head: Directive & { type: 'foreach' },
  body: readonly Node[],
  scope: TemplateScope,
  line: number,
): Render {
  const from = compileExpression(head.from, scope, line);
  const otherwiseAt = body.findIndex(
    (node) => typeof node === 'object' && !Array.isArray(node) && node.type === 'else',
  );
  const render = compileNodes(otherwiseAt < 0 ? body : body.slice(0, otherwiseAt), scope);
  const otherwise = compileNodes(otherwiseAt < 0 ? [] : body.slice(otherwiseAt + 1), scope);
  return (state) => {
    state.step(line);
    const items = itemsOf(from(state));
    if (items.length === 0) otherwise(state);
    else runLoop(items, head.to, render, state);
  };
}
