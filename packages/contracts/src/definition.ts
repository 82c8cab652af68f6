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
  limits: ApiLimits;
  /** By route key. */
  routes: Record<string, RouteDefinition>;
  /** By integration id (in `sluice.yaml`: its name). */
  integrations: Record<string, IntegrationDefinition>;
  /** By stage name. */
  stages: Record<string, StageDefinition>;
}

export interface RouteDefinition {
  routeKey: string;
  /** Integration id, or undefined where the route has no target. */
  integrationId: string | undefined;
  /** Whether the route has a RouteResponse `$default`: the switch that sends replies (spec 07 §7.1). */
  hasRouteResponse: boolean;
}

export type IntegrationType = 'HTTP_PROXY' | 'HTTP' | 'MOCK';
export type PassthroughBehavior = 'WHEN_NO_MATCH' | 'NEVER' | 'WHEN_NO_TEMPLATES';

export interface IntegrationDefinition {
  integrationId: string;
  integrationType: IntegrationType;
  /** Absolute http(s) URL, undefined for MOCK. */
  integrationUri: string | undefined;
  /** `ANY` is sent as POST (spec 04 §4.5). */
  integrationMethod: string;
  timeoutInMillis: number;
  passthroughBehavior: PassthroughBehavior;
  /** Static templates only, for now: text without `$` or `#` directives, by template key. */
  requestTemplates: Record<string, string>;
  templateSelectionExpression: string | undefined;
  /** In creation order: the first explicit match wins (spec 07 §7.3). */
  integrationResponses: IntegrationResponseDefinition[];
}

export interface IntegrationResponseDefinition {
  /** `$default`, a literal status such as `200`, or `/regex/` over the whole value. */
  integrationResponseKey: string;
  templateSelectionExpression: string | undefined;
  responseTemplates: Record<string, string>;
}

export interface StageDefinition {
  stageName: string;
  stageVariables: Record<string, string>;
}

/** `apiId/stage`: how envelopes and tables name one stage of one API. */
export type Scope = string;

export function scopeOf(apiId: string, stage: string): Scope {
  return `${apiId}/${stage}`;
}

export function splitScope(scope: Scope): { apiId: string; stage: string } {
  const slash = scope.indexOf('/');
  return { apiId: scope.slice(0, slash), stage: scope.slice(slash + 1) };
}
