export type { Flags } from './apply-overrides.js';
export { documentConfiguration } from './configuration-page.js';
export type { Environment } from './environment.js';
export type { ExpressionCheckers } from './expression-checkers.js';
export { defaultText, jsonSchema } from './json-schema.js';
export { type LoadOptions, loadSettings } from './load-settings.js';
export { type Override, overrides } from './overrides.js';
export { ConfigError } from './problems.js';
export * from './settings.js';
