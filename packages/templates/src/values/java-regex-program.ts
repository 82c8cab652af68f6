import { limits } from '@sluice/contracts';
import { newline, not, PatternReader, wordEdge } from './java-regex-classes.js';

/** One instruction of a compiled pattern; `next` and the like are indexes of instructions. */
export type Instruction =
  | { op: 'char'; test: (code: number) => boolean }
  | { op: 'split'; first: number; second: number }
  | { op: 'jump'; to: number }
  | { op: 'save'; slot: number }
  /** Passes only when the text has moved since `slot` was saved: an empty turn of a loop would never end. */
  | { op: 'moved'; slot: number }
  | { op: 'assert'; holds: (text: string, at: number) => boolean }
  | { op: 'back'; group: number }
  | { op: 'look'; program: Program; wanted: boolean }
  | { op: 'match' };

export interface Program {
  instructions: Instruction[];
  groups: number;
  slots: number;
}

/**
 * Compiles what templates use of `java.util.regex`: literals, classes, groups, alternatives, greedy and lazy quantifiers,
 * anchors, look-ahead, back references, `\Q…\E` and the flags `(?ims)`. Throws `TemplateFault` for anything else.
 */
export function compilePattern(pattern: string): Program {
  return new PatternCompiler(pattern).compile();
}

class PatternCompiler extends PatternReader {
  private groups = 0;
  private loops = 0;
  private code: Instruction[] = [];

  compile(): Program {
    this.emit({ op: 'save', slot: 0 });
    this.alternatives();
    if (this.at < this.pattern.length) this.fail('an unmatched )');
    this.emit({ op: 'save', slot: 1 }, { op: 'match' });
    return this.program(this.code);
  }

  // Loop slots stand behind those of the groups; how many groups there are is known only at the end.
  private program(code: Instruction[]): Program {
    const groupSlots = (this.groups + 1) * 2;
    const place = (slot: number) => (slot < 0 ? groupSlots - slot - 1 : slot);
    const instructions = code.map(
      (each): Instruction =>
        each.op === 'save' || each.op === 'moved'
          ? { op: each.op, slot: place(each.slot) }
          : each.op === 'look'
            ? { ...each, program: this.program(each.program.instructions) }
            : each,
    );
    return { instructions, groups: this.groups, slots: groupSlots + this.loops };
  }

  private emit(...instructions: Instruction[]): void {
    this.code.push(...instructions);
    if (this.code.length > limits.templateRegexInstructionsMax) this.fail('it is too large');
  }

  private alternatives(): void {
    const flags = { ...this.flags };
    const start = this.code.length;
    this.sequence();
    while (this.take('|')) {
      const left = this.code.splice(start);
      this.sequence();
      const right = this.code.splice(start);
      const jumpTo = start + left.length + 2 + right.length;
      this.emit({ op: 'split', first: start + 1, second: start + left.length + 2 });
      this.append(left, 1);
      this.emit({ op: 'jump', to: jumpTo });
      this.append(right, left.length + 2);
    }
    this.flags = flags;
  }

  private append(code: Instruction[], offset: number): void {
    for (const each of code) {
      if (each.op === 'split') this.emit({ op: 'split', first: each.first + offset, second: each.second + offset });
      else if (each.op === 'jump') this.emit({ op: 'jump', to: each.to + offset });
      else this.emit(each);
    }
  }

  private sequence(): void {
    while (this.at < this.pattern.length && this.peek() !== '|' && this.peek() !== ')') {
      const start = this.code.length;
      this.atom();
      this.quantifier(start);
    }
  }

  private quantifier(start: number): void {
    const match = /^(?:([*+?])|\{([0-9]{1,4})(,([0-9]{0,4}))?\})([?+]?)/.exec(
      this.pattern.slice(this.at, this.at + 14),
    );
    if (match === null) return;
    this.at += match[0].length;
    if (match[5] === '+') this.fail('possessive quantifiers are not supported');
    const lazy = match[5] === '?';
    const min = match[1] === undefined ? Number(match[2]) : match[1] === '+' ? 1 : 0;
    const max =
      match[1] === undefined
        ? match[3] === undefined
          ? min
          : match[4] === ''
            ? Number.POSITIVE_INFINITY
            : Number(match[4])
        : match[1] === '?'
          ? 1
          : Number.POSITIVE_INFINITY;
    if (max < min) this.fail('a quantifier whose bounds are the wrong way round');
    this.repeat(this.code.splice(start), start, min, max, lazy);
    if (/^[*+?]/.test(this.peek() ?? '')) this.fail('a quantifier behind a quantifier');
  }

  private repeat(code: Instruction[], start: number, min: number, max: number, lazy: boolean): void {
    const copy = () => this.append(code, this.code.length - start);
    for (let count = 0; count < min; count += 1) copy();
    const split = (inside: number, outside: number) =>
      this.emit(
        lazy ? { op: 'split', first: outside, second: inside } : { op: 'split', first: inside, second: outside },
      );
    if (max === Number.POSITIVE_INFINITY) {
      const loop = this.code.length;
      if (code.length === 1 && code[0]?.op === 'char') {
        // A turn always moves here: the commonest loop needs no check, and keeps fewer things for the way back.
        split(loop + 1, loop + 3);
        this.emit(code[0], { op: 'jump', to: loop });
        return;
      }
      const slot = -++this.loops;
      split(loop + 1, loop + 4 + code.length);
      this.emit({ op: 'save', slot });
      copy();
      this.emit({ op: 'moved', slot }, { op: 'jump', to: loop });
      return;
    }
    const end = this.code.length + (max - min) * (code.length + 1);
    for (let count = min; count < max; count += 1) {
      split(this.code.length + 1, end);
      copy();
    }
  }

  private atom(): void {
    const character = this.next();
    if (character === '(') this.group();
    else if (character === '[') this.emit({ op: 'char', test: this.characterClass() });
    else if (character === '.') this.emit({ op: 'char', test: this.flags.dotAll ? () => true : not(newline) });
    else if (character === '^') this.emit({ op: 'assert', holds: this.lineStart() });
    else if (character === '$') this.emit({ op: 'assert', holds: this.lineEnd() });
    else if (character === '\\') this.escape();
    else if (/[*+?]/.test(character)) this.fail('a quantifier with nothing before it');
    else this.literal(character.charCodeAt(0));
  }

  private literal(code: number): void {
    this.emit({ op: 'char', test: this.same(code) });
  }

  private lineStart(): (text: string, at: number) => boolean {
    if (!this.flags.multiline) return (_, at) => at === 0;
    return (text, at) => at === 0 || newline(text.charCodeAt(at - 1));
  }

  private lineEnd(): (text: string, at: number) => boolean {
    if (this.flags.multiline) return (text, at) => at === text.length || newline(text.charCodeAt(at));
    return (text, at) => at === text.length || (at === text.length - 1 && newline(text.charCodeAt(at)));
  }

  private group(): void {
    if (++this.depth > limits.templateDepthMax) this.fail('groups too deep within one another');
    const flags = { ...this.flags };
    const special = /^\?(?::|=|!|([ims]+)(:|\)))/.exec(this.pattern.slice(this.at, this.at + 8));
    if (this.peek() === '?' && special === null) this.fail('a kind of group that is not supported');
    this.at += special?.[0].length ?? 0;
    this.setFlags(special?.[1]);
    if (special?.[2] === ')') {
      this.depth -= 1;
      return;
    }
    if (special?.[0] === '?=' || special?.[0] === '?!') this.lookAhead(special[0] === '?=');
    else if (special === null) {
      const group = ++this.groups;
      this.emit({ op: 'save', slot: group * 2 });
      this.alternatives();
      this.emit({ op: 'save', slot: group * 2 + 1 });
    } else this.alternatives();
    if (!this.take(')')) this.fail('a group without )');
    this.flags = flags;
    this.depth -= 1;
  }

  private setFlags(letters: string | undefined): void {
    for (const letter of letters ?? '') {
      if (letter === 'i') this.flags.ignoreCase = true;
      else if (letter === 'm') this.flags.multiline = true;
      else this.flags.dotAll = true;
    }
  }

  private lookAhead(wanted: boolean): void {
    const outer = this.code;
    this.code = [];
    this.alternatives();
    this.emit({ op: 'match' });
    const program = { instructions: this.code, groups: 0, slots: 0 };
    this.code = outer;
    this.emit({ op: 'look', program, wanted });
  }

  private escape(): void {
    const character = this.next();
    if (character === 'Q') {
      const end = this.pattern.indexOf('\\E', this.at);
      const quoted = this.pattern.slice(this.at, end < 0 ? undefined : end);
      for (const each of quoted) this.literal(each.charCodeAt(0));
      this.at = end < 0 ? this.pattern.length : end + 2;
    } else if (character === 'b') this.emit({ op: 'assert', holds: wordEdge });
    else if (character === 'B') this.emit({ op: 'assert', holds: (text, at) => !wordEdge(text, at) });
    else if (character === 'A') this.emit({ op: 'assert', holds: (_, at) => at === 0 });
    else if (character === 'z') this.emit({ op: 'assert', holds: (text, at) => at === text.length });
    else if (/[1-9]/.test(character)) {
      if (Number(character) > this.groups) this.fail('a back reference to a group that is not there');
      this.emit({ op: 'back', group: Number(character) });
    } else this.emit({ op: 'char', test: this.escapedTest(character) });
  }
}
