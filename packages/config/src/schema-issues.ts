import { z } from 'zod';
import { isUnavailableKey, refusalOf } from './not-available.js';
import { type Path, type Problem, showValue } from './problems.js';
import { didYouMean } from './suggest.js';

const later = 'is not available in this version';
// To take these out opens a door; nobody should do it because a message told them to.
const guards = /^(?:throttle|allowedOrigins|mutualTls)/;

/**
 * Checks a value against a schema: the parsed value, or every problem in the words of `Problem`. `prefix`: where the value would
 * stand in the configuration file, for problems of another file.
 */
export function checkSchema<T>(
  schema: z.ZodType<T>,
  value: unknown,
  prefix: Path = [],
): { value: T } | { problems: Problem[] } {
  const result = schema.safeParse(value);
  if (result.success) return { value: result.data };
  const problems = result.error.issues.flatMap((issue) => explain(issue, [], { schema, root: value, prefix }));
  return { problems: problems.map((problem) => ({ ...problem, path: [...prefix, ...problem.path] })) };
}

interface Checked {
  schema: z.ZodType;
  root: unknown;
  prefix: Path;
}

function explain(issue: z.core.$ZodIssue, base: Path, checked: Checked): Problem[] {
  const path = [...base, ...(issue.path as Path)];
  const value = valueAt(checked.root, path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(path, key, keysAt(checked.schema, path, value)));
    case 'invalid_union':
      return explainUnion(issue, path, checked);
    case 'invalid_key':
      return [{ path, message: `is no possible name; ${issue.issues[0]?.message ?? issue.message}`, atKey: true }];
    default:
      return [{ path, message: `is ${showValue([...checked.prefix, ...path], value)}; ${leafText(issue)}` }];
  }
}

function leafText(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'invalid_type' || !issue.message.startsWith('Invalid input')) return issue.message;
  return issue.expected === 'object' || issue.expected === 'record' ? 'allowed: a map' : `allowed: ${issue.expected}`;
}

function unknownKey(objectPath: Path, key: string, known: string[]): Problem {
  const path = [...objectPath, key];
  const refusal = refusalOf(objectPath, key);
  if (refusal !== undefined) return { path, message: refusal, atKey: true };
  if (isUnavailableKey(objectPath, key)) {
    const wayOut = unguarded(path) || '; without it the file can be used';
    return { path, message: `${later}${wayOut}`, atKey: true };
  }
  const guess = didYouMean(key, known);
  const names = guess !== '' || known.length === 0 ? guess : `; allowed: ${known.join(', ')}`;
  return { path, message: `is no known key${names}`, atKey: true };
}

// A route may be a text or a map: of the branches, the one whose kind fits the value tells what is really wrong.
function explainUnion(issue: z.core.$ZodIssueInvalidUnion, path: Path, checked: Checked): Problem[] {
  const branch = issue.errors.find(
    (issues) => !issues.some((each) => each.code === 'invalid_type' && each.path.length === 0),
  );
  if (branch === undefined) {
    const shown = showValue([...checked.prefix, ...path], valueAt(checked.root, path));
    return [{ path, message: `is ${shown}; ${issue.message}` }];
  }
  return branch.flatMap((each) => explain(each, path, checked));
}

function unguarded(path: Path): string {
  return guards.test(String(path.at(-1))) ? ': without it clients are let in unchecked' : '';
}

export function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const segment of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, segment)) return undefined;
    value = (value as Record<string | number, unknown>)[segment];
  }
  return value;
}

/** Keys that the schema knows at a path, for "did you mean". */
function keysAt(schema: z.ZodType, path: Path, value: unknown): string[] {
  let current: z.core.$ZodType = unwrap(schema);
  for (const segment of path) {
    if (current instanceof z.ZodObject) current = current.shape[String(segment)];
    else if (current instanceof z.ZodRecord) current = current.valueType;
    else if (current instanceof z.ZodArray) current = current.element;
    else return [];
    if (current === undefined) return [];
    current = unwrap(current);
  }
  return typeof value === 'object' && current instanceof z.ZodObject ? Object.keys(current.shape) : [];
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault
  ) {
    return unwrap(schema.unwrap());
  }
  if (schema instanceof z.ZodUnion) {
    const object = schema.options.map(unwrap).find((option) => option instanceof z.ZodObject);
    return object ?? schema;
  }
  return schema;
}
