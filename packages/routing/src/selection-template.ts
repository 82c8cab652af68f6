/**
 * The grammar shared by all selection expressions (spec 02 §2.1):
 *
 *     template := ( literal | escape | variable )*
 *     escape   := "\$"
 *     variable := "$" path | "${" path "}"
 *     path     := source ( "." name | "[" index "]" | "[" quoted name "]" )*
 *
 * Which sources exist depends on the property that holds the expression, so the parser takes only the shape apart.
 */
export type TemplatePart = { literal: string } | { path: VariablePath };

/** `request.body.list[0]` is the steps `request`, `body`, `list` and 0. A number is an array index, a text a member name. */
export interface VariablePath {
  steps: (string | number)[];
  /** Where the variable starts in the expression, for messages. */
  position: number;
}

/** Thrown while compiling an expression that the grammar does not allow. The message shows the place and says what to write instead. */
export class InvalidExpressionError extends Error {
  constructor(
    readonly expression: string,
    /** Offset into the expression, in UTF-16 units. */
    readonly position: number,
    detail: string,
  ) {
    super(`selection expression ${JSON.stringify(expression)}, position ${position}: ${detail}`);
    this.name = 'InvalidExpressionError';
  }
}

// Characters at which an unbraced variable ends, outside brackets (02 §2.1). `-` is not among them.
const pathEnds = new Set([' ', '\t', '\r', '\n', '/', '\\', '$', '{', '}']);

/** Takes an expression apart. Throws `InvalidExpressionError`; an empty expression has no parts. */
export function parseSelectionTemplate(expression: string): TemplatePart[] {
  const parts: TemplatePart[] = [];
  let literal = '';
  let position = 0;
  while (position < expression.length) {
    const character = expression[position] as string;
    if (character === '\\' && expression[position + 1] === '$') {
      literal += '$';
      position += 2;
    } else if (character === '$') {
      if (literal !== '') parts.push({ literal });
      literal = '';
      const variable = new PathParser(expression, position).parse();
      parts.push({ path: variable.path });
      position = variable.end;
    } else {
      literal += character;
      position += 1;
    }
  }
  if (literal !== '') parts.push({ literal });
  return parts;
}

class PathParser {
  private position: number;

  constructor(
    private readonly expression: string,
    private readonly start: number,
  ) {
    this.position = start + 1;
  }

  parse(): { path: VariablePath; end: number } {
    const braced = this.peek() === '{';
    if (braced) this.position += 1;
    const steps: (string | number)[] = [this.name()];
    for (;;) {
      const next = this.peek();
      if (next === '.') {
        this.position += 1;
        steps.push(this.name());
      } else if (next === '[') {
        steps.push(this.bracket());
      } else break;
    }
    if (braced) this.closeBrace();
    return { path: { steps, position: this.start }, end: this.position };
  }

  private name(): string {
    const start = this.position;
    for (;;) {
      const next = this.peek();
      if (next === undefined || next === '.' || next === '[' || next === ']' || pathEnds.has(next)) break;
      this.position += 1;
    }
    if (this.position > start) return this.expression.slice(start, this.position);
    throw this.invalid(
      start,
      start === this.start + 1
        ? 'a variable name must follow "$"; write "\\$" for a literal dollar'
        : "a member name is missing; names with special characters are written ['like this']",
    );
  }

  private bracket(): string | number {
    const start = this.position;
    this.position += 1;
    const quote = this.peek();
    const step = quote === "'" || quote === '"' ? this.quotedName(quote) : this.index();
    if (this.peek() !== ']') throw this.invalid(start, 'this bracket needs a "]" behind its one index or quoted name');
    this.position += 1;
    return step;
  }

  private quotedName(quote: string): string {
    const start = this.position;
    let name = '';
    this.position += 1;
    for (let next = this.peek(); next !== quote; next = this.peek()) {
      if (next === undefined) throw this.invalid(start, `the closing ${quote} is missing`);
      const escaped = next === '\\' ? this.expression[this.position + 1] : undefined;
      const isEscape = escaped === quote || escaped === '\\';
      name += isEscape ? escaped : next;
      this.position += isEscape ? 2 : 1;
    }
    this.position += 1;
    return name;
  }

  private index(): number {
    const digits = /^[0-9]{1,9}(?=\])/.exec(this.expression.slice(this.position, this.position + 10));
    if (digits === null) {
      throw this.invalid(this.position, "brackets hold an array index such as [0] or a quoted name such as ['my key']");
    }
    this.position += digits[0].length;
    return Number(digits[0]);
  }

  private closeBrace(): void {
    if (this.peek() !== '}') {
      throw this.invalid(
        this.position,
        this.peek() === undefined
          ? 'the closing "}" is missing'
          : `${JSON.stringify(this.peek())} cannot be part of a name here; write ['…'] around names with special characters`,
      );
    }
    this.position += 1;
  }

  private peek(): string | undefined {
    return this.expression[this.position];
  }

  private invalid(position: number, detail: string): InvalidExpressionError {
    return new InvalidExpressionError(this.expression, position, detail);
  }
}
