import type {
  ApiDefinition,
  AuthorizationType,
  CallerIdentity,
  ConnectEnvelope,
  ConnectionContext,
  ContextVariables,
  ErrorCode,
  MessageEnvelope,
  RouteDefinition,
  StageDefinition,
} from '@sluice/contracts';
import type { AccessKey } from './access-key.js';

/** One route whose requests are to be authorized, as the definitions of its deployment have it. */
export interface AuthorizedRoute {
  api: ApiDefinition;
  stage: StageDefinition;
  route: RouteDefinition;
  /** How the API's definitions spell header names, by lower case, for the authorizer's event; its own sources come first. */
  headerSpellings?: ReadonlyMap<string, string> | undefined;
}

/** A handshake, or (ours) a message of a route other than `$connect`, that waits to be let through. */
export interface AuthorizationRequest {
  envelope: ConnectEnvelope | MessageEnvelope;
  /** The envelope's context, decoded. */
  connection: ConnectionContext;
  /** `$context` of the request as `contextVariables` makes it; asked for only where an event or an identity source needs it. */
  context: () => ContextVariables;
  /** `Root=1-…`, for `X-Amzn-Trace-Id` of the authorizer's event. */
  traceId: string;
}

export type AuthorizationOutcome = Authorized | Refused;

export interface Authorized {
  ok: true;
  /** What the authorizer said, stringified, with `principalId` (spec 05 §5.4). Undefined where no authorizer ran. */
  authorizer?: Record<string, string> | undefined;
  /** Who signed, with AWS_IAM. */
  identity?: CallerIdentity | undefined;
  /** The API key that a Lambda authorizer found (`$context.authorizer.usageIdentifierKey`, spec 08 §8.3): a secret. */
  usageIdentifierKey?: string | undefined;
  /** Ours: when the token expires, ms since the epoch. */
  authorizedUntilMs?: number | undefined;
  /** Ours: the token came as a sub-protocol; what to answer where the integration chooses none, or browsers give up. */
  subProtocol?: string | undefined;
  /** `integrationLatency`: ms that the call to the authorizer took. Undefined where none was called: AWS_IAM, JWT, a kept result. */
  latencyMs?: number | undefined;
  /** Of that call, where its answer has one: `$context.authorizer.requestId`. */
  requestId?: string | undefined;
}

export interface Refused {
  ok: false;
  code: ErrorCode;
  /** For the operator's log: never holds a token, a signature or a key's value. */
  detail: string;
  /** A statement of the policy denies, as opposed to none allowing. */
  explicitDeny?: boolean | undefined;
  latencyMs?: number | undefined;
  requestId?: string | undefined;
}

/** The authorization of one route, ready to be asked: everything that a definition says is compiled. */
export interface PreparedAuthorization {
  readonly type: Exclude<AuthorizationType, 'NONE'>;
  /** Undefined for AWS_IAM. */
  readonly authorizerId: string | undefined;
  /** Why the definition cannot work; every request then ends in an error of the authorizer, and nobody gets in. */
  readonly fault?: string | undefined;
  /** `done` is called exactly once, synchronously where nothing has to be asked of anybody. Never throws. */
  authorize(request: AuthorizationRequest, done: (outcome: AuthorizationOutcome) => void): void;
}

export interface Authorizers {
  /** Undefined where the route asks for no authorization. */
  prepare(route: AuthorizedRoute): PreparedAuthorization | undefined;
  /**
   * Makes other access keys ready. Throws `RangeError` where two have one id. From the call of what it gives on they open AWS_IAM
   * routes, also those prepared before; that call cannot fail.
   */
  prepareKeys(keys: readonly AccessKey[]): () => void;
}
