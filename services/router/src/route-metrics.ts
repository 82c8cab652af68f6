import type { Metrics } from '@sluice/telemetry';

/** How a message ended: `ok`, `unmatched`, or the code of the error registry. */
export type MessageResult = string;

/** The metric children of one route, each resolved once per result: a look-up by labels costs more than the increment. */
export interface RouteMetrics {
  /** Counts one settled message. `enqueuedMs` and `nowMs` are wall clock, as the edge and router are different machines. */
  settled(result: MessageResult, enqueuedMs: number, nowMs: number, traceparent: string | undefined): void;
  /** Observes the time from the socket to the integration call. */
  sent(enqueuedMs: number, nowMs: number, traceparent: string | undefined): void;
  duplicate(): void;
  retry(): void;
}

export function createRouteMetrics(metrics: Metrics, apiId: string, stage: string, routeKey: string): RouteMetrics {
  const overhead = metrics.overheadSeconds.labels(apiId, stage, routeKey, 'sent');
  const childrenOf = (result: MessageResult) => ({
    total: metrics.messagesTotal.labels(apiId, stage, routeKey, result),
    seconds: metrics.messageSeconds.labels(apiId, stage, routeKey, result),
  });
  const ok = childrenOf('ok');
  const others = new Map<MessageResult, ReturnType<typeof childrenOf>>();

  function children(result: MessageResult) {
    if (result === 'ok') return ok;
    let found = others.get(result);
    if (found === undefined) {
      found = childrenOf(result);
      others.set(result, found);
    }
    return found;
  }

  return {
    settled(result, enqueuedMs, nowMs, traceparent) {
      const { total, seconds } = children(result);
      total.inc();
      seconds.observe(elapsedSeconds(enqueuedMs, nowMs), traceparent);
    },
    sent(enqueuedMs, nowMs, traceparent) {
      overhead.observe(elapsedSeconds(enqueuedMs, nowMs), traceparent);
    },
    duplicate: () => metrics.duplicatesTotal.labels(apiId, stage, routeKey, 'disconnect').inc(),
    retry: () => metrics.integrationRetriesTotal.labels(apiId, stage, routeKey, 'disconnect').inc(),
  };
}

// Clocks of two machines differ: a negative age is no age.
function elapsedSeconds(fromMs: number, toMs: number): number {
  return Math.max(0, toMs - fromMs) / 1000;
}
