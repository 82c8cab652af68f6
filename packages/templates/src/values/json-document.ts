import { limits } from '@sluice/contracts';
import { ExactNumber, TemplateFault } from './values.js';

export interface JsonDocument {
  root: unknown;
  /** What JSON.parse made: no maps, no exact numbers in it. */
  isPlain: boolean;
}

/** The value of a JSON text, undefined where it is none. */
export function parseJson(text: string): unknown {
  return parseDocument(text)?.root;
}

/**
 * Parses JSON so that numbers keep their digits and members their order; undefined where the text is no JSON. What JSON.parse
 * keeps anyway is left to it: it is several times faster, and most messages have neither `1.0` nor members named `12`.
 */
export function parseDocument(text: string): JsonDocument | undefined {
  try {
    const root: unknown = JSON.parse(text);
    return losesSomething.test(text)
      ? { root: new ExactParser(text).parse(), isPlain: false }
      : { root, isPlain: true };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

// Sixteen digits, an exponent, a fraction that ends in 0, minus zero, a member whose name is an index.
const losesSomething = /[0-9]{16}|[0-9][eE]|\.[0-9]*0(?![0-9])|-0(?![0-9.])|"(?:0|[1-9][0-9]*)"\s*:/;

/** Reads a text that JSON.parse has found valid. */
class ExactParser {
  private readonly token = /\s*(?:("(?:[^"\\]|\\.)*")|(-?[0-9][0-9.eE+-]*)|([a-z]+)|([[\]{},:]))/y;
  private punctuation = '';
  private value: unknown;

  constructor(private readonly text: string) {}

  parse(): unknown {
    this.next();
    return this.read(0);
  }

  private next(): void {
    const match = this.token.exec(this.text);
    if (match === null) throw new TemplateFault('the body could not be read as JSON');
    const [, string, number, word, punctuation] = match;
    this.punctuation = punctuation ?? '';
    if (string !== undefined) this.value = JSON.parse(string);
    else if (number !== undefined) this.value = exactNumber(number);
    else if (word !== undefined) this.value = word === 'null' ? null : word === 'true';
  }

  private read(depth: number): unknown {
    if (depth > limits.templateValueDepthMax) {
      throw new TemplateFault(`the body has more than ${limits.templateValueDepthMax} levels`);
    }
    if (this.punctuation === '[') return this.readList(depth);
    if (this.punctuation === '{') return this.readMap(depth);
    return this.value;
  }

  private readList(depth: number): unknown[] {
    const items: unknown[] = [];
    for (this.next(); this.punctuation !== ']'; this.next()) {
      if (this.punctuation !== ',') items.push(this.read(depth + 1));
    }
    return items;
  }

  private readMap(depth: number): Map<string, unknown> {
    const members = new Map<string, unknown>();
    for (this.next(); this.punctuation !== '}'; this.next()) {
      if (this.punctuation === ',') continue;
      const name = String(this.value);
      this.next();
      this.next();
      members.set(name, this.read(depth + 1));
    }
    return members;
  }
}

function exactNumber(text: string): number | ExactNumber {
  const value = Number(text);
  return String(value) === text ? value : new ExactNumber(value, text, /^-?[0-9]+$/.test(text));
}
