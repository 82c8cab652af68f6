import type { ConnectEnvelope, DisconnectEnvelope, ErrorCode, MessageEnvelope } from '@sluice/contracts';

/** What an integration is invoked with. An `Envelope` is one as it stands, so that the router copies nothing. */
export type IntegrationRequest =
  | Omit<ConnectEnvelope, 'scope' | 'timeMs'>
  | Omit<MessageEnvelope, 'scope' | 'timeMs'>
  | Omit<DisconnectEnvelope, 'scope' | 'timeMs'>;

export type IntegrationOutcome = IntegrationAnswer | IntegrationFailure;

export interface IntegrationAnswer {
  ok: true;
  /** Of the back end (HTTP, HTTP_PROXY) or of the request template (MOCK). Any status: only `$connect` looks at it. */
  status: number;
  /** Names as the back end wrote them. Filled for CONNECT only, the one kind whose headers anybody reads. */
  headers: [name: string, value: string][];
  /** The caller's to keep. Empty where nobody reads it: not CONNECT, and the route has no route response. */
  body: Uint8Array;
}

export interface IntegrationFailure {
  ok: false;
  code: ErrorCode;
  /** For the log; the client sees the registry's text for `code`. */
  detail: string;
}

/** Told the outcome of one call: exactly once, possibly before `invoke` returns. Must not throw. */
export type IntegrationDone = (outcome: IntegrationOutcome) => void;

/** An integration compiled for one route of one deployed stage. */
export interface PreparedIntegration {
  /** Why it cannot run as it is defined; every call then ends in `integration_misconfigured`. */
  readonly fault?: string;
  /** The request's body must stay as it is until `done` is called. */
  invoke(request: IntegrationRequest, done: IntegrationDone): void;
}

/** The route that calls, as far as the back end or a metric sees it. */
export interface IntegrationRoute {
  apiId: string;
  stage: string;
  routeKey: string;
  stageVariables: Record<string, string>;
  /** Without one the body of an answer to a message is not kept. */
  hasRouteResponse: boolean;
}

export const noBody: Uint8Array = Buffer.alloc(0);
export const noHeaders: [name: string, value: string][] = [];

export function failure(code: ErrorCode, detail: string): IntegrationFailure {
  return { ok: false, code, detail };
}

/** Thrown while an integration is compiled; every call of it then ends in `integration_misconfigured`. */
export class MisconfiguredIntegrationError extends Error {
  constructor(detail: string) {
    super(detail);
    this.name = 'MisconfiguredIntegrationError';
  }
}
