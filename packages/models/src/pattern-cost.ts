/**
 * Degree of the polynomial in the text's length that bounds the steps of a backtracking search for this pattern, infinite where
 * none is known. Guessed high: every quantifier and every choice counts one, so does a start anywhere in the text.
 */
export function patternDegree(pattern: string): number {
  // Back-references and look-around have no bound that is simple to tell.
  if (/\\[1-9k]|\(\?[=!<]/.test(pattern)) return Number.POSITIVE_INFINITY;
  const open: Group[] = [];
  let group: Group = { repeats: false };
  let closed: Group | undefined;
  let degree = 0;
  let choiceAtTop = false;
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at];
    const behind = closed;
    closed = undefined;
    if (character === '\\') at += 1;
    else if (character === '[') at = classEnd(pattern, at);
    else if (character === '(') {
      open.push(group);
      group = { repeats: false };
    } else if (character === ')') {
      closed = group;
      const outer = open.pop() ?? { repeats: false };
      outer.repeats ||= group.repeats;
      group = outer;
    } else if (character === '|') {
      degree += 1;
      group.repeats = true;
      choiceAtTop ||= open.length === 0;
    } else if (isQuantifier(pattern, at)) {
      // What may itself match in several ways, repeated: exponential.
      if (behind?.repeats === true && character !== '?') return Number.POSITIVE_INFINITY;
      degree += 1;
      group.repeats = true;
      at = quantifierEnd(pattern, at);
    }
  }
  const anchored = pattern.startsWith('^') && !choiceAtTop;
  return Math.max(1, degree + (anchored ? 0 : 1));
}

interface Group {
  /** Whether it has a quantifier or a choice in it. */
  repeats: boolean;
}

function classEnd(pattern: string, start: number): number {
  let at = start + 1;
  while (at < pattern.length && pattern[at] !== ']') at += pattern[at] === '\\' ? 2 : 1;
  return at;
}

function isQuantifier(pattern: string, at: number): boolean {
  const character = pattern[at];
  // `(?:` is no quantifier.
  if (character === '?') return pattern[at - 1] !== '(' || pattern[at - 2] === '\\';
  return character === '*' || character === '+' || (character === '{' && /^\{\d+(,\d*)?\}/.test(pattern.slice(at)));
}

function quantifierEnd(pattern: string, at: number): number {
  const end = pattern[at] === '{' ? pattern.indexOf('}', at) : at;
  // A lazy one takes no other number of steps.
  return pattern[end + 1] === '?' ? end + 1 : end;
}
