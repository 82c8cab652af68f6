export * from './invalid-mapping.js';
export { type CompiledJsonPath, compileJsonPath, type PathBudget } from './json-path/json-path.js';
export { compileParameters } from './sources/request-parameters.js';
export { compileResponseParameters } from './sources/response-parameters.js';
export { checkTemplate, compileTemplate } from './template.js';
export type { TemplateKind } from './velocity/overrides.js';
