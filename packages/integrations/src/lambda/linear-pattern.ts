import { type CharacterTest, isWord, type PatternNode, readPattern, UnreadablePatternError } from './pattern-syntax.js';

type Step =
  | { kind: 'character'; test: CharacterTest }
  | { kind: 'edge'; at: 'start' | 'end' | 'word' | 'no-word' }
  | { kind: 'split'; to: number[] }
  | { kind: 'accept' };

/**
 * Compiles a regular expression into a test of whole values. All ways to match are followed at once, so that the time is at most
 * proportional to characters × states: there is no value that makes it hang. Throws `UnreadablePatternError`, also for an
 * expression of more than `statesMax` states.
 */
export function compileLinearPattern(text: string, statesMax: number): (value: string) => boolean {
  const program = new Program(statesMax);
  program.add(readPattern(text));
  program.push({ kind: 'accept' });
  return (value) => new Run(program.steps).matches([...value].map((character) => character.codePointAt(0) ?? 0));
}

class Program {
  readonly steps: Step[] = [];

  constructor(private readonly statesMax: number) {}

  push(step: Step): number {
    if (this.steps.length > this.statesMax) {
      throw new UnreadablePatternError(`it has more than ${this.statesMax} states; are its repetitions that long?`);
    }
    return this.steps.push(step) - 1;
  }

  add(node: PatternNode): void {
    switch (node.kind) {
      case 'character':
      case 'edge':
        this.push(node);
        return;
      case 'sequence':
        for (const part of node.parts) this.add(part);
        return;
      case 'choice':
        return this.addChoice(node.parts);
      case 'repeat':
        return this.addRepeat(node);
    }
  }

  private addChoice(parts: PatternNode[]): void {
    const split: Step = { kind: 'split', to: [] };
    this.push(split);
    const ends: { kind: 'split'; to: number[] }[] = [];
    for (const part of parts) {
      split.to.push(this.steps.length);
      this.add(part);
      const end = { kind: 'split' as const, to: [] };
      ends.push(end);
      this.push(end);
    }
    for (const end of ends) end.to.push(this.steps.length);
  }

  private addRepeat({ part, min, max }: { part: PatternNode; min: number; max: number }): void {
    for (let i = 0; i < min; i++) {
      // Even a part that takes no state counts, or `(){9999}{9999}` would be copied without end.
      this.push({ kind: 'split', to: [this.steps.length + 1] });
      this.add(part);
    }
    if (max === Number.POSITIVE_INFINITY) {
      const split: Step = { kind: 'split', to: [this.steps.length + 1] };
      const start = this.push(split);
      this.add(part);
      this.push({ kind: 'split', to: [start] });
      split.to.push(this.steps.length);
      return;
    }
    const skips: { kind: 'split'; to: number[] }[] = [];
    for (let i = min; i < max; i++) {
      const skip = { kind: 'split' as const, to: [this.steps.length + 1] };
      skips.push(skip);
      this.push(skip);
      this.add(part);
    }
    for (const skip of skips) skip.to.push(this.steps.length);
  }
}

/** One walk over one value. */
class Run {
  /** Position at which a step was last reached, so that none is followed twice there. */
  private readonly reachedAt: Int32Array;
  private accepted = false;

  constructor(private readonly steps: Step[]) {
    this.reachedAt = new Int32Array(steps.length).fill(-1);
  }

  matches(characters: number[]): boolean {
    let current: number[] = [];
    this.follow(0, 0, characters, current);
    for (let at = 0; at < characters.length; at++) {
      const following: number[] = [];
      this.accepted = false;
      for (const index of current) {
        const step = this.steps[index];
        if (step?.kind === 'character' && step.test(characters[at] as number)) {
          this.follow(index + 1, at + 1, characters, following);
        }
      }
      if (following.length === 0 && !this.accepted) return false;
      current = following;
    }
    return this.accepted;
  }

  /** Collects the character steps that are reached from a step without taking a character. */
  private follow(start: number, at: number, characters: number[], reached: number[]): void {
    const pending = [start];
    for (let index = pending.pop(); index !== undefined; index = pending.pop()) {
      if (this.reachedAt[index] === at) continue;
      this.reachedAt[index] = at;
      const step = this.steps[index] as Step;
      if (step.kind === 'split') pending.push(...step.to);
      else if (step.kind === 'accept') this.accepted = true;
      else if (step.kind === 'character') reached.push(index);
      else if (isEdge(step.at, at, characters)) pending.push(index + 1);
    }
  }
}

function isEdge(kind: 'start' | 'end' | 'word' | 'no-word', at: number, characters: number[]): boolean {
  if (kind === 'start') return at === 0;
  if (kind === 'end') return at === characters.length;
  const [before, after] = [characters[at - 1], characters[at]];
  const differs = (before !== undefined && isWord(before)) !== (after !== undefined && isWord(after));
  return differs === (kind === 'word');
}
