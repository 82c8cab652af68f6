/** A text literal that was taken out of a template before parsing. */
export interface LiftedText {
  text: string;
  /** In double quotes: references and directives in it are evaluated. */
  isEvaluated: boolean;
  /** As it stands in the template, quotes included. */
  source: string;
}

export interface LiftedSource {
  source: string;
  literals: LiftedText[];
  /** A bracket of a directive or reference has no end: plain text, or quotes that were read the wrong way. */
  isUnclosed: boolean;
}

/** How quotes inside a quoted text are read: Velocity doubles them; many templates write `\"`, which Velocity 1.7 never allowed. */
export type QuoteStyle = 'doubled' | 'escaped';

// Around the number of a lifted text. From Unicode's private use area: not part of any template that means something.
const mark = '\uE000';
const liftedPattern = new RegExp(`'${mark}([0-9]+)\\n*'`, 'g');

/**
 * Prepares a template for velocityjs, whose grammar lacks some of Velocity's: text literals are replaced by numbered ones, so
 * that doubled quotes, backslashes, and members named `__proto__` or `12` survive; `#stop`, `#break($foreach)` and
 * `#{if}(…)` become forms that it knows. Lines keep their numbers.
 */
export function liftLiterals(template: string, quotes: QuoteStyle = 'doubled'): LiftedSource {
  return new Lifter(template, quotes).lift();
}

/** Text of the prepared template as it stood in the original. */
export function restoreLiterals(source: string, literals: readonly LiftedText[]): string {
  if (!source.includes(mark)) return source;
  return source.replace(liftedPattern, (whole, index: string) => literals[Number(index)]?.source ?? whole);
}

/** The text that a literal of the prepared template stands for; undefined where it is not one of ours. */
export function liftedText(value: string, literals: readonly LiftedText[]): LiftedText | undefined {
  const index = value.startsWith(mark) ? /^[0-9]+/.exec(value.slice(1)) : null;
  return index === null ? undefined : literals[Number(index[0])];
}

const blockDirectives = new Set(['if', 'elseif', 'foreach', 'set', 'macro', 'define', 'end']);

class Lifter {
  private at = 0;
  private out = '';
  private looked = 0;
  private isUnclosed = false;
  private readonly literals: LiftedText[] = [];

  constructor(
    private readonly text: string,
    private readonly quotes: QuoteStyle,
  ) {}

  lift(): LiftedSource {
    while (this.at < this.text.length) {
      const next = this.text[this.at];
      if (next === '\\') this.backslashes();
      else if (next === '#') this.hash();
      else if (next === '$') this.reference();
      else this.plain();
    }
    return { source: this.out, literals: this.literals, isUnclosed: this.isUnclosed };
  }

  private plain(): void {
    const special = /[\\#$]/g;
    special.lastIndex = this.at;
    this.copy((special.exec(this.text)?.index ?? this.text.length) - this.at);
  }

  private backslashes(): void {
    const run = this.match(/\\+/y) ?? '';
    const escapes = run.length % 2 === 1 && /[#$]/.test(this.text[this.at + run.length] ?? '');
    this.copy(run.length + (escapes ? 1 : 0));
  }

  private hash(): void {
    const verbatim = this.match(/##[^\n]*|#\*[\s\S]*?\*#|#\[\[[\s\S]*?\]\]#/y);
    if (verbatim !== undefined) {
      this.copy(verbatim.length);
      return;
    }
    const directive = this.match(/#(?:\{[a-zA-Z@][a-zA-Z0-9_-]*\}|[a-zA-Z@][a-zA-Z0-9_-]*)/y);
    if (directive === undefined) {
      this.copy(1);
      return;
    }
    const name = directive.replace(/[#{}]/g, '');
    this.at += directive.length;
    this.out += blockDirectives.has(name) || name === 'break' ? `#${name}` : name === 'stop' ? '#stop()' : directive;
    if (name === 'stop' || name === 'break') this.at += (this.match(/[ \t]*\([^()]*\)/y) ?? '').length;
    else if (name === 'end' && directive.startsWith('#{') && /[a-zA-Z0-9_]/.test(this.text[this.at] ?? '')) {
      this.out = `${this.out.slice(0, -'#end'.length)}#{end}`;
    }
    const open = this.match(/[ \t]*\(/y);
    if (open === undefined) return;
    this.copy(open.length - 1);
    this.brackets();
  }

  private reference(): void {
    const start = this.match(/\$!?\{?[a-zA-Z_][a-zA-Z0-9_-]*/y);
    if (start === undefined) {
      this.copy(1);
      return;
    }
    this.copy(start.length);
    for (;;) {
      const next = this.match(/\.[a-zA-Z_][a-zA-Z0-9_-]*|\(|\[/y);
      if (next === undefined) return;
      if (next.startsWith('.')) this.copy(next.length);
      else if (!this.brackets()) return;
    }
  }

  /** Copies from an opening bracket to its end, the texts in it lifted. Without an end the bracket is plain text. */
  private brackets(): boolean {
    const before = { at: this.at, out: this.out, count: this.literals.length };
    let depth = 0;
    // Brackets without end are looked through to the end of the template, each: the sum is bounded.
    while (this.at < this.text.length && this.looked < this.text.length * 64) {
      this.looked += 1;
      const next = this.text[this.at] as string;
      if (next === '"' || next === "'") {
        if (!this.quoted(next)) break;
        continue;
      }
      this.copy(1);
      if ('([{'.includes(next)) depth += 1;
      else if (')]}'.includes(next)) depth -= 1;
      if (depth === 0) return true;
    }
    this.isUnclosed = true;
    this.at = before.at;
    this.out = before.out;
    this.literals.length = before.count;
    this.copy(1);
    return false;
  }

  private quoted(quote: string): boolean {
    const pattern =
      quote === '"'
        ? this.quotes === 'doubled'
          ? /"(?:[^"]|"")*"/y
          : /"(?:[^"\\]|\\[\s\S])*"/y
        : this.quotes === 'doubled'
          ? /'(?:[^']|'')*'/y
          : /'(?:[^'\\]|\\[\s\S])*'/y;
    const source = this.match(pattern);
    if (source === undefined) return false;
    const inner = source.slice(1, -1);
    const text =
      this.quotes === 'doubled' ? inner.replaceAll(quote + quote, quote) : inner.replaceAll(`\\${quote}`, quote);
    this.out += `'${mark}${this.literals.length}${'\n'.repeat(source.split('\n').length - 1)}'`;
    this.literals.push({ text, isEvaluated: quote === '"', source });
    this.at += source.length;
    return true;
  }

  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    return pattern.exec(this.text)?.[0];
  }

  private copy(length: number): void {
    this.out += this.text.slice(this.at, this.at + length);
    this.at += length;
  }
}
