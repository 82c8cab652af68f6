/** A text or map literal that was taken out of a template before parsing. */
export interface LiftedText {
  /** Of a map, what stands between its braces. */
  text: string;
  isMap: boolean;
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
  /** The line of a comment or raw block without end. */
  unendedLine: number | undefined;
}

/** How quotes inside a quoted text are read: Velocity doubles them; many templates write `\"`, which Velocity 1.7 never allowed. */
export type QuoteStyle = 'doubled' | 'escaped';

// Around the number of a lifted text. From Unicode's private use area: not part of any template that means something.
const mark = '\uE000';
const liftedPattern = new RegExp(`'${mark}([0-9]+)\\n*'`, 'g');

/**
 * Prepares a template for velocityjs, whose grammar lacks some of Velocity's: text literals are replaced by numbered ones, so
 * that doubled quotes, backslashes, and members named `__proto__` or `12` survive; maps likewise, which it knows in few places; `#stop`, `#break($foreach)` and
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

const quotedPatterns = {
  doubled: { double: /"(?:[^"]|"")*"/y, single: /'(?:[^']|'')*'/y },
  escaped: { double: /"(?:[^"\\]|\\[\s\S])*"/y, single: /'(?:[^'\\]|\\[\s\S])*'/y },
};

/** Where the bracket that opens at `start` ends, texts in quotes passed over; -1 for nowhere. */
function closingBracket(text: string, start: number, quotes: QuoteStyle): number {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const next = text[at] as string;
    if (next === '"' || next === "'") {
      const length = quotedLength(text, at, quotes);
      if (length === 0) return -1;
      at += length - 1;
    } else if ('([{'.includes(next)) depth += 1;
    else if (')]}'.includes(next)) {
      depth -= 1;
      if (depth === 0) return at;
    }
  }
  return -1;
}

function quotedLength(text: string, at: number, quotes: QuoteStyle): number {
  const pattern = quotedPatterns[quotes][text[at] === '"' ? 'double' : 'single'];
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0].length ?? 0;
}

/** What stands between the braces of a map: its members' keys and values, as expressions. Undefined where it is no map. */
export function mapMembers(text: string): [key: string, value: string][] | undefined {
  if (text.trim() === '') return [];
  const members = splitOutside(text, ',').map((member) => splitOutside(member, ':'));
  return members.every((member): member is [string, string] => member.length === 2) ? members : undefined;
}

function splitOutside(text: string, separator: string): string[] {
  const parts: string[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at += 1) {
    const next = text[at] as string;
    if (next === '"' || next === "'") at += Math.max(quotedLength(text, at, 'doubled') - 1, 0);
    else if ('([{'.includes(next)) at = Math.max(at, closingBracket(text, at, 'doubled'));
    else if (next === separator) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

const blockDirectives = new Set(['if', 'elseif', 'foreach', 'set', 'macro', 'define', 'end']);

class Lifter {
  private at = 0;
  private out = '';
  private looked = 0;
  private isUnclosed = false;
  private unendedLine: number | undefined;
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
    const { out: source, literals, isUnclosed, unendedLine } = this;
    return { source, literals, isUnclosed, unendedLine };
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
    if (this.match(/#\*|#\[\[/y) !== undefined) {
      // The parser would look for the end of each of them through all of the rest; Velocity refuses them too.
      this.unendedLine = this.text.slice(0, this.at).split('\n').length;
      this.at = this.text.length;
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
      if (next === '{' && !/\$!?$/.test(this.out.slice(-2))) {
        if (!this.map()) break;
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
    const source = this.match(quotedPatterns[this.quotes][quote === '"' ? 'double' : 'single']);
    if (source === undefined) return false;
    const inner = source.slice(1, -1);
    const text =
      this.quotes === 'doubled' ? inner.replaceAll(quote + quote, quote) : inner.replaceAll(`\\${quote}`, quote);
    this.literal({ text, isMap: false, isEvaluated: quote === '"', source });
    return true;
  }

  private map(): boolean {
    const end = closingBracket(this.text, this.at, this.quotes);
    this.looked += (end < 0 ? this.text.length : end) - this.at;
    if (end < 0) return false;
    const source = this.text.slice(this.at, end + 1);
    this.literal({ text: source.slice(1, -1), isMap: true, isEvaluated: false, source });
    return true;
  }

  private literal(lifted: LiftedText): void {
    this.out += `'${mark}${this.literals.length}${'\n'.repeat(lifted.source.split('\n').length - 1)}'`;
    this.literals.push(lifted);
    this.at += lifted.source.length;
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
