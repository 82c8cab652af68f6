import { limits } from '@sluice/contracts';
import { InvalidJsonPathError } from '../invalid-mapping.js';
import type { Filter, Operand, ParsedPath, PathFunction, Segment, Selector } from './json-path-syntax.js';

/**
 * Takes a JSONPath of Jayway's dialect apart (spec 06 §6.4). Script expressions (`[(@.length-1)]`) are refused: nothing of a
 * path is ever run as code. Throws `InvalidJsonPathError`.
 */
export function parseJsonPath(path: string): ParsedPath {
  return new JsonPathParser(path).parse();
}

const functions: readonly string[] = ['length', 'size', 'keys'];

class JsonPathParser {
  private at = 0;
  private depth = 0;

  constructor(private readonly path: string) {}

  parse(): ParsedPath {
    if (this.path.length > limits.jsonPathLengthMax)
      this.fail(`it is longer than ${limits.jsonPathLengthMax} characters`);
    this.blanks();
    // Jayway puts `$.` before a path without it.
    const parsed = this.take('$') ? this.steps() : this.steps(this.name());
    this.blanks();
    if (this.at < this.path.length) this.fail(`${JSON.stringify(this.path[this.at])} cannot stand here`);
    return parsed;
  }

  private steps(first?: string): ParsedPath {
    const segments: Segment[] =
      first === undefined ? [] : [{ selectors: [{ kind: 'name', name: first }], deep: false }];
    for (;;) {
      if (this.take('..')) {
        segments.push({ selectors: this.peek() === '[' ? this.bracket() : [this.dotStep()], deep: true });
      } else if (this.peek() === '[') segments.push({ selectors: this.bracket(), deep: false });
      else if (this.take('.')) {
        const fn = this.pathFunction();
        if (fn !== undefined) return { segments, fn };
        segments.push({ selectors: this.peek() === '[' ? this.bracket() : [this.dotStep()], deep: false });
      } else return { segments, fn: undefined };
    }
  }

  private pathFunction(): PathFunction | undefined {
    const match = /^([A-Za-z]+)\(\s*\)/.exec(this.path.slice(this.at, this.at + 20));
    if (match?.[1] === undefined) return undefined;
    if (!functions.includes(match[1]))
      this.fail(`${match[1]}() is not supported; there are ${functions.join('(), ')}()`);
    this.at += match[0].length;
    return match[1] as PathFunction;
  }

  private dotStep(): Selector {
    return this.take('*') ? { kind: 'wildcard' } : { kind: 'name', name: this.name() };
  }

  private name(): string {
    const start = this.at;
    while (this.at < this.path.length && !/[\s.[\]()=!<>~&|,'"*]/.test(this.path[this.at] as string)) this.at += 1;
    if (this.at === start)
      this.fail("a member name is missing; names with special characters are written ['like this']");
    return this.path.slice(start, this.at);
  }

  private bracket(): Selector[] {
    this.at += 1;
    const selectors: Selector[] = [];
    do {
      this.blanks();
      selectors.push(this.selector());
      this.blanks();
    } while (this.take(','));
    this.expect(']');
    return selectors;
  }

  private selector(): Selector {
    const next = this.peek();
    if (next === "'" || next === '"') return { kind: 'name', name: this.quoted(next) };
    if (this.take('*')) return { kind: 'wildcard' };
    if (next === '(') this.fail('script expressions are never evaluated; write a negative index for the end of a list');
    if (this.take('?')) {
      this.blanks();
      this.expect('(');
      const filter = this.or();
      this.expect(')');
      return { kind: 'filter', filter };
    }
    return this.indexOrSlice();
  }

  private indexOrSlice(): Selector {
    const match = /^(-?[0-9]{1,9})?(?:(\s*:\s*)(-?[0-9]{1,9})?(?:\s*:\s*([0-9]{1,9}))?)?/.exec(
      this.path.slice(this.at, this.at + 60),
    );
    const [text = '', first, colon, end, step] = match ?? [];
    if (text === '') this.fail("brackets hold an index, a slice, '*', a quoted name or a filter ?(…)");
    this.at += text.length;
    if (colon === undefined) return { kind: 'index', index: Number(first) };
    if (step !== undefined && Number(step) === 0) this.fail('a slice needs a step of at least 1');
    return { kind: 'slice', start: numberOrUnset(first), end: numberOrUnset(end), step: Number(step ?? 1) };
  }

  private or(): Filter {
    if (++this.depth > limits.templateDepthMax) this.fail('filters too deep within one another');
    const sides = [this.and()];
    while (this.takeOperator('||')) sides.push(this.and());
    this.depth -= 1;
    return sides.length === 1 && sides[0] !== undefined ? sides[0] : { kind: 'or', sides };
  }

  private and(): Filter {
    const sides = [this.not()];
    while (this.takeOperator('&&')) sides.push(this.not());
    return sides.length === 1 && sides[0] !== undefined ? sides[0] : { kind: 'and', sides };
  }

  private not(): Filter {
    this.blanks();
    let negated = false;
    while (this.peek() === '!') {
      this.at += 1;
      negated = !negated;
      this.blanks();
    }
    const side = this.primary();
    return negated ? { kind: 'not', side } : side;
  }

  private primary(): Filter {
    if (this.take('(')) {
      const inner = this.or();
      this.blanks();
      this.expect(')');
      return inner;
    }
    const left = this.operand();
    this.blanks();
    const match = /^(?:===|!==|==|!=|<=|>=|=~|<|>|in\b|nin\b)/.exec(this.path.slice(this.at, this.at + 4));
    if (match === null) return { kind: 'exists', operand: left };
    this.at += match[0].length;
    this.blanks();
    const right = this.operand();
    this.blanks();
    if ((match[0] === '=~') !== (right.kind === 'regex'))
      this.fail('=~ stands before a /regular expression/, and only it');
    return { kind: 'compare', operator: match[0], left, right };
  }

  private operand(): Operand {
    const next = this.peek();
    if (next === '@' || next === '$') {
      if (++this.depth > limits.templateDepthMax) this.fail('filters too deep within one another');
      this.at += 1;
      const path = this.steps();
      this.depth -= 1;
      return { kind: 'path', fromRoot: next === '$', path };
    }
    if (next === '[') return this.list();
    if (next === '/') return this.regex();
    return { kind: 'literal', value: this.literal() };
  }

  private list(): Operand {
    this.at += 1;
    const values: (string | number | boolean | null)[] = [];
    this.blanks();
    while (!this.take(']')) {
      values.push(this.literal());
      this.blanks();
      if (this.peek() !== ']') this.expect(',');
      this.blanks();
    }
    return { kind: 'list', values };
  }

  private literal(): string | number | boolean | null {
    const next = this.peek();
    if (next === "'" || next === '"') return this.quoted(next);
    const match = /^(?:(true|false)\b|(null)\b|-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)/.exec(
      this.path.slice(this.at, this.at + 40),
    );
    if (match === null) this.fail('a filter compares @ or $ paths, quoted texts, numbers, true, false and null');
    this.at += match[0].length;
    if (match[1] !== undefined) return match[1] === 'true';
    return match[2] === undefined ? Number(match[0]) : null;
  }

  private regex(): Operand {
    const match = /^\/((?:[^/\\]|\\.)+)\/([im]*)/.exec(this.path.slice(this.at));
    if (match?.[1] === undefined) this.fail('a regular expression is written /like this/');
    this.at += match[0].length;
    return { kind: 'regex', pattern: (match[2] ? `(?${match[2]})` : '') + match[1] };
  }

  private quoted(quote: string): string {
    let text = '';
    for (this.at += 1; this.peek() !== quote; this.at += 1) {
      if (this.peek() === '\\') this.at += 1;
      if (this.peek() === undefined) this.fail(`the closing ${quote} is missing`);
      text += this.peek();
    }
    this.at += 1;
    return text;
  }

  private peek(): string | undefined {
    return this.path[this.at];
  }

  private take(text: string): boolean {
    if (!this.path.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  private takeOperator(text: string): boolean {
    this.blanks();
    return this.take(text);
  }

  private expect(text: string): void {
    this.blanks();
    if (!this.take(text)) this.fail(`"${text}" is missing`);
  }

  private blanks(): void {
    while (this.peek() === ' ' || this.peek() === '\t' || this.peek() === '\n') this.at += 1;
  }

  private fail(detail: string): never {
    throw new InvalidJsonPathError(this.path, this.at, detail);
  }
}

function numberOrUnset(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}
