import type { AddressRules } from '@sluice/contracts';
import type { ExpressionCheckers } from '../expression-checkers.js';
import { type Path, type Problem, showValue } from '../problems.js';
import { didYouMean } from '../suggest.js';

// The checks work on the file as it stands, so that they find everything even where the schema has found something too: a value
// of the wrong kind is left to the schema.

export type Members = Record<string, unknown>;

/** What all checks of one file share. */
export interface CheckTools {
  checkers: Partial<ExpressionCheckers>;
  report(path: Path, message: string): void;
  addressRules: AddressRules;
  /** Of the whole file, for where functions and services are. */
  file: Members;
  /** Whether this process calls back ends: others need not know where functions are. */
  callsBackEnds: boolean;
}

/** And what all checks of one API share. */
export interface ApiPlace extends CheckTools {
  apiId: string;
  api: Members;
  stages: Members;
}

export function createTools(file: Members, problems: Problem[], more: Omit<CheckTools, 'report' | 'file'>): CheckTools {
  return { ...more, file, report: (path, message) => void problems.push({ path, message }) };
}

export function members(value: unknown): Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : {};
}

/** Runs a compiler of the composition, and reports what it throws. */
export function attempt<T>(
  { report }: CheckTools,
  path: Path,
  value: T | undefined,
  check: ((value: T) => void) | undefined,
): void {
  if (value === undefined || check === undefined) return;
  try {
    check(value);
  } catch (error) {
    const shown = typeof value === 'string' && value.length <= 80 ? `is ${showValue(path, value)}` : 'is refused';
    report(path, `${shown}: ${(error as Error).message}`);
  }
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The map without what is no text. */
export function textMembers(value: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(members(value)).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

export function atMost({ report }: CheckTools, path: Path, map: Members, countMax: number): void {
  const count = Object.keys(map).length;
  if (count > countMax) report(path, `has ${count} entries; at most ${countMax} are allowed`);
}

/** `name` where it stands again inside of what it names. */
export function sameAsKey({ report }: CheckTools, path: Path, inner: unknown, key: string): void {
  if (typeof inner === 'string' && inner !== key) report(path, `is not the key it stands under, ${key}`);
}

/** A reference by name: reported where nothing has it. `what` reads "which is no … of this API". */
export function checkName(tools: CheckTools, path: Path, name: unknown, known: Members, what: string): boolean {
  if (typeof name !== 'string') return false;
  if (Object.hasOwn(known, name)) return true;
  const names = Object.keys(known);
  const guess = didYouMean(name, names);
  const others = guess !== '' || names.length === 0 ? guess : `; there are ${names.join(', ')}`;
  tools.report(path, `is ${showValue(path, name)}, which is ${what}${others}`);
  return false;
}
