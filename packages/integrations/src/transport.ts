import type { OutgoingRequest } from './fast-lane/exchange.js';
import type { IntegrationDone } from './integration.js';

/** A way to one back-end origin: the fast lane (`OriginPool`) for http, undici for the rest. */
export interface Transport {
  /** Whether it has requests or connections: one that has none can be forgotten and made again. */
  readonly isBusy: boolean;
  /**
   * Sends one request. `done` hears of the back end's answer, whatever its status, or of the failure, exactly once and at the
   * latest about 50 ms after the request's timeout.
   */
  send(request: OutgoingRequest, done: IntegrationDone): void;
}
