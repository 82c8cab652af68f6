import type { ConnectEnvelope, DisconnectEnvelope, ErrorCode, MessageEnvelope } from '@sluice/contracts';

/** What an integration is invoked with. An `Envelope` is one as it stands, so that the router copies nothing. */
export type IntegrationRequest = (
  | (Omit<ConnectEnvelope, 'scope'> & {
      /** How long the authorizer took: `integrationLatency` of the CONNECT event (spec 05 §5.4). */
      authorizerLatencyMs?: number | undefined;
    })
  | Omit<MessageEnvelope, 'scope'>
  | Omit<DisconnectEnvelope, 'scope'>
) & { observer?: ExchangeObserver | undefined };

/** Sees what goes to the back end and what comes back, where the stage's execution log asks for it. */
export interface ExchangeObserver {
  sent(uri: string, headers: readonly (readonly [name: string, value: string])[], body: Uint8Array): void;
  received(status: number, headers: readonly (readonly [name: string, value: string])[], body: Uint8Array): void;
}

export type IntegrationOutcome = IntegrationAnswer | IntegrationFailure;

export interface IntegrationAnswer {
  ok: true;
  /** Of the back end (HTTP, HTTP_PROXY) or of the request template (MOCK). Any status: only `$connect` looks at it. */
  status: number;
  /** Names as the back end wrote them. Filled for CONNECT only, the one kind whose headers anybody reads. */
  headers: [name: string, value: string][];
  /** Status that the back end itself answered, for logs; unset where it is `status`. */
  integrationStatus?: number | undefined;
  /** The function failed, and an integration response made an answer of it (Lambda custom). */
  functionError?: FunctionError | undefined;
  /** `body` goes to the client as a binary frame: only where the API takes them. */
  binary?: boolean | undefined;
  /** The caller's to keep. Empty where nobody reads it: not CONNECT, and the route has no route response. */
  body: Uint8Array;
}

export interface IntegrationFailure {
  ok: false;
  code: ErrorCode;
  /** For the log; the client sees the registry's text for `code`. */
  detail: string;
  integrationStatus?: number | undefined;
  /** Of `function_error`. */
  functionError?: FunctionError | undefined;
}

/** What a function that failed has said, fit for a line of a log, and the invocation's id where the answer has one. */
export interface FunctionError {
  errorMessage: string;
  requestId: string | undefined;
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
  /** How this gateway calls itself in ARNs and in `$context`. */
  accountId: string;
  region: string;
  /** Spellings of header names that the definitions of this stage use, by lower case (`spellHeader`). */
  headerSpellings: ReadonlyMap<string, string>;
  /** Binary frames are taken and sent. */
  binaryFrames: boolean;
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
