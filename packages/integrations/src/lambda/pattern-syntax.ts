/** Whether a character (code point) is meant. */
export type CharacterTest = (codePoint: number) => boolean;

/** A regular expression as read. */
export type PatternNode =
  | { kind: 'character'; test: CharacterTest }
  | { kind: 'sequence'; parts: PatternNode[] }
  | { kind: 'choice'; parts: PatternNode[] }
  | { kind: 'repeat'; part: PatternNode; min: number; max: number }
  | { kind: 'edge'; at: 'start' | 'end' | 'word' | 'no-word' };

/** The expression cannot be matched in linear time, or is none; the message says what stands in the way. */
export class UnreadablePatternError extends Error {
  constructor(detail: string) {
    super(detail);
    this.name = 'UnreadablePatternError';
  }
}

const depthMax = 64;
const lineEnds = new Set([0x0a, 0x0d, 0x85, 0x2028, 0x2029]);

const isDigit: CharacterTest = (c) => c >= 48 && c <= 57;
export const isWord: CharacterTest = (c) => isDigit(c) || (c >= 65 && c <= 90) || (c >= 97 && c <= 122) || c === 95;
const isSpace: CharacterTest = (c) => c === 0x20 || (c >= 0x09 && c <= 0x0d);
const not =
  (test: CharacterTest): CharacterTest =>
  (c) =>
    !test(c);
const classes: Record<string, CharacterTest> = {
  d: isDigit,
  D: not(isDigit),
  w: isWord,
  W: not(isWord),
  s: isSpace,
  S: not(isSpace),
};
const controls: Record<string, number> = { t: 9, n: 10, r: 13, f: 12, e: 27, a: 7 };

/**
 * Reads the part of Java's regular expressions that a matcher without backtracking can do: everything but look-around,
 * back references, possessive quantifiers, Unicode properties and class intersections. Throws `UnreadablePatternError`.
 */
export function readPattern(text: string): PatternNode {
  return new PatternReader(text).read();
}

class PatternReader {
  private at = 0;
  private depth = 0;
  private ignoreCase = false;
  private dotAll = false;
  private readonly characters: string[];

  constructor(text: string) {
    this.characters = [...text];
  }

  read(): PatternNode {
    this.readFlags();
    const node = this.choice();
    if (this.at < this.characters.length) throw new UnreadablePatternError('there is a ) without its (');
    return node;
  }

  private get next(): string | undefined {
    return this.characters[this.at];
  }

  private takes(text: string): boolean {
    if (this.characters.slice(this.at, this.at + text.length).join('') !== text) return false;
    this.at += text.length;
    return true;
  }

  private readFlags(): void {
    const flags = /^\(\?([ims]+)\)/.exec(this.characters.slice(0, 8).join(''));
    if (flags === null) return;
    this.at += flags[0].length;
    const letters = flags[1] ?? '';
    if (letters.includes('m')) throw new UnreadablePatternError('the flag m is not supported');
    this.ignoreCase = letters.includes('i');
    this.dotAll = letters.includes('s');
  }

  private choice(): PatternNode {
    if (++this.depth > depthMax) throw new UnreadablePatternError(`groups are nested more than ${depthMax} deep`);
    const parts = [this.sequence()];
    while (this.takes('|')) parts.push(this.sequence());
    this.depth--;
    return parts.length === 1 ? (parts[0] as PatternNode) : { kind: 'choice', parts };
  }

  private sequence(): PatternNode {
    const parts: PatternNode[] = [];
    while (this.next !== undefined && this.next !== '|' && this.next !== ')') parts.push(this.repeated(this.atom()));
    return { kind: 'sequence', parts };
  }

  private repeated(part: PatternNode): PatternNode {
    let node = part;
    for (;;) {
      const bounds = this.bounds();
      if (bounds === undefined) return node;
      // Which of several ways a whole value matches is nobody's question, so that lazy is the same as greedy.
      this.takes('?');
      if (this.next === '+') throw new UnreadablePatternError('possessive quantifiers are not supported');
      node = { kind: 'repeat', part: node, ...bounds };
    }
  }

  private bounds(): { min: number; max: number } | undefined {
    if (this.takes('*')) return { min: 0, max: Number.POSITIVE_INFINITY };
    if (this.takes('+')) return { min: 1, max: Number.POSITIVE_INFINITY };
    if (this.takes('?')) return { min: 0, max: 1 };
    if (this.next !== '{') return undefined;
    const text = this.characters.slice(this.at, this.at + 16).join('');
    const match = /^\{(\d{1,4})(,(\d{0,4}))?\}/.exec(text);
    if (match === null) throw new UnreadablePatternError('a { is no quantifier; as a character it is \\{');
    this.at += match[0].length;
    const min = Number(match[1]);
    const max = match[2] === undefined ? min : match[3] === '' ? Number.POSITIVE_INFINITY : Number(match[3]);
    if (max < min) throw new UnreadablePatternError('a quantifier has its bounds the wrong way round');
    return { min, max };
  }

  private atom(): PatternNode {
    if (this.takes('(')) return this.group();
    if (this.takes('[')) return this.character(this.bracketed());
    if (this.takes('^')) return { kind: 'edge', at: 'start' };
    if (this.takes('$')) return { kind: 'edge', at: 'end' };
    if (this.takes('.')) return { kind: 'character', test: this.dotAll ? () => true : (c) => !lineEnds.has(c) };
    if (this.takes('\\')) return this.escaped();
    if (/^[*+?{]$/.test(this.next ?? '')) throw new UnreadablePatternError(`nothing stands before ${this.next}`);
    return this.character(is(this.take()));
  }

  private group(): PatternNode {
    if (this.takes('?') && !this.takes(':')) {
      if (!/^<[A-Za-z]/.test(this.characters.slice(this.at, this.at + 2).join(''))) {
        throw new UnreadablePatternError('look-around and flags inside the expression are not supported');
      }
      this.at = this.characters.indexOf('>', this.at) + 1;
      if (this.at === 0) throw new UnreadablePatternError("a group's name does not end");
    }
    const node = this.choice();
    if (!this.takes(')')) throw new UnreadablePatternError('there is a ( without its )');
    return node;
  }

  private escaped(): PatternNode {
    const letter = this.take();
    if (letter === 'b') return { kind: 'edge', at: 'word' };
    if (letter === 'B') return { kind: 'edge', at: 'no-word' };
    if (letter === 'A') return { kind: 'edge', at: 'start' };
    if (letter === 'z' || letter === 'Z') return { kind: 'edge', at: 'end' };
    if (letter === 'Q') return this.quoted();
    return this.character(classes[letter] ?? is(this.escapedCharacter(letter)));
  }

  private quoted(): PatternNode {
    const parts: PatternNode[] = [];
    while (this.next !== undefined && !this.takes('\\E')) parts.push(this.character(is(this.take())));
    return { kind: 'sequence', parts };
  }

  /** The character that an escape stands for, its letter already taken. */
  private escapedCharacter(letter: string): string {
    const control = controls[letter];
    if (control !== undefined) return String.fromCodePoint(control);
    const digits = letter === 'x' ? 2 : letter === 'u' ? 4 : 0;
    if (digits > 0) {
      const hex = this.characters.slice(this.at, this.at + digits).join('');
      if (hex.length < digits || !/^[0-9a-f]+$/i.test(hex))
        throw new UnreadablePatternError(`\\${letter} lacks digits`);
      this.at += digits;
      return String.fromCodePoint(Number.parseInt(hex, 16));
    }
    if (/[1-9k]/.test(letter)) throw new UnreadablePatternError('back references are not supported');
    if (/[A-Za-z0-9]/.test(letter)) throw new UnreadablePatternError(`\\${letter} is not supported`);
    return letter;
  }

  private bracketed(): CharacterTest {
    const negated = this.takes('^');
    const tests: CharacterTest[] = [];
    for (let first = true; first || this.next !== ']'; first = false) {
      if (this.next === undefined) throw new UnreadablePatternError('there is a [ without its ]');
      if (this.next === '[' || this.characters.slice(this.at, this.at + 2).join('') === '&&') {
        throw new UnreadablePatternError('classes inside classes are not supported');
      }
      tests.push(this.classMember());
    }
    this.at++;
    const any: CharacterTest = (c) => tests.some((test) => test(c));
    const folded = this.ignoreCase ? foldCase(any) : any;
    return negated ? not(folded) : folded;
  }

  private classMember(): CharacterTest {
    const from = this.classCharacter();
    if (typeof from === 'function') return from;
    const isRange = this.next === '-' && this.characters[this.at + 1] !== ']' && this.at + 1 < this.characters.length;
    if (!isRange) return is(from);
    this.at++;
    const to = this.classCharacter();
    if (typeof to === 'function') throw new UnreadablePatternError('a range ends in a class');
    const [low, high] = [from.codePointAt(0) ?? 0, to.codePointAt(0) ?? 0];
    if (high < low) throw new UnreadablePatternError('a range has its ends the wrong way round');
    return (c) => c >= low && c <= high;
  }

  private classCharacter(): string | CharacterTest {
    const character = this.take();
    if (character !== '\\') return character;
    const letter = this.take();
    return classes[letter] ?? this.escapedCharacter(letter);
  }

  private character(test: CharacterTest): PatternNode {
    return { kind: 'character', test: this.ignoreCase ? foldCase(test) : test };
  }

  private take(): string {
    const character = this.next;
    if (character === undefined) throw new UnreadablePatternError('it ends in a backslash');
    this.at++;
    return character;
  }
}

function is(character: string): CharacterTest {
  const meant = character.codePointAt(0);
  return (c) => c === meant;
}

function foldCase(test: CharacterTest): CharacterTest {
  return (c) => {
    const text = String.fromCodePoint(c);
    return test(c) || test(text.toLowerCase().codePointAt(0) ?? c) || test(text.toUpperCase().codePointAt(0) ?? c);
  };
}
