export { documentConfiguration } from './configuration-page.js';
export type { ExpressionCheckers } from './cross-checks.js';
export { defaultText, jsonSchema } from './json-schema.js';
export { type LoadOptions, loadSettings } from './load-settings.js';
export { type Environment, type Flags, type Override, overrides } from './overrides.js';
export { ConfigError } from './problems.js';
export * from './settings.js';
