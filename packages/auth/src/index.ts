export * from './access-key.js';
export * from './api-keys.js';
export * from './authorization.js';
export { type AuthorizersOptions, createAuthorizers } from './authorizers.js';
export type { SignedRequest } from './canonical-request.js';
export { compileIdentitySources, type IdentitySources, type IdentitySourcesReading } from './identity-sources.js';
export { accessDenied, isAllowed, type ManagementResource, managementArn } from './policy.js';
export { evaluatePolicy, type PolicyDecision, type PolicyRequest } from './policy-evaluation.js';
export { type Refusal, type RefusalReason, refusalResponse } from './refusals.js';
export * from './signature-verifier.js';
export {
  compileTokenSources,
  type TokenSourcesReading,
  tokenProtocolMarker,
  tokenProtocolPrefix,
} from './token-sources.js';
export { matchesWildcard } from './wildcard.js';
