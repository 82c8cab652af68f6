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
export * from './invoker.js';
