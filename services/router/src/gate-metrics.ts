import type { StageCompilation } from './stage-compilation.js';
import type { NamedBucket } from './throttle-gate.js';

type MetricsPlace = Pick<StageCompilation, 'telemetry' | 'api' | 'stageName'>;

/** Counts refusals by rate, by whose rate it was. */
export function throttleCounter({ telemetry, api }: MetricsPlace): (reason: NamedBucket['reason'] | 'quota') => void {
  return (reason) => telemetry.metrics.throttledTotal.labels(api.apiId, reason).inc();
}

/** Observes authorizations of one route, children resolved once per result. */
export function authorizationMetrics(
  { telemetry, api, stageName }: MetricsPlace,
  routeKey: string,
): (result: string, seconds: number, traceparent: string | undefined) => void {
  const childOf = (result: string) =>
    telemetry.metrics.authorizerSeconds.labels(api.apiId, stageName, routeKey, result);
  const children = new Map<string, ReturnType<typeof childOf>>();
  return (result, seconds, traceparent) => {
    let child = children.get(result);
    if (child === undefined) {
      child = childOf(result);
      children.set(result, child);
    }
    child.observe(seconds, traceparent);
  };
}
