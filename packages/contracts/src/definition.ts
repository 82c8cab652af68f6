import type { ApiLimits } from './limits.js';

/**
 * API definitions as processes read them: every member present that has a default, references resolved to ids. What
 * users write (`sluice.yaml`) is a looser type of `packages/config`. Member names are those of the AWS shapes.
 */
export interface ApiDefinition {
  apiId: string;
  name: string;
  routeSelectionExpression: string;
  /** The API that an address without an API id means, when several are defined. */
  isDefault: boolean;
  disableExecuteApiEndpoint: boolean;
  /** Ours: answers only where host, path or custom domain name it, and does not keep another API from being the only one. */
  namedOnly?: boolean | undefined;
  limits: ApiLimits;
  /** By route key. */
  routes: Record<string, RouteDefinition>;
  /** By integration id (in `sluice.yaml`: its name). */
  integrations: Record<string, IntegrationDefinition>;
  /** By stage name. */
  stages: Record<string, StageDefinition>;
  /** By authorizer id (in `sluice.yaml`: its name). */
  authorizers?: Record<string, AuthorizerDefinition> | undefined;
  /** By model name. */
  models?: Record<string, ModelDefinition> | undefined;
  /** Unset: header `x-api-key`. */
  apiKeySource?: ApiKeySource | undefined;
  /** Ours: binary frames are taken (delivered as base64) and binary bodies sent as binary frames. Off: close 1003, as AWS. */
  binaryFrames?: boolean | undefined;
}

/** `apiKeySelectionExpression`: `$request.header.x-api-key` or `$context.authorizer.usageIdentifierKey` (spec 02 §2.3). */
export type ApiKeySource = 'header' | 'authorizer';

export interface RouteDefinition {
  routeKey: string;
  /** Integration id, or undefined where the route has no target. */
  integrationId: string | undefined;
  /** Whether the route has a RouteResponse `$default`: the switch that sends replies (spec 07 §7.1). */
  hasRouteResponse: boolean;
  /** Unset: `NONE`. On another route than `$connect`, and `JWT`: ours. */
  authorizationType?: AuthorizationType | undefined;
  /** For `CUSTOM` and `JWT`. */
  authorizerId?: string | undefined;
  /** Ours, for `JWT`: the token must have one of them. */
  authorizationScopes?: string[] | undefined;
  apiKeyRequired?: boolean | undefined;
  modelSelectionExpression?: string | undefined;
  /** Model key → model name (spec 13). */
  requestModels?: Record<string, string> | undefined;
  /** `route.request.querystring.x` or `route.request.header.x` → whether the handshake must have it. */
  requestParameters?: Record<string, { required: boolean }> | undefined;
  /** Ours: `connection` makes this route's messages reach the back end one by one and in order, per connection. */
  order?: 'connection' | undefined;
}

export type AuthorizationType = 'NONE' | 'AWS_IAM' | 'CUSTOM' | 'JWT';

export interface AuthorizerDefinition {
  authorizerId: string;
  name: string;
  authorizerType: 'REQUEST' | 'JWT';
  /** Lambda path ARN, or (ours) an http(s) URL that gets the event by POST. Undefined for JWT. */
  authorizerUri: string | undefined;
  /** Expressions of spec 08 §8.1; for JWT where the token is (ours). */
  identitySource: string[];
  /** Stored, and not applied (spec 08 §8.1). */
  identityValidationExpression?: string | undefined;
  authorizerCredentialsArn?: string | undefined;
  /** Ours: results are kept for this long, by the values of the identity sources. 0: never, as AWS. */
  resultTtlSeconds: number;
  jwtConfiguration?: JwtConfiguration | undefined;
}

export interface JwtConfiguration {
  issuer: string;
  /** One of them must be in the token's `aud` or `client_id`; empty: any. */
  audience: string[];
  /** Unset: found through `{issuer}/.well-known/openid-configuration`. */
  jwksUri?: string | undefined;
}

export interface ModelDefinition {
  name: string;
  contentType: string;
  /** JSON Schema draft-04, as text. */
  schema: string;
}

export type IntegrationType = 'HTTP_PROXY' | 'HTTP' | 'MOCK' | 'AWS' | 'AWS_PROXY';
export type ContentHandlingStrategy = 'CONVERT_TO_BINARY' | 'CONVERT_TO_TEXT';
export type PassthroughBehavior = 'WHEN_NO_MATCH' | 'NEVER' | 'WHEN_NO_TEMPLATES';

export interface IntegrationDefinition {
  integrationId: string;
  integrationType: IntegrationType;
  /** http(s) URL, or for AWS and AWS_PROXY `arn:aws:apigateway:…`; placeholders and stage variables as written. Undefined for MOCK. */
  integrationUri: string | undefined;
  /** `ANY` is sent as POST (spec 04 §4.5). */
  integrationMethod: string;
  timeoutInMillis: number;
  passthroughBehavior: PassthroughBehavior;
  /** Mapping templates (VTL) by template key. */
  requestTemplates: Record<string, string>;
  templateSelectionExpression: string | undefined;
  /** In creation order: the first explicit match wins (spec 07 §7.3). */
  integrationResponses: IntegrationResponseDefinition[];
  /** `integration.request.header.x` → `route.request.…`, `context.…`, `stageVariables.…` or `'literal'` (spec 06 §6.1). */
  requestParameters?: Record<string, string> | undefined;
  contentHandlingStrategy?: ContentHandlingStrategy | undefined;
  /** Ours, for HTTP_PROXY: handshake headers that `$connect` does not pass on, in lower case (spec 17 O21). */
  handshakeHeadersDropped?: string[] | undefined;
  tlsConfig?: { serverNameToVerify: string | undefined } | undefined;
  credentialsArn?: string | undefined;
  /** `VPC_LINK` is a marker only (spec 04 §4.7). Unset: `INTERNET`. */
  connectionType?: 'INTERNET' | 'VPC_LINK' | undefined;
  connectionId?: string | undefined;
}

export interface IntegrationResponseDefinition {
  /** `$default`, a literal status such as `200`, or `/regex/` over the whole value. */
  integrationResponseKey: string;
  templateSelectionExpression: string | undefined;
  responseTemplates: Record<string, string>;
  contentHandlingStrategy?: ContentHandlingStrategy | undefined;
  /** `method.response.header.x` → `integration.response.header.x`, `context.…`, `stageVariables.…` or `'literal'`. */
  responseParameters?: Record<string, string> | undefined;
}

export interface StageDefinition {
  stageName: string;
  stageVariables: Record<string, string>;
  defaultRouteSettings?: RouteSettings | undefined;
  /** By route key. */
  routeSettings?: Record<string, RouteSettings> | undefined;
  accessLogSettings?: AccessLogSettings | undefined;
  /** Ours: `Origin` values that may connect, `https://*.example.com` too. Unset: any. */
  allowedOrigins?: string[] | undefined;
}

/** Members that are unset fall to the stage's default, then to the account's (spec 12 §12.2). */
export interface RouteSettings {
  /** Messages (or connects) per second; 0 refuses everything (spec 17 O23). */
  throttlingRateLimit?: number | undefined;
  throttlingBurstLimit?: number | undefined;
  detailedMetricsEnabled?: boolean | undefined;
  loggingLevel?: 'OFF' | 'ERROR' | 'INFO' | undefined;
  dataTraceEnabled?: boolean | undefined;
}

export interface AccessLogSettings {
  /** One line with `$context` variables (spec 12 §12.3). */
  format: string;
  /** `stdout`, `file:///…`, an http(s) address, or any ARN, whose lines go to the process log. */
  destinationArn: string;
}

/** What stands beside the APIs: custom domains, API keys and usage plans. */
export interface SharedDefinitions {
  domainNames: DomainNameDefinition[];
  apiKeys: ApiKeyDefinition[];
  usagePlans: UsagePlanDefinition[];
}

export const noSharedDefinitions: SharedDefinitions = { domainNames: [], apiKeys: [], usagePlans: [] };

export interface DomainNameDefinition {
  /** `ws.example.com` or `*.example.com`, lower case. */
  domainName: string;
  /** By mapping key, one path segment; the empty key is the domain itself. */
  apiMappings: Record<string, { apiId: string; stage: string }>;
}

export interface ApiKeyDefinition {
  apiKeyId: string;
  name: string;
  value: string;
  enabled: boolean;
}

export interface UsagePlanDefinition {
  usagePlanId: string;
  name: string;
  apiStages: { apiId: string; stage: string }[];
  /** API key ids. */
  apiKeyIds: string[];
  throttle?: { rateLimit: number; burstLimit: number } | undefined;
  quota?: { limit: number; offset: number; period: QuotaPeriod } | undefined;
}

export type QuotaPeriod = 'DAY' | 'WEEK' | 'MONTH';

/** `apiId/stage`: how envelopes and tables name one stage of one API. */
export type Scope = string;

export function scopeOf(apiId: string, stage: string): Scope {
  return `${apiId}/${stage}`;
}

export function splitScope(scope: Scope): { apiId: string; stage: string } {
  const slash = scope.indexOf('/');
  return { apiId: scope.slice(0, slash), stage: scope.slice(slash + 1) };
}
