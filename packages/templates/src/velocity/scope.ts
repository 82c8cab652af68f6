import { limits } from '@sluice/contracts';
import { InvalidTemplateError } from '../invalid-mapping.js';
import type { RenderState } from './render-state.js';
import { type LiftedText, liftedText } from './template-source.js';
import type { ParsedTemplate } from './template-syntax.js';

/** A compiled part of a template that writes, and one that has a value. */
export type Render = (state: RenderState) => void;
export type Evaluate = (state: RenderState) => unknown;

export interface Macro {
  parameters: string[];
  body: Render;
}

/** What the parts of one template share while they are compiled. */
export class TemplateScope {
  private depth = 0;

  constructor(
    readonly place: string,
    readonly macros: Map<string, Macro>,
    private readonly parsed: ParsedTemplate,
    private readonly firstLine: number,
    /** How many texts this text stands in. */
    private readonly textDepth: number,
    private readonly compileInner: (text: string, scope: TemplateScope, line: number, depth: number) => InnerText,
  ) {}

  /** Compiles a text in double quotes, whose references and directives are evaluated. */
  compileText(text: string, line: number): InnerText {
    if (this.textDepth >= limits.templateDepthMax) this.fail(line, 'texts are too deep within one another');
    return this.compileInner(text, this, line, this.textDepth + 1);
  }

  /** `isEvaluated` is for the texts that were not lifted: those in brackets without end. */
  literal(value: string, isEvaluated = false): LiftedText {
    return liftedText(value, this.parsed.literals) ?? { text: value, isMap: false, isEvaluated, source: value };
  }

  /** The scope of a part that was parsed by itself. */
  ofPart(parsed: ParsedTemplate, line: number): TemplateScope {
    const part = new TemplateScope(this.place, this.macros, parsed, line, this.textDepth, this.compileInner);
    part.depth = this.depth;
    return part;
  }

  sourceOf(node: Parameters<ParsedTemplate['sourceOf']>[0]): string {
    return this.parsed.sourceOf(node);
  }

  get literals(): readonly LiftedText[] {
    return this.parsed.literals;
  }

  lineOf(node: { pos?: { first_line: number } }): number {
    return this.firstLine + (node.pos?.first_line ?? 1) - 1;
  }

  /** Compiles something that may contain its like, to a bounded depth. */
  within<Result>(line: number, compile: () => Result): Result {
    this.depth += 1;
    if (this.depth > limits.templateValueDepthMax) this.fail(line, 'it is nested too deep');
    const result = compile();
    this.depth -= 1;
    return result;
  }

  /** Runs a compiler whose own errors become one of this template. */
  checked<Result>(line: number, compile: () => Result): Result {
    try {
      return compile();
    } catch (error) {
      if (error instanceof InvalidTemplateError || !(error instanceof Error)) throw error;
      return this.fail(line, error.message);
    }
  }

  fail(line: number, reason: string): never {
    throw new InvalidTemplateError(this.place, line, reason);
  }
}

/** A compiled inner text; `fixed` is its value where nothing in it is evaluated. */
export interface InnerText {
  fixed: string | undefined;
  render: Render;
}

/** The value of a text in quotes. */
export function textValue(inner: InnerText): Evaluate {
  const { fixed, render } = inner;
  if (fixed !== undefined) return () => fixed;
  return (state) => state.nested(() => state.captured(() => render(state)));
}
