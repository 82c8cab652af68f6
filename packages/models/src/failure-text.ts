import { limits } from '@sluice/contracts';
import type { ErrorObject } from 'ajv';

/**
 * What a message does not fit, in the words of the model service's validator, `[object has missing required properties
 * (["address"])]` (spec 13), shortened. Only the first failure is told.
 */
export function failureText(error: ErrorObject | undefined): string {
  const text = error === undefined ? 'instance does not match the schema' : describe(error);
  // A cut may have left half a character.
  return `[${Buffer.from(shortened(text, limits.validationTextLengthMax - 2)).toString('utf8')}]`;
}

/** Why the text is no schema of draft-04, from what the validator of schemas found; undefined where it found nothing. */
export function schemaFaultText(errors: readonly ErrorObject[] | null | undefined): string | undefined {
  const [first] = errors ?? [];
  if (first === undefined) return undefined;
  const { instancePath, keyword, params } = first;
  const place = instancePath === '' ? 'it' : `what is at ${instancePath}`;
  return `the schema is no JSON Schema draft-04: ${place} does not match keyword ${keyword} (${JSON.stringify(params)})`;
}

function describe(error: ErrorObject): string {
  const { keyword, schema, data } = error;
  switch (keyword) {
    case 'required':
      return `object has missing required properties (${list(missingProperties(error))})`;
    case 'type': {
      const allowed = [schema].flat().map(String);
      return `instance type (${typeOf(data)}) does not match any allowed primitive type (allowed: ${list(allowed)})`;
    }
    case 'enum':
      return `instance value (${json(data)}) not found in enum (possible values: ${json(schema)})`;
    case 'additionalProperties':
      return `object instance has properties which are not allowed by the schema: ${list([String(error.params['additionalProperty'])])}`;
    case 'minLength':
      return `string ${json(data)} is too short (length: ${[...String(data)].length}, required minimum: ${schema})`;
    case 'maxLength':
      return `string ${json(data)} is too long (length: ${[...String(data)].length}, maximum allowed: ${schema})`;
    case 'pattern':
      return `ECMA 262 regex ${json(schema)} does not match input string ${json(data)}`;
    case 'minimum':
      return `numeric instance is lower than the required minimum (minimum: ${schema}, found: ${json(data)})`;
    case 'maximum':
      return `numeric instance is greater than the required maximum (maximum: ${schema}, found: ${json(data)})`;
    case 'minItems':
      return `array is too short: must have at least ${schema} elements but instance has ${lengthOf(data)} elements`;
    case 'maxItems':
      return `array is too long: must have at most ${schema} elements but instance has ${lengthOf(data)} elements`;
    case 'uniqueItems':
      return 'array must not contain duplicate elements';
    case 'format':
      return `string ${json(data)} is invalid against requested format ${json(schema)}`;
    case 'oneOf':
      return `instance failed to match exactly one schema (out of ${lengthOf(schema)})`;
    case 'anyOf':
      return `instance failed to match at least one required schema among ${lengthOf(schema)}`;
    default:
      return `instance does not match keyword ${keyword}`;
  }
}

/** All of them; the validator stops at the first. */
function missingProperties({ parentSchema, data, params }: ErrorObject): string[] {
  const required: unknown = parentSchema?.['required'];
  if (!Array.isArray(required) || typeof data !== 'object' || data === null) return [String(params['missingProperty'])];
  return required.map(String).filter((name) => !Object.hasOwn(data, name));
}

function typeOf(data: unknown): string {
  if (data === null) return 'null';
  if (Array.isArray(data)) return 'array';
  return typeof data === 'number' && Number.isInteger(data) ? 'integer' : typeof data;
}

function lengthOf(value: unknown): number {
  return Array.isArray(value) ? value.length : 0;
}

function list(names: string[]): string {
  return `[${names.map((name) => JSON.stringify(name)).join(', ')}]`;
}

function json(value: unknown): string {
  return shortened(JSON.stringify(value) ?? '', limits.validationTextLengthMax);
}

function shortened(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
