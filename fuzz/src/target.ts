import type { Random } from './random.js';

/** Something that takes input from outside. */
export interface FuzzTarget {
  readonly name: string;
  /** Starts what the runs share. */
  open(): OpenTarget | Promise<OpenTarget>;
}

export interface OpenTarget {
  /**
   * One run. Says its input with `note` before anything is done with it. The result is a word for what became of it, which is
   * counted; whatever is thrown is a finding.
   */
  play(random: Random, note: (input: string) => void): string | Promise<string>;
  close?(): Promise<void>;
}

/** Thrown where something answered, but not as it has to. */
export class Finding extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Finding';
  }
}

export function must(holds: boolean, otherwise: () => string): void {
  if (!holds) throw new Finding(otherwise());
}

type ErrorClass = abstract new (...args: never[]) => Error;

/** Compiles what may be invalid: undefined where it is refused with one of these errors. */
export function compiled<T>(compile: () => T, ...refusals: ErrorClass[]): T | undefined {
  try {
    return compile();
  } catch (error) {
    if (refusals.some((refusal) => error instanceof refusal)) return undefined;
    throw error;
  }
}

const prototypes: [name: string, prototype: object][] = [
  ['Object', Object.prototype],
  ['Array', Array.prototype],
  ['String', String.prototype],
  ['Function', Function.prototype],
  ['Map', Map.prototype],
];
const untouched = prototypes.map(([, prototype]) => Reflect.ownKeys(prototype).length);

/** Whatever was just run has left what all objects inherit as it was. */
export function mustLeavePrototypes(): void {
  for (const [index, [name, prototype]] of prototypes.entries()) {
    must(Reflect.ownKeys(prototype).length === untouched[index], () => `${name}.prototype has changed`);
  }
}
