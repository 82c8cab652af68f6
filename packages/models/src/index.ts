export { type CompiledModel, compileModel, InvalidModelError, type ModelsByName } from './compile-model.js';
export { compileRequestValidator, type RequestValidator, type RequestValidatorOptions } from './request-validator.js';
export { missingParameters } from './required-parameters.js';
