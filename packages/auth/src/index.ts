export * from './access-key.js';
export * from './authorization.js';
export type { SignedRequest } from './canonical-request.js';
export { accessDenied, isAllowed, type ManagementResource, managementArn } from './policy.js';
export { type Refusal, type RefusalReason, refusalResponse } from './refusals.js';
export * from './signature-verifier.js';
export { matchesWildcard } from './wildcard.js';
