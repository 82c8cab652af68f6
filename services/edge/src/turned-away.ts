import type { Telemetry } from '@sluice/telemetry';
import type { RequestHead } from './handshake-request.js';
import { forbidden, type HttpAnswer, unavailable } from './http-answer.js';
import type { PendingUpgrade } from './socket-server.js';
import type { StageState } from './stage-state.js';

// What turned-away requests are counted under: nobody knows yet, or nobody will, which API they meant.
const noApi = '-';
const shownLengthMax = 200;

/** 503 before anyone looked at the address. */
export function turnAway(request: PendingUpgrade, { metrics }: Telemetry, reason: string): void {
  request.refuse(unavailable());
  metrics.throttledTotal.labels(noApi, reason).inc();
  metrics.handshakesTotal.labels(noApi, noApi, 'throttled').inc();
}

/**
 * 503 for one API: others may have room. Counted as refused, not as throttled: a bound that the API's owner has set is answered as
 * it should be, and must not use up the error budget of the gateway.
 */
export function turnAwayFrom(request: PendingUpgrade, { metrics }: Telemetry, stage: StageState, reason: string): void {
  request.refuse(unavailable());
  metrics.throttledTotal.labels(stage.apiId, reason).inc();
  stage.countHandshake('refused', 0);
}

/** The head of the request is at fault, or its address: it belongs to no API. */
export function refuseUnknown(request: PendingUpgrade, { metrics }: Telemetry, answer: HttpAnswer): void {
  request.refuse(answer);
  metrics.handshakesTotal.labels(noApi, noApi, 'unknown').inc();
}

/**
 * 403: host and path name no API and stage. The line is without the query, where clients put tokens; the log writes a few
 * of these in a window, whoever knocks.
 */
export function refuseAddress(request: PendingUpgrade, telemetry: Telemetry, host: string): void {
  const shownHost = host.slice(0, shownLengthMax);
  const shownPath = request.head.path.slice(0, shownLengthMax);
  telemetry.log.info(
    'edge.address_unknown',
    `refused a handshake with 403: host ${shownHost} and path ${shownPath} name no API and stage; sluice check lists those there are`,
    { host: shownHost, path: shownPath },
  );
  refuseUnknown(request, telemetry, forbidden());
}

/**
 * The origin that may not connect to this stage; undefined where all that are named may. A client that names none is no browser:
 * it could name any, so that refusing it would protect nobody (the list keeps foreign pages from using a visitor's cookies).
 */
export function foreignOrigin(stage: StageState, head: RequestHead): string | undefined {
  const { allowsOrigin } = stage;
  if (allowsOrigin === undefined) return undefined;
  return head.headers.find(([name, value]) => name === 'origin' && !allowsOrigin(value))?.[1];
}

/** 403: a page of this origin may not connect. */
export function refuseOrigin(request: PendingUpgrade, telemetry: Telemetry, stage: StageState, origin: string): void {
  request.refuse(forbidden());
  telemetry.metrics.throttledTotal.labels(stage.apiId, 'origin_not_allowed').inc();
  stage.countHandshake('refused', 0);
  const shownOrigin = origin.slice(0, shownLengthMax);
  telemetry.log.info(
    'edge.origin_refused',
    `refused a handshake with 403: origin ${shownOrigin} is not in allowedOrigins`,
    {
      api: stage.apiId,
      stage: stage.stageName,
      code: 'origin_not_allowed',
      origin: shownOrigin,
    },
  );
}
