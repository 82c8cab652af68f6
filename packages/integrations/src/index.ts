export type { ResolveHost } from './egress.js';
export type { PoolLimits } from './fast-lane/origin-pool.js';
export type { Selectors } from './http-integration.js';
export {
  type IntegrationAnswer,
  type IntegrationDone,
  type IntegrationFailure,
  type IntegrationOutcome,
  type IntegrationRequest,
  type IntegrationRoute,
  MisconfiguredIntegrationError,
  type PreparedIntegration,
} from './integration.js';
export type { CompileResponseTemplateKey, ResponseSources, SelectIntegrationResponse } from './integration-response.js';
export * from './invoker.js';
export type { SelectTemplateKey } from './request-template.js';
