import { limits, type ModelDefinition } from '@sluice/contracts';

/** A model that cannot be used; the message names it and says why. */
export class InvalidModelError extends Error {
  constructor(
    readonly model: string,
    readonly reason: string,
    options?: { cause?: unknown },
  ) {
    super(`model ${model}: ${reason}`, options);
    this.name = 'InvalidModelError';
  }
}

/** What a look through a schema has found, its own references not followed. */
export interface SchemaFacts {
  schema: Record<string, unknown>;
  /** Names of other models, by the URI they are referred to with. */
  modelReferences: Map<string, string>;
  /** Whether something inside it has an `id`, to which references are then relative. */
  hasInnerIds: boolean;
}

const modelUriPattern = /^https:\/\/apigateway\.amazonaws\.com\/restapis\/[^/]+\/models\/([A-Za-z0-9]+)(?:#.*)?$/;
const depthMax = 200;

/** Parses a model's schema. Throws `InvalidModelError`. */
export function readSchema(model: ModelDefinition): SchemaFacts {
  if (!/^[A-Za-z0-9]+$/.test(model.name)) {
    throw new InvalidModelError(model.name, `Model name must be alphanumeric: ${model.name}`);
  }
  if (model.schema.length > limits.modelSchemaLengthMax) {
    throw new InvalidModelError(model.name, `the schema has more than ${limits.modelSchemaLengthMax} characters`);
  }
  let schema: unknown;
  try {
    schema = JSON.parse(model.schema);
  } catch (error) {
    throw new InvalidModelError(model.name, 'the schema is not JSON', { cause: error });
  }
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) {
    throw new InvalidModelError(model.name, 'the schema is not a JSON object');
  }
  const facts: SchemaFacts = {
    schema: schema as Record<string, unknown>,
    modelReferences: new Map(),
    hasInnerIds: false,
  };
  look(schema, facts, model.name, 0);
  // Its name at the model service is given to it where another model refers to it, and would be taken twice.
  if (modelUriPattern.test(String(facts.schema['id']))) delete facts.schema['id'];
  return facts;
}

// Every member is looked at, also below `enum` or `default`, where these are no keywords: one too many does no harm.
function look(value: unknown, facts: SchemaFacts, model: string, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth > depthMax) throw new InvalidModelError(model, `the schema is nested deeper than ${depthMax}`);
  for (const [name, member] of Object.entries(value)) {
    // The validator's own: its result would be a promise, and a misfit an unhandled rejection.
    if (name === '$async' && member === true) throw new InvalidModelError(model, '$async is not supported');
    if (name === '$ref' && typeof member === 'string') noteReference(member, facts);
    if (name === 'id' && typeof member === 'string' && depth > 0) facts.hasInnerIds = true;
    // Said here: of these the validator's own errors do not tell what they are about.
    if (depth === 0 && (name === 'id' || name === '$schema') && typeof member !== 'string') {
      throw new InvalidModelError(model, `${name} is no text`);
    }
    look(member, facts, model, depth + 1);
  }
}

function noteReference(reference: string, facts: SchemaFacts): void {
  const name = modelUriPattern.exec(reference)?.[1];
  if (name !== undefined) facts.modelReferences.set(reference.split('#', 1)[0] ?? reference, name);
}
