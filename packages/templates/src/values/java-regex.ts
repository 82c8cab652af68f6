import { limits } from '@sluice/contracts';
import { compilePattern, type Program } from './java-regex-program.js';
import { TemplateFault } from './values.js';

/** What the regular expressions of one rendering may still spend. */
export interface RegexBudget {
  regexSteps: number;
}

/**
 * A regular expression of `java.util.regex`, run by a machine that counts its steps. JavaScript's own RegExp could not be
 * stopped: pattern and text both come from outside, and `(a+)+$` over a message would hold the process for hours.
 */
export class JavaRegex {
  private readonly program: Program;
  /** The pattern as plain text, where it is no more than that. */
  private readonly plain: string | undefined;

  /** Throws `TemplateFault` for a pattern that is wrong or not supported. */
  constructor(pattern: string) {
    this.plain = plainText(pattern);
    this.program = this.plain === undefined ? compilePattern(pattern) : { instructions: [], groups: 0, slots: 2 };
  }

  matches(text: string, budget: RegexBudget): boolean {
    if (this.plain !== undefined) return text === this.plain;
    return run(this.program, text, 0, budget, text.length) !== undefined;
  }

  /** Start and end of the first match from `from` on, and of its groups; -1 for a group that took no part. */
  find(text: string, from: number, budget: RegexBudget): number[] | undefined {
    if (this.plain !== undefined) {
      const at = text.indexOf(this.plain, from);
      return at < 0 ? undefined : [at, at + this.plain.length];
    }
    for (let at = from; at <= text.length; at += 1) {
      const slots = run(this.program, text, at, budget, undefined);
      if (slots !== undefined) return slots;
    }
    return undefined;
  }

  /** `replaceAll` and `replaceFirst`: `$1` and `\` in the replacement mean what they mean in Java. */
  replace(text: string, replacement: string, all: boolean, budget: RegexBudget): string {
    const parts = replacementParts(replacement, this.program.groups);
    let result = '';
    let last = 0;
    for (let match = this.find(text, 0, budget); match !== undefined; ) {
      const [start = 0, end = 0] = match;
      result += text.slice(last, start);
      for (const part of parts) {
        const from = typeof part === 'number' ? (match[part * 2] ?? -1) : -1;
        if (typeof part === 'string') result += part;
        else if (from >= 0) result += text.slice(from, match[part * 2 + 1]);
      }
      if (result.length > limits.templateTextLengthMax) {
        throw new TemplateFault(`a text is longer than ${limits.templateTextLengthMax} characters`);
      }
      last = end;
      const next = end > start ? end : end + 1;
      match = all && next <= text.length ? this.find(text, next, budget) : undefined;
    }
    return result + text.slice(last);
  }

  /** As in Java: empty texts at the end are left out, one that an empty match makes at the start too. */
  split(text: string, limit: number, budget: RegexBudget): string[] {
    const parts: string[] = [];
    let last = 0;
    for (let at = 0; at <= text.length && (limit <= 0 || parts.length < limit - 1); ) {
      const match = this.find(text, at, budget);
      if (match === undefined) break;
      const [start = 0, end = 0] = match;
      at = end > start ? end : end + 1;
      if (end === 0 || start >= text.length) {
        if (start >= text.length && end === start) break;
        if (end === 0) continue;
      }
      parts.push(text.slice(last, start));
      last = end;
    }
    if (last === 0 && parts.length === 0) return [text];
    parts.push(text.slice(last));
    if (limit === 0) while (parts.length > 0 && parts.at(-1) === '') parts.pop();
    return parts;
  }
}

/** The text that a pattern without operators stands for. */
function plainText(pattern: string): string | undefined {
  if (!/^(?:[^\\^$.|?*+()[\]{}]|\\[^a-zA-Z0-9])+$/s.test(pattern)) return undefined;
  return pattern.replace(/\\(.)/gs, '$1');
}

function replacementParts(replacement: string, groups: number): (string | number)[] {
  const parts: (string | number)[] = [];
  for (const [token, escaped, group] of replacement.matchAll(/\\(.?)|\$([0-9]?)|[^\\$]+/gs)) {
    if (escaped === '') throw new TemplateFault('a replacement ends in a lone \\');
    if (group !== undefined && (group === '' || Number(group) > groups)) {
      throw new TemplateFault(
        `the replacement ${JSON.stringify(replacement.slice(0, 100))} names a group that is not there`,
      );
    }
    parts.push(group === undefined ? (escaped ?? token) : Number(group));
  }
  return parts;
}

/** Backtracks with a stack of its own, so that long texts cannot overflow the process's. */
function run(
  program: Program,
  text: string,
  start: number,
  budget: RegexBudget,
  mustEnd: number | undefined,
): number[] | undefined {
  const { instructions } = program;
  let slots = new Array<number>(program.slots).fill(-1);
  const waiting: { pc: number; at: number; slots: number[] }[] = [];
  let pc = 0;
  let at = start;
  for (;;) {
    if (--budget.regexSteps < 0) throw new TemplateFault('its regular expressions take too many steps');
    const step = instructions[pc];
    let goesOn = false;
    if (step === undefined || step.op === 'match') {
      if (mustEnd === undefined || at === mustEnd) return slots;
    } else if (step.op === 'char') {
      goesOn = at < text.length && step.test(text.charCodeAt(at));
      at += 1;
      pc += 1;
    } else if (step.op === 'split') {
      // The slots are shared until somebody writes, and writing copies.
      waiting.push({ pc: step.second, at, slots });
      pc = step.first;
      goesOn = true;
    } else if (step.op === 'jump') {
      pc = step.to;
      goesOn = true;
    } else if (step.op === 'save') {
      slots = slots.slice();
      slots[step.slot] = at;
      pc += 1;
      goesOn = true;
    } else if (step.op === 'moved') {
      goesOn = slots[step.slot] !== at;
      pc += 1;
    } else if (step.op === 'assert') {
      goesOn = step.holds(text, at);
      pc += 1;
    } else if (step.op === 'look') {
      goesOn = (run(step.program, text, at, budget, undefined) !== undefined) === step.wanted;
      pc += 1;
    } else {
      const from = slots[step.group * 2] ?? -1;
      const known = from < 0 ? undefined : text.slice(from, slots[step.group * 2 + 1]);
      budget.regexSteps -= known?.length ?? 0;
      goesOn = known !== undefined && text.startsWith(known, at);
      at += known?.length ?? 0;
      pc += 1;
    }
    if (goesOn) continue;
    const other = waiting.pop();
    if (other === undefined) return undefined;
    ({ pc, at, slots } = other);
  }
}
