import type { RouteSettings, StageDefinition } from '@sluice/contracts';

/**
 * The settings that count for one route: its own, member by member, else the stage's default (spec 12 §12.2). Detailed metrics
 * are on where either says so. Members that neither sets are undefined.
 */
export function routeSettingsOf(stage: StageDefinition, routeKey: string): RouteSettings {
  const byDefault = stage.defaultRouteSettings ?? {};
  const own = ownSettings(stage, routeKey);
  return {
    throttlingRateLimit: own.throttlingRateLimit ?? byDefault.throttlingRateLimit,
    throttlingBurstLimit: own.throttlingBurstLimit ?? byDefault.throttlingBurstLimit,
    detailedMetricsEnabled:
      own.detailedMetricsEnabled === true ? true : (byDefault.detailedMetricsEnabled ?? own.detailedMetricsEnabled),
    loggingLevel: own.loggingLevel ?? byDefault.loggingLevel,
    dataTraceEnabled: own.dataTraceEnabled ?? byDefault.dataTraceEnabled,
  };
}

// Route keys come from clients: `constructor` must find nothing.
function ownSettings({ routeSettings }: StageDefinition, routeKey: string): RouteSettings {
  if (routeSettings === undefined || !Object.hasOwn(routeSettings, routeKey)) return {};
  return routeSettings[routeKey] ?? {};
}
