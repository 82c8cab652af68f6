import type { Telemetry } from '@sluice/telemetry';
import { forbidden, type HttpAnswer, unavailable } from './http-answer.js';
import type { PendingUpgrade } from './socket-server.js';

// What turned-away requests are counted under: nobody knows yet, or nobody will, which API they meant.
const noApi = '-';
const shownLengthMax = 200;

/** 503 before anyone looked at the address. */
export function turnAway(request: PendingUpgrade, { metrics }: Telemetry, reason: string): void {
  request.refuse(unavailable());
  metrics.throttledTotal.labels(noApi, reason).inc();
  metrics.handshakesTotal.labels(noApi, noApi, 'throttled').inc();
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
    `refused a handshake with 403: host ${shownHost} and path ${shownPath} name no API and stage`,
    { host: shownHost, path: shownPath },
  );
  refuseUnknown(request, telemetry, forbidden());
}
