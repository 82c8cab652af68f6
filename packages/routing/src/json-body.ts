import { limits } from '@sluice/contracts';

/** A parsed message body, read by paths whose results are turned into text as spec 02 §2.2 says. */
export interface JsonBody {
  root: unknown;
  text: string;
}

/**
 * Parses a body; undefined where it is not JSON. Texts that cannot begin a JSON value are recognised by their first byte,
 * because a thrown SyntaxError costs ten times a parse and plain-text pings are common.
 */
export function parseBody(body: Uint8Array): JsonBody | undefined {
  if (!canBeginJson(body)) return undefined;
  const text = bodyText(body);
  try {
    return { root: JSON.parse(text), text };
  } catch {
    return undefined;
  }
}

function bodyText(body: Uint8Array): string {
  return (Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength)).toString();
}

const jsonWhitespace = new Set([0x20, 0x09, 0x0a, 0x0d]);
const jsonFirstBytes = new Set(Buffer.from('{["-0123456789tfn'));

function canBeginJson(body: Uint8Array): boolean {
  if (body[0] === 0x7b) return true;
  for (const byte of body) {
    if (!jsonWhitespace.has(byte)) return jsonFirstBytes.has(byte);
  }
  return false;
}

/**
 * The value at the end of the path, or undefined. Only own members count: `__proto__`, `constructor` and an array's
 * `length` are not members of a JSON value.
 */
export function resolvePath(root: unknown, steps: readonly (string | number)[]): unknown {
  let value = root;
  for (const step of steps) {
    if (typeof value !== 'object' || value === null) return undefined;
    if (typeof step === 'number') value = Array.isArray(value) ? value[step] : undefined;
    else
      value =
        !Array.isArray(value) && Object.hasOwn(value, step) ? (value as Record<string, unknown>)[step] : undefined;
  }
  return value;
}

/**
 * Concatenates literals and the texts of the values at the given paths; a value that is not there is empty. Numbers that
 * `JSON.parse` cannot keep as they were written make it read the body a second time.
 */
export function renderParts(
  body: JsonBody | undefined,
  parts: readonly (string | readonly (string | number)[])[],
): string {
  const writer = new ValueWriter();
  const text = render(body?.root, parts, writer);
  if (!writer.lostDigits || body === undefined) return text;
  const { root, numbers } = parseWithWrittenNumbers(body.text);
  return render(root, parts, new ValueWriter(numbers));
}

function render(root: unknown, parts: readonly (string | readonly (string | number)[])[], writer: ValueWriter): string {
  let text = '';
  for (const part of parts) text += typeof part === 'string' ? part : writer.text(resolvePath(root, part), 0);
  return text;
}

/**
 * Parses a valid JSON text so that every number in the result is an index into `numbers`, which has them as written:
 * `[10, 12345678901234567890]` gives `[0, 1]`. The `context.source` of a JSON.parse reviver would do, but Node 20 lacks it.
 */
function parseWithWrittenNumbers(text: string): { root: unknown; numbers: string[] } {
  const numbers: string[] = [];
  const indexed = text.replace(/"[^"\\]*(?:\\.[^"\\]*)*"|-?[0-9][0-9.eE+-]*/g, (token) =>
    token.startsWith('"') ? token : String(numbers.push(token) - 1),
  );
  return { root: JSON.parse(indexed), numbers };
}

// A value nested deeper than this has more brackets than a route key may have characters, so its text matches nothing.
// Cutting there keeps a hostile body of 65,000 brackets from overflowing the stack.
const depthMax = limits.routeKeyLengthMax / 2;

class ValueWriter {
  /** Set when a number came along whose written digits are not in the parsed value. */
  lostDigits = false;

  constructor(private readonly numbers?: readonly string[]) {}

  text(value: unknown, depth: number): string {
    if (typeof value === 'string') return value;
    if (Array.isArray(value))
      return depth > depthMax ? '' : `[${this.join(value, ', ', (item) => this.text(item, depth + 1))}]`;
    return this.json(value, depth);
  }

  private json(value: unknown, depth: number): string {
    switch (typeof value) {
      case 'number':
        return this.number(value);
      case 'string':
        return JSON.stringify(value);
      case 'boolean':
        return String(value);
      case 'object':
        break;
      default:
        return '';
    }
    if (value === null) return 'null';
    if (depth > depthMax) return '';
    if (Array.isArray(value)) return `[${this.join(value, ',', (item) => this.json(item, depth + 1))}]`;
    const member = ([name, item]: [string, unknown]) => `${JSON.stringify(name)}:${this.json(item, depth + 1)}`;
    return `{${this.join(Object.entries(value), ',', member)}}`;
  }

  // Stops once the text is longer than any route key, so that `[1e308,1e308,…]` is not blown up to fifty times its size.
  private join<T>(items: readonly T[], separator: string, toText: (item: T) => string): string {
    let text = '';
    for (const [index, item] of items.entries()) {
      text += index === 0 ? toText(item) : separator + toText(item);
      if (text.length > limits.routeKeyLengthMax) break;
    }
    return text;
  }

  private number(value: number): string {
    const written = this.numbers?.[value];
    if (written !== undefined) return numberText(written);
    if (keepsDigits(value)) return plainDecimal(value);
    this.lostDigits = true;
    return '';
  }
}

// Fractions are given back in their shortest form, so only integers (and what overflowed) can have lost anything.
function keepsDigits(value: number): boolean {
  return Number.isSafeInteger(value) || (Number.isFinite(value) && !Number.isInteger(value));
}

/** Integers beyond 2^53 as written; everything else as shortest decimal (spec 17 O7). Too large for a double: as written. */
function numberText(written: string): string {
  const value = Number(written);
  if (keepsDigits(value)) return plainDecimal(value);
  return /^-?[0-9]+$/.test(written) || !Number.isFinite(value) ? written : plainDecimal(value);
}

/** `1e21` → `1000000000000000000000`, `1.5e-7` → `0.00000015`: JavaScript's shortest digits, without its exponent. */
function plainDecimal(value: number): string {
  const text = String(value);
  const match = /^(-?)([0-9])(?:\.([0-9]+))?e([+-][0-9]+)$/.exec(text);
  if (match === null) return text;
  const [, sign = '', whole = '', fraction = '', exponentText = '0'] = match;
  const exponent = Number(exponentText);
  const digits = whole + fraction;
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  return sign + digits.padEnd(exponent + 1, '0');
}
