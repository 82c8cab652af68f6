import { limits } from '@sluice/contracts';
import { TemplateFault } from './values.js';

export interface PatternFlags {
  ignoreCase: boolean;
  multiline: boolean;
  dotAll: boolean;
}

export type Test = (code: number) => boolean;

const digit: Test = (code) => code >= 48 && code <= 57;
const word: Test = (code) => digit(code) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 95;
const blank: Test = (code) => code === 32 || (code >= 9 && code <= 13);
export const newline: Test = (code) =>
  code === 10 || code === 13 || code === 0x85 || code === 0x2028 || code === 0x2029;
export const not =
  (test: Test): Test =>
  (code) =>
    !test(code);
const classes: Record<string, Test> = { d: digit, D: not(digit), w: word, W: not(word), s: blank, S: not(blank) };
const properties: Record<string, Test> = {
  Alpha: (code) => word(code) && !digit(code) && code !== 95,
  Digit: digit,
  Alnum: (code) => word(code) && code !== 95,
  Upper: (code) => code >= 65 && code <= 90,
  Lower: (code) => code >= 97 && code <= 122,
  Punct: (code) => code > 32 && code < 127 && (!word(code) || code === 95),
  Space: blank,
  Blank: (code) => code === 32 || code === 9,
  Cntrl: (code) => code < 32 || code === 127,
  ASCII: (code) => code < 128,
  XDigit: (code) => digit(code) || (code >= 65 && code <= 70) || (code >= 97 && code <= 102),
};
const controls: Record<string, number> = { n: 10, r: 13, t: 9, f: 12, a: 7, e: 27 };
export const wordEdge = (text: string, at: number) =>
  (at > 0 && word(text.charCodeAt(at - 1))) !== (at < text.length && word(text.charCodeAt(at)));

/** Reads a pattern's characters, escapes and classes; what they add up to is the compiler's. */
export class PatternReader {
  protected at = 0;
  protected depth = 0;
  protected flags: PatternFlags = { ignoreCase: false, multiline: false, dotAll: false };

  constructor(protected readonly pattern: string) {}

  protected same(code: number): Test {
    if (!this.flags.ignoreCase) return (other) => other === code;
    const [lower, upper] = bothCases(code);
    return (other) => other === lower || other === upper;
  }

  protected escapedTest(character: string): Test {
    const known = Object.hasOwn(classes, character) ? classes[character] : undefined;
    if (known !== undefined) return known;
    if (character === 'p' || character === 'P') return this.property(character === 'P');
    return this.same(this.escapedCode(character));
  }

  protected property(negated: boolean): Test {
    const name = /^\{(\w+)\}/.exec(this.pattern.slice(this.at, this.at + 20));
    const test = name?.[1] !== undefined && Object.hasOwn(properties, name[1]) ? properties[name[1]] : undefined;
    if (name === null || test === undefined) this.fail('a character property that is not supported');
    this.at += name[0].length;
    return negated ? not(test) : test;
  }

  protected escapedCode(character: string): number {
    const control = Object.hasOwn(controls, character) ? controls[character] : undefined;
    if (control !== undefined) return control;
    if (character === 'u' || character === 'x') {
      const digits = character === 'u' ? 4 : 2;
      const hex = this.pattern.slice(this.at, this.at + digits);
      if (!/^[0-9a-fA-F]+$/.test(hex) || hex.length < digits) this.fail(`\\${character} needs ${digits} hex digits`);
      this.at += digits;
      return Number.parseInt(hex, 16);
    }
    if (/[a-zA-Z0-9]/.test(character)) this.fail(`\\${character} is not supported`);
    return character.charCodeAt(0);
  }

  protected characterClass(): Test {
    if (++this.depth > limits.templateDepthMax) this.fail('classes too deep within one another');
    const negated = this.take('^');
    const tests: Test[] = [];
    for (let first = true; first || this.peek() !== ']'; first = false) {
      if (this.pattern.startsWith('&&', this.at)) this.fail('intersections of classes are not supported');
      const character = this.next();
      if (character === '[') tests.push(this.characterClass());
      else tests.push(this.classMember(character));
    }
    this.at += 1;
    this.depth -= 1;
    const any: Test = (code) => tests.some((test) => test(code));
    return negated ? not(any) : any;
  }

  protected classMember(character: string): Test {
    if (character === '\\' && /[dDwWsSpP]/.test(this.peek() ?? '')) return this.escapedTest(this.next());
    const low = character === '\\' ? this.escapedCode(this.next()) : character.charCodeAt(0);
    if (this.peek() !== '-' || this.pattern[this.at + 1] === ']') return this.same(low);
    this.at += 1;
    const end = this.next();
    const high = end === '\\' ? this.escapedCode(this.next()) : end.charCodeAt(0);
    if (high < low) this.fail('a range whose ends are the wrong way round');
    const within: Test = (code) => code >= low && code <= high;
    return this.flags.ignoreCase ? (code) => bothCases(code).some(within) : within;
  }

  protected peek(): string | undefined {
    return this.pattern[this.at];
  }

  protected take(character: string): boolean {
    if (this.peek() !== character) return false;
    this.at += 1;
    return true;
  }

  protected next(): string {
    const character = this.pattern[this.at++];
    if (character === undefined) this.fail('it ends too early');
    return character;
  }

  protected fail(reason: string): never {
    throw new TemplateFault(`regular expression ${JSON.stringify(this.pattern.slice(0, 100))}: ${reason}`);
  }
}

function bothCases(code: number): [number, number] {
  const text = String.fromCharCode(code);
  return [text.toLowerCase().charCodeAt(0), text.toUpperCase().charCodeAt(0)];
}
