import { limits } from '@sluice/contracts';
import { JavaRegex } from '../values/java-regex.js';
import { displayText } from '../values/value-text.js';
import { isNothing, isNumeric, numberOf, TemplateFault } from '../values/values.js';
import type { RenderState } from './render-state.js';

type TextMethod = (text: string, args: readonly unknown[], state: RenderState) => unknown;

/** `java.lang.String`, as far as spec 06 §6.3 and real templates use it. */
export const textMethods: Record<string, TextMethod> = {
  length: (text) => text.length,
  isEmpty: (text) => text === '',
  isBlank: (text) => text.trim() === '',
  substring: (text, args) => {
    const start = indexArgument(args, 0);
    const end = args.length > 1 ? indexArgument(args, 1) : text.length;
    if (start < 0 || end > text.length || start > end) {
      throw new TemplateFault(`substring(${start}, ${end}) of a text of ${text.length} characters`);
    }
    return text.slice(start, end);
  },
  charAt: (text, args) => {
    const index = indexArgument(args, 0);
    if (index < 0 || index >= text.length)
      throw new TemplateFault(`charAt(${index}) of a text of ${text.length} characters`);
    return text.charAt(index);
  },
  replace: (text, args, state) => {
    const [from, to] = [soughtArgument(text, args, state), textArgument(args, 1)];
    const parts = text.split(from);
    state.reserve(text.length + (parts.length + 1) * to.length);
    // Before, between and behind all characters, where the text looked for is empty.
    return from === '' && text !== '' ? to + parts.join(to) + to : parts.join(to);
  },
  replaceAll: (text, args, state) => state.made(regexArgument(args).replace(text, textArgument(args, 1), true, state)),
  replaceFirst: (text, args, state) =>
    state.made(regexArgument(args).replace(text, textArgument(args, 1), false, state)),
  split: (text, args, state) => {
    const parts = regexArgument(args).split(text, args.length > 1 ? indexArgument(args, 1) : 0, state);
    state.spend(parts.length);
    return parts;
  },
  matches: (text, args, state) => regexArgument(args).matches(text, state),
  indexOf: (text, args, state) =>
    text.indexOf(soughtArgument(text, args, state), args.length > 1 ? indexArgument(args, 1) : 0),
  lastIndexOf: (text, args, state) => text.lastIndexOf(soughtArgument(text, args, state)),
  contains: (text, args, state) => text.includes(soughtArgument(text, args, state)),
  startsWith: (text, args) => text.startsWith(textArgument(args, 0), args.length > 1 ? indexArgument(args, 1) : 0),
  endsWith: (text, args) => text.endsWith(textArgument(args, 0)),
  toLowerCase: (text, _, state) => state.made(text.toLowerCase()),
  toUpperCase: (text, _, state) => state.made(text.toUpperCase()),
  trim: (text) => {
    let [start, end] = [0, text.length];
    while (start < end && text.charCodeAt(start) <= 32) start += 1;
    while (end > start && text.charCodeAt(end - 1) <= 32) end -= 1;
    return text.slice(start, end);
  },
  strip: (text) => text.trim(),
  concat: (text, args, state) => state.made(text + textArgument(args, 0)),
  repeat: (text, args, state) => {
    const times = indexArgument(args, 0);
    if (times < 0) throw new TemplateFault(`repeat(${times})`);
    state.reserve(text.length * times);
    return text.repeat(times);
  },
  equalsIgnoreCase: (text, args) => !isNothing(args[0]) && text.toLowerCase() === textArgument(args, 0).toLowerCase(),
  compareTo: (text, args) => {
    const other = textArgument(args, 0);
    return text < other ? -1 : text > other ? 1 : 0;
  },
};

function textArgument(args: readonly unknown[], index: number): string {
  const value = args[index];
  if (isNothing(value)) throw new TemplateFault('a method of a text got null, or too few arguments');
  return displayText(value);
}

/** Characters that a search compares in the time of one step. */
const comparedPerStep = 4_096;

/**
 * What is looked for in a text. The engine's search takes text × pattern steps at worst, and a client may have written both: two texts of
 * 60 KB keep it busy for a quarter of a second.
 */
function soughtArgument(text: string, args: readonly unknown[], state: RenderState): string {
  const sought = textArgument(args, 0);
  // A short one is not found for nothing either.
  state.spend(Math.floor((text.length * (sought.length + 16)) / comparedPerStep));
  return sought;
}

function indexArgument(args: readonly unknown[], index: number): number {
  const value = args[index];
  if (!isNumeric(value) || !Number.isSafeInteger(numberOf(value))) {
    throw new TemplateFault('a method of a text needs a whole number');
  }
  return numberOf(value);
}

const kept = new Map<string, JavaRegex>();

// Nearly all patterns stand in the template as they are, so that few are compiled more than once.
function regexArgument(args: readonly unknown[]): JavaRegex {
  const pattern = textArgument(args, 0);
  let regex = kept.get(pattern);
  if (regex === undefined) {
    regex = new JavaRegex(pattern);
    if (kept.size >= limits.templatePatternsKept) kept.clear();
    if (pattern.length <= limits.jsonPathLengthMax) kept.set(pattern, regex);
  }
  return regex;
}
