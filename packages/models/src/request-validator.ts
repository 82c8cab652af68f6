import type { ModelDefinition } from '@sluice/contracts';
import { type CompiledModel, compileModel, InvalidModelError, type ModelsByName } from './compile-model.js';

export interface RequestValidatorOptions {
  models: ModelsByName;
  /** Model key → model name. */
  requestModels: Readonly<Record<string, string>>;
  /** The route's `modelSelectionExpression`, compiled; undefined where it yields nothing for this message. */
  selectModelKey: (body: Uint8Array) => string | undefined;
}

/** Undefined where the message fits its model, else the text of `$context.error.validationErrorString`. */
export type RequestValidator = (body: Uint8Array) => string | undefined;

/**
 * Compiles the models of a route. Of a message the model is chosen by its key, else by the key `$default`; without either,
 * and where it is not JSON, it does not fit (spec 13). Throws `InvalidModelError`.
 */
export function compileRequestValidator(options: RequestValidatorOptions): RequestValidator {
  const byName = new Map<string, CompiledModel>();
  const byKey = new Map<string, CompiledModel>();
  for (const [key, name] of Object.entries(options.requestModels)) {
    const compiled = byName.get(name) ?? compileModel(modelOf(options.models, name), options.models);
    byName.set(name, compiled);
    byKey.set(key, compiled);
  }
  const fallback = byKey.get('$default');
  return (body) => {
    const key = options.selectModelKey(body);
    const model = (key === undefined ? undefined : byKey.get(key)) ?? fallback;
    if (model === undefined) return '[no model matches the model selection expression]';
    let message: unknown;
    try {
      message = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'));
    } catch {
      return '[request body is not JSON]';
    }
    return model(message, body.byteLength);
  };
}

function modelOf(models: ModelsByName, name: string): ModelDefinition {
  const model = Object.hasOwn(models, name) ? models[name] : undefined;
  if (model === undefined) throw new InvalidModelError(name, 'a route asks for it and it does not exist');
  return model;
}
