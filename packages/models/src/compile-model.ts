import { limits, type ModelDefinition } from '@sluice/contracts';
import type { ErrorObject, ValidateFunction } from 'ajv';
import ajvDraft04 from 'ajv-draft-04';
import { failureText, schemaFaultText } from './failure-text.js';
import { draft04Formats } from './formats.js';
import { schemaCost } from './schema-cost.js';
import { InvalidModelError, readSchema, type SchemaFacts } from './schema-text.js';
import { isTimeout, withTimeLimit } from './time-limit.js';
import { uniqueItems } from './unique-items.js';

export { InvalidModelError } from './schema-text.js';

export type ModelsByName = Readonly<Record<string, ModelDefinition>>;

/** Checks one parsed message of so many bytes: undefined where it fits, else why not. */
export type CompiledModel = (message: unknown, byteLength: number) => string | undefined;

/**
 * Compiles the schema of a model: JSON Schema draft-04, exactly (spec 13). `$ref` reaches into the schema itself and to other
 * `models` by `https://apigateway.amazonaws.com/restapis/{apiId}/models/{name}`, where any API id means this API; nothing is
 * ever loaded. Throws `InvalidModelError` with the reason.
 *
 * The text that is matched is a client's and the patterns are run by a backtracking engine, so validation is given a time
 * limit wherever it could take more than a few milliseconds of work for a message of its length; a message that exceeds it does not fit.
 */
export function compileModel(model: ModelDefinition, models: ModelsByName = {}): CompiledModel {
  const facts = collectSchemas(model, models);
  const validate = compileSchema(model, facts);
  const cost = schemaCost(facts);
  const run = (message: unknown): ErrorObject | 'fits' | undefined =>
    validate(message) === true ? 'fits' : validate.errors?.[0];
  return (message, byteLength) => {
    try {
      const isCheap = cost(byteLength) <= limits.modelStepsMax;
      const found = isCheap ? run(message) : withTimeLimit(limits.modelValidationMs, () => run(message));
      return found === 'fits' ? undefined : failureText(found);
    } catch (error) {
      if (isTimeout(error)) return `[validation took longer than ${limits.modelValidationMs} ms]`;
      // A message nested deeper than the stack, against a schema that refers to itself.
      if (error instanceof RangeError) return '[instance is nested too deeply]';
      throw error;
    } finally {
      // They hold the message.
      validate.errors = null;
    }
  };
}

/** The model's schema and all it refers to, by URI; its own under the empty one. */
function collectSchemas(model: ModelDefinition, models: ModelsByName): Map<string, SchemaFacts> {
  const found = new Map([['', readSchema(model)]]);
  const pending = [...found.values()];
  for (let facts = pending.pop(); facts !== undefined; facts = pending.pop()) {
    for (const [uri, name] of facts.modelReferences) {
      if (found.has(uri)) continue;
      const other = Object.hasOwn(models, name) ? models[name] : undefined;
      if (other === undefined) throw new InvalidModelError(model.name, `refers to model ${name}, which does not exist`);
      const otherFacts = readSchema(other);
      found.set(uri, otherFacts);
      pending.push(otherFacts);
    }
  }
  return found;
}

/** Keywords of later drafts that the validator knows nevertheless; in draft-04 they mean nothing. */
const laterKeywords = ['const', 'contains', 'if', 'then', 'else', 'propertyNames'];

function compileSchema(model: ModelDefinition, facts: Map<string, SchemaFacts>): ValidateFunction {
  const ajv = new ajvDraft04.default({
    strict: false,
    logger: false,
    verbose: true,
    messages: false,
    // A member that every object inherits is not there.
    ownProperties: true,
    // Draft-04 patterns are those of ECMA 262 without its later unicode mode, which refuses `\-`.
    unicodeRegExp: false,
    ignoreKeywordsWithRef: true,
    formats: draft04Formats,
  });
  for (const keyword of [...laterKeywords, 'uniqueItems']) ajv.removeKeyword(keyword);
  ajv.addKeyword(uniqueItems);
  try {
    for (const [uri, { schema }] of facts) {
      if (uri !== '') ajv.addSchema(schema, uri);
    }
    return ajv.compile(facts.get('')?.schema ?? {});
  } catch (error) {
    const reason = schemaFaultText(ajv.errors) ?? (error instanceof Error ? error.message : String(error));
    throw new InvalidModelError(model.name, reason.slice(0, limits.validationTextLengthMax), { cause: error });
  }
}
