import type { Random } from './random.js';

const characters = [...'aZ09 _-.,:;\'"`\\/|(){}[]<>$#@!?*+&%=~^\n\r\t\0\u007f\u0085\u2028ü中💬\ud800\udfff\ufeff'];

/** Names that objects inherit, that mean something somewhere, or that break a grammar. */
const names = [
  ...['a', 'b', 'action', 'items', 'message', 'length', 'statusCode', 'body', 'headers', ''],
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf', '$ref', '$default'],
  ...['a.b', "it's", 'x y', 'ü', '\u0000', '0', '-1', '[0]'],
];

const numbers = ['0', '-0', '1', '-1', '1.5', '200', '1e400', '1e-400', '9007199254740993', '1e21', '4294967296'];

export function anyName(random: Random): string {
  return random.pick(names);
}

export function anyText(random: Random, most = 12): string {
  return random.list(most, () => random.pick(characters)).join('');
}

/** JSON as text, so that it can hold what JavaScript objects cannot: `__proto__`, repeated names, large numbers. */
export function anyJson(random: Random, depth = 4): string {
  const kind = random.below(depth > 0 ? 8 : 5);
  if (kind === 0) return random.pick(numbers);
  if (kind === 1) return random.pick(['true', 'false', 'null']);
  if (kind <= 4) return JSON.stringify(random.chance(0.5) ? anyName(random) : anyText(random));
  const inner = () => anyJson(random, depth - 1);
  if (kind === 5) return `[${random.list(5, inner).join()}]`;
  return `{${random.list(5, () => `${JSON.stringify(anyName(random))}:${inner()}`).join()}}`;
}

/** What a client may send: mostly JSON, sometimes JSON that is broken, deep or long, sometimes none. */
export function anyBody(random: Random): string {
  const kind = random.below(12);
  if (kind === 0) return anyText(random, 40);
  if (kind === 1) return mutate(random, anyJson(random));
  if (kind === 2) return nested(random, random.pick([10, 300, 5_000]));
  if (kind === 3)
    return `[${Array(random.pick([10, 1_000, 10_000]))
      .fill(anyJson(random, 1))
      .join()}]`;
  return anyJson(random, 5);
}

function nested(random: Random, depth: number): string {
  return random.chance(0.5)
    ? `${'['.repeat(depth)}1${']'.repeat(depth)}`
    : `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
}

/** The text with a few edits: pieces cut out, doubled, swapped, multiplied, replaced by characters or by words. */
export function mutate(random: Random, text: string, words: readonly string[] = []): string {
  let changed = text;
  for (let edits = 1 + random.below(4); edits > 0; edits -= 1) changed = edit(random, changed, words);
  return changed;
}

function edit(random: Random, text: string, words: readonly string[]): string {
  const from = random.below(text.length + 1);
  const to = Math.min(text.length, from + random.below(12));
  const [before, piece, after] = [text.slice(0, from), text.slice(from, to), text.slice(to)];
  switch (random.below(7)) {
    case 0:
      return before + after;
    case 1:
      return before + piece.repeat(random.pick([2, 3, 10, 200])) + after;
    case 2:
      return before + anyText(random, 3) + after;
    case 3:
      return after + piece + before;
    case 4:
      return before + [...piece].reverse().join('') + after;
    case 5:
      return before;
    default:
      return before + (words.length === 0 ? anyName(random) : random.pick(words)) + after;
  }
}
