export type { AwsCredentials, AwsSettings } from './aws/aws-settings.js';
export { RequestSigner, type SignableRequest } from './aws/request-signer.js';
export type { ResolveHost } from './egress.js';
export type { PoolLimits } from './fast-lane/origin-pool.js';
export {
  type ExchangeObserver,
  type FunctionError,
  type IntegrationAnswer,
  type IntegrationDone,
  type IntegrationFailure,
  type IntegrationOutcome,
  type IntegrationRequest,
  type IntegrationRoute,
  MisconfiguredIntegrationError,
  type PreparedIntegration,
} from './integration.js';
export * from './invoker.js';
export type { LambdaSettings } from './lambda/function-address.js';
export type { FunctionPlace } from './lambda/function-callers.js';
export type {
  CompileResponseTemplateKey,
  ResponseSources,
  SelectIntegrationResponse,
  Selectors,
  SelectTemplateKey,
  TemplateKind,
} from './selectors.js';
export { traceparentFor, xrayTraceId } from './trace-context.js';
