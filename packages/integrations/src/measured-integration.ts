import type { Metrics } from '@sluice/telemetry';
import type { IntegrationOutcome, IntegrationRoute, PreparedIntegration } from './integration.js';

/**
 * Adds the metrics of a route's calls. `code` is the class of the answer's status (`2xx`) or the code of the failure; failures
 * and 5xx answers count as errors.
 */
export function measureIntegration(
  inner: PreparedIntegration,
  metrics: Metrics,
  route: IntegrationRoute,
  integrationType: string,
): PreparedIntegration {
  const labels = [route.apiId, route.stage, route.routeKey, integrationType] as const;
  const inflight = metrics.integrationInflight.labels(...labels);
  // Made when first needed: a series for every code that never occurs would swell each scrape.
  const observers = new Map<string, (seconds: number, traceparent?: string) => void>();

  function observe(outcome: IntegrationOutcome, seconds: number, traceparent: string | undefined): void {
    const code = outcome.ok ? statusClass(outcome.integrationStatus ?? outcome.status) : outcome.code;
    let observer = observers.get(code);
    if (observer === undefined) {
      observer = observerOf(metrics, labels, code);
      observers.set(code, observer);
    }
    observer(seconds, traceparent);
  }

  return {
    ...(inner.fault === undefined ? {} : { fault: inner.fault }),
    invoke(request, done) {
      const startedAtMs = performance.now();
      inflight.inc();
      inner.invoke(request, (outcome) => {
        inflight.dec();
        observe(outcome, (performance.now() - startedAtMs) / 1000, request.traceparent);
        done(outcome);
      });
    },
  };
}

const statusClasses = ['0xx', '1xx', '2xx', '3xx', '4xx', '5xx'];

function statusClass(status: number): string {
  return statusClasses[Math.floor(status / 100)] as string;
}

function observerOf(
  metrics: Metrics,
  labels: readonly [api: string, stage: string, route: string, kind: string],
  code: string,
): (seconds: number, traceparent?: string) => void {
  const seconds = metrics.integrationSeconds.labels(...labels, code);
  if (code === '2xx' || code === '3xx' || code === '4xx') {
    return (value, traceparent) => seconds.observe(value, traceparent);
  }
  const errors = metrics.integrationErrorsTotal.labels(...labels, code);
  return (value, traceparent) => {
    seconds.observe(value, traceparent);
    errors.inc();
  };
}
