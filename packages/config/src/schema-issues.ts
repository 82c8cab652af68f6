import { z } from 'zod';
import { isUnavailableKey, isUnavailableValue } from './not-available.js';
import { type Path, type Problem, showValue } from './problems.js';
import { didYouMean } from './suggest.js';

const later = 'is not available in this version';
// To take these out opens a door; nobody should do it because a message told them to.
const guards = /^(?:authoriz|apiKey|usagePlans|allowedOrigins|clientCertificateId)/;

/** Checks a value against a schema: the parsed value, or every problem in the words of `Problem`. */
export function checkSchema<T>(schema: z.ZodType<T>, value: unknown): { value: T } | { problems: Problem[] } {
  const result = schema.safeParse(value);
  if (result.success) return { value: result.data };
  return { problems: result.error.issues.flatMap((issue) => explain(issue, [], schema, value)) };
}

function explain(issue: z.core.$ZodIssue, base: Path, schema: z.ZodType, root: unknown): Problem[] {
  const path = [...base, ...(issue.path as Path)];
  const value = valueAt(root, path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(path, key, keysAt(schema, path, value)));
    case 'invalid_union':
      return explainUnion(issue, path, schema, root);
    case 'invalid_key':
      return [{ path, message: `is no possible name; ${issue.issues[0]?.message ?? issue.message}`, atKey: true }];
    default:
      if (isUnavailableValue(path, value)) {
        return [
          { path, message: `is ${showValue(path, value)}, which ${later}${unguarded(path)}; ${leafText(issue)}` },
        ];
      }
      return [{ path, message: `is ${showValue(path, value)}; ${leafText(issue)}` }];
  }
}

function leafText(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'invalid_type' || !issue.message.startsWith('Invalid input')) return issue.message;
  return issue.expected === 'object' || issue.expected === 'record' ? 'allowed: a map' : `allowed: ${issue.expected}`;
}

function unknownKey(objectPath: Path, key: string, known: string[]): Problem {
  const path = [...objectPath, key];
  if (isUnavailableKey(objectPath, key)) {
    const wayOut = unguarded(path) || '; without it the file can be used';
    return { path, message: `${later}${wayOut}`, atKey: true };
  }
  const guess = didYouMean(key, known);
  const names = guess !== '' || known.length === 0 ? guess : `; allowed: ${known.join(', ')}`;
  return { path, message: `is no known key${names}`, atKey: true };
}

// A route may be a text or a map: of the branches, the one whose kind fits the value tells what is really wrong.
function explainUnion(issue: z.core.$ZodIssueInvalidUnion, path: Path, schema: z.ZodType, root: unknown): Problem[] {
  const branch = issue.errors.find(
    (issues) => !issues.some((each) => each.code === 'invalid_type' && each.path.length === 0),
  );
  if (branch === undefined) return [{ path, message: `is ${showValue(path, valueAt(root, path))}; ${issue.message}` }];
  return branch.flatMap((each) => explain(each, path, schema, root));
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
