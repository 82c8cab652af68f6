import type { ConnectionId, RequestId } from './ids.js';

/** Who is to blame for an error: the client, the back end, or the gateway itself. */
export type ErrorSource = 'client' | 'integration' | 'gateway';

interface ErrorKind {
  /** Text of the frame or body the client sees (spec 03 §3.2). */
  message: string;
  /** Status where the error ends a handshake (spec 01 §1.3). */
  handshakeStatus: number;
  source: ErrorSource;
  retryable: boolean;
  /** For the operator: what it means and what to do. The error page of the docs is generated from it. */
  help: string;
}

/** The error registry. A code is stable: logs, metrics and docs use it. */
export const errorKinds = {
  forbidden: {
    message: 'Forbidden',
    handshakeStatus: 403,
    source: 'client',
    retryable: false,
    help: 'No route matches and the API has no $default route, or the address names no API or stage. Add a $default route or correct the address.',
  },
  route_without_target: {
    message: 'Internal server error',
    handshakeStatus: 500,
    source: 'gateway',
    retryable: false,
    help: 'The chosen route has no integration. Give the route an `integration`.',
  },
  integration_timeout: {
    message: 'Endpoint request timed out',
    handshakeStatus: 504,
    source: 'integration',
    retryable: true,
    help: 'The back end did not answer within timeoutInMillis. Look at the back end, or raise the timeout (at most 29000).',
  },
  integration_unreachable: {
    message: 'Internal server error',
    handshakeStatus: 500,
    source: 'integration',
    retryable: true,
    help: 'The back end could not be reached: name lookup, connect or TLS failed, or it closed the connection before answering.',
  },
  integration_invalid_response: {
    message: 'Internal server error',
    handshakeStatus: 500,
    source: 'integration',
    retryable: false,
    help: 'The back end answered something that is not HTTP/1.1, or broke off inside its answer.',
  },
  integration_response_too_large: {
    message: 'Internal server error',
    handshakeStatus: 500,
    source: 'integration',
    retryable: false,
    help: 'The back end answered more than integrationBodyBytesMax bytes. A reply can be at most 128 KB.',
  },
  integration_response_unmapped: {
    message: 'Internal server error',
    handshakeStatus: 500,
    source: 'gateway',
    retryable: false,
    help: 'A non-proxy integration has no integration response that matches and none with the key $default.',
  },
  integration_misconfigured: {
    message: 'Internal server error',
    handshakeStatus: 500,
    source: 'gateway',
    retryable: false,
    help: 'The integration cannot run as it is defined, for example a MOCK without a template that yields a statusCode.',
  },
  integration_egress_refused: {
    message: 'Internal server error',
    handshakeStatus: 500,
    source: 'gateway',
    retryable: false,
    help: 'The back end has an address that this gateway does not connect to: link-local or metadata, or, where the host is not written out in sluice.yaml, loopback or private. If it should, list its range in `egress.allow`.',
  },
  integration_overloaded: {
    message: 'Internal server error',
    handshakeStatus: 500,
    source: 'gateway',
    retryable: true,
    help: 'Too many requests wait for a connection to this back end (integrationWaitingMax). It is slower than its load.',
  },
  unsupported_media_type: {
    message: 'Unsupported Media Type',
    handshakeStatus: 415,
    source: 'client',
    retryable: false,
    help: 'passthroughBehavior refuses a payload for which the integration has no request template.',
  },
  throttled: {
    message: 'Too Many Requests',
    handshakeStatus: 429,
    source: 'client',
    retryable: true,
    help: 'A rate of the account, stage or route is exceeded.',
  },
  bus_unavailable: {
    message: 'Internal server error',
    handshakeStatus: 503,
    source: 'gateway',
    retryable: true,
    help: 'Redis did not confirm the append in time, or refused it. The frame was not accepted; the client may send it again.',
  },
  backlog_full: {
    message: 'Too Many Requests',
    handshakeStatus: 503,
    source: 'gateway',
    retryable: true,
    help: 'More entries wait on the frame stream than backlogEntriesMax, or more bytes wait for Redis than appendInflightBytesMax. Add routers or look at slow back ends.',
  },
  internal: {
    message: 'Internal server error',
    handshakeStatus: 500,
    source: 'gateway',
    retryable: false,
    help: 'A fault of the gateway itself; the log line with the same requestId has the cause. Please report it.',
  },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof errorKinds;

/** An error with a place in the registry. `message` is for the log; the client sees the registry's text. */
export class GatewayError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, detail: string, options?: { cause?: unknown }) {
    super(detail, options);
    this.name = 'GatewayError';
    this.code = code;
  }

  get source(): ErrorSource {
    return errorKinds[this.code].source;
  }

  get retryable(): boolean {
    return errorKinds[this.code].retryable;
  }
}

/**
 * The error frame of spec 03 §3.1, byte for byte: a blank after the first colon, none after the others. Also the body
 * of a handshake that an authorizer or integration failed (03 §3.4).
 */
export function errorFrame(code: ErrorCode, connectionId: ConnectionId, requestId: RequestId): string {
  return `{"message": "${errorKinds[code].message}", "connectionId":"${connectionId}", "requestId":"${requestId}"}`;
}
