export type { PoolLimits } from './fast-lane/origin-pool.js';
export type { Selectors } from './http-integration.js';
export type {
  IntegrationAnswer,
  IntegrationDone,
  IntegrationFailure,
  IntegrationOutcome,
  IntegrationRequest,
  IntegrationRoute,
  PreparedIntegration,
} from './integration.js';
export type { CompileResponseTemplateKey, ResponseSources, SelectIntegrationResponse } from './integration-response.js';
export * from './invoker.js';
export type { SelectTemplateKey } from './request-template.js';
