import { type ApiDefinition, limits, type RouteDefinition, type StageDefinition, scopeOf } from '@sluice/contracts';
import type { StageSnapshot } from './definition-store.js';
import { routeSettingsOf } from './route-settings.js';

export interface SnapshotOptions {
  /** The account limits how many may connect, whatever API they mean: every handshake has to be counted. */
  accountLimitsConnects?: boolean | undefined;
}

export function snapshotOf(api: ApiDefinition, stage: StageDefinition, options: SnapshotOptions): StageSnapshot {
  const routes = new Map(Object.entries(api.routes));
  const connect = routes.get('$connect');
  return Object.freeze({
    scope: scopeOf(api.apiId, stage.stageName),
    api,
    stage,
    connectNeedsVerdict:
      options.accountLimitsConnects === true || gates(connect) || isThrottled(stage) || leavesLines(stage, '$connect'),
    connectTimeoutMs: connectTimeoutMs(api, connect),
    disconnectNeedsRouter: routes.get('$disconnect')?.integrationId !== undefined || leavesLines(stage, '$disconnect'),
    ordersMessages: [...routes.values()].some(({ order }) => order === 'connection'),
  });
}

/** Whether the `$connect` route has something to call or to check. */
function gates(connect: RouteDefinition | undefined): boolean {
  if (connect === undefined) return false;
  const { integrationId, authorizationType, apiKeyRequired, requestParameters, requestModels } = connect;
  return (
    integrationId !== undefined ||
    (authorizationType ?? 'NONE') !== 'NONE' ||
    apiKeyRequired === true ||
    Object.values(requestParameters ?? {}).some(({ required }) => required) ||
    (connect.modelSelectionExpression !== undefined && requestModels !== undefined)
  );
}

// The stage's default acts on $connect also where the API has no such route: it is a rate of connects.
function isThrottled(stage: StageDefinition): boolean {
  const { throttlingRateLimit, throttlingBurstLimit } = routeSettingsOf(stage, '$connect');
  return throttlingRateLimit !== undefined || throttlingBurstLimit !== undefined;
}

function leavesLines(stage: StageDefinition, routeKey: string): boolean {
  return stage.accessLogSettings !== undefined || (routeSettingsOf(stage, routeKey).loggingLevel ?? 'OFF') !== 'OFF';
}

function connectTimeoutMs(api: ApiDefinition, connect: RouteDefinition | undefined): number {
  const target = connect?.integrationId;
  const integration = target === undefined ? undefined : new Map(Object.entries(api.integrations)).get(target);
  const integrationMs = integration?.timeoutInMillis ?? limits.integrationTimeoutMs;
  const asksAuthorizer = connect?.authorizationType === 'CUSTOM' || connect?.authorizationType === 'JWT';
  return integrationMs + (asksAuthorizer ? limits.integrationTimeoutMs : 0);
}
