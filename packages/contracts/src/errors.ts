import type { ConnectionId, RequestId } from './ids.js';

/** Who is to blame for an error: the client, the back end, or the gateway itself. */
export type ErrorSource = 'client' | 'integration' | 'gateway';

/** What `$context.error.responseType` can be (spec 12 §12.3). */
export type ErrorResponseType =
  | 'ACCESS_DENIED'
  | 'UNAUTHORIZED'
  | 'AUTHORIZER_FAILURE'
  | 'AUTHORIZER_CONFIGURATION_ERROR'
  | 'INTEGRATION_FAILURE'
  | 'INTEGRATION_TIMEOUT'
  | 'API_CONFIGURATION_ERROR'
  | 'BAD_REQUEST_BODY'
  | 'BAD_REQUEST_PARAMETERS'
  | 'MISSING_AUTHENTICATION_TOKEN'
  | 'REQUEST_TOO_LARGE'
  | 'DEFAULT_5XX'
  | 'THROTTLED';

interface ErrorKind {
  /** Text of the frame or body the client sees (spec 03 §3.2). */
  message: string;
  /** Status where the error ends a handshake (spec 01 §1.3). */
  handshakeStatus: number;
  source: ErrorSource;
  /** `$context.error.responseType` (spec 12 §12.3). */
  responseType: ErrorResponseType;
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
    responseType: 'ACCESS_DENIED',
    retryable: false,
    help: 'No route matches and the API has no $default route, or the address names no API or stage. Add a $default route or correct the address.',
  },
  route_without_target: {
    message: 'Internal server error',
    handshakeStatus: 500,
    source: 'gateway',
    responseType: 'API_CONFIGURATION_ERROR',
    retryable: false,
    help: 'The chosen route has no integration. Give the route an `integration`.',
  },
  integration_timeout: {
    message: 'Endpoint request timed out',
    handshakeStatus: 504,
    source: 'integration',
    responseType: 'INTEGRATION_TIMEOUT',
    retryable: true,
    help: 'The back end did not answer within timeoutInMillis. Look at the back end, or raise the timeout (at most 29000).',
  },
  integration_unreachable: {
    message: 'Internal server error',
    handshakeStatus: 500,
    source: 'integration',
    responseType: 'INTEGRATION_FAILURE',
    retryable: true,
    help: 'The back end could not be reached: name lookup, connect or TLS failed, or it closed the connection before answering.',
  },
  integration_invalid_response: {
    message: 'Internal server error',
    handshakeStatus: 500,
    source: 'integration',
    responseType: 'INTEGRATION_FAILURE',
    retryable: false,
    help: 'The back end answered something that is not HTTP/1.1, or broke off inside its answer.',
  },
  integration_response_too_large: {
    message: 'Internal server error',
    handshakeStatus: 500,
    source: 'integration',
    responseType: 'INTEGRATION_FAILURE',
    retryable: false,
    help: 'The back end answered more than integrationBodyBytesMax bytes. A reply can be at most 128 KB.',
  },
  integration_response_unmapped: {
    message: 'Internal server error',
    handshakeStatus: 500,
    source: 'gateway',
    responseType: 'API_CONFIGURATION_ERROR',
    retryable: false,
    help: 'A non-proxy integration has no integration response that matches and none with the key $default.',
  },
  integration_misconfigured: {
    message: 'Internal server error',
    handshakeStatus: 500,
    source: 'gateway',
    responseType: 'API_CONFIGURATION_ERROR',
    retryable: false,
    help: 'The integration cannot run as it is defined, for example a MOCK without a template that yields a statusCode.',
  },
  integration_egress_refused: {
    message: 'Internal server error',
    handshakeStatus: 500,
    source: 'gateway',
    responseType: 'API_CONFIGURATION_ERROR',
    retryable: false,
    help: 'The back end has an address that this gateway does not connect to: link-local or metadata, or, where the host is not written out in sluice.yaml, loopback or private. If it should, list its range in `egress.allow`.',
  },
  integration_overloaded: {
    message: 'Internal server error',
    handshakeStatus: 500,
    source: 'gateway',
    responseType: 'INTEGRATION_FAILURE',
    retryable: true,
    help: 'Too many requests wait for a connection to this back end (integrationWaitingMax). It is slower than its load.',
  },
  unsupported_media_type: {
    message: 'Unsupported Media Type',
    handshakeStatus: 415,
    source: 'client',
    responseType: 'BAD_REQUEST_BODY',
    retryable: false,
    help: 'passthroughBehavior refuses a payload for which the integration has no request template.',
  },
  throttled: {
    message: 'Too Many Requests',
    handshakeStatus: 429,
    source: 'client',
    responseType: 'THROTTLED',
    retryable: true,
    help: 'A rate of the account, stage or route is exceeded, or too many messages of a route with `order: connection` wait for the one before them (orderedWaitingMessagesMax, orderedWaitingBytesMax).',
  },
  unauthorized: {
    message: 'Unauthorized',
    handshakeStatus: 401,
    source: 'client',
    responseType: 'UNAUTHORIZED',
    retryable: false,
    help: 'An identity source of the authorizer is missing or empty, the authorizer said Unauthorized, or a token is not valid. The log has the reason.',
  },
  access_denied_explicit: {
    message: 'User is not authorized to access this resource with an explicit deny in an identity-based policy',
    handshakeStatus: 403,
    source: 'client',
    responseType: 'ACCESS_DENIED',
    retryable: false,
    help: 'The policy that the authorizer returned denies this route.',
  },
  access_denied: {
    message:
      'User is not authorized to access this resource because no identity-based policy allows the execute-api:Invoke action',
    handshakeStatus: 403,
    source: 'client',
    responseType: 'ACCESS_DENIED',
    retryable: false,
    help: 'No statement of the policy that the authorizer returned allows this route; a JWT without a wanted scope ends here too.',
  },
  authorizer_failed: {
    message: 'Internal server error',
    handshakeStatus: 500,
    source: 'integration',
    responseType: 'AUTHORIZER_FAILURE',
    retryable: true,
    help: 'The authorizer failed, timed out or could not be called. Look at its own log.',
  },
  authorizer_misconfigured: {
    message: '',
    handshakeStatus: 500,
    source: 'integration',
    responseType: 'AUTHORIZER_CONFIGURATION_ERROR',
    retryable: false,
    help: "The authorizer's result is not one: no JSON, no policy document, a policy that cannot be read, or a context value that is a list or map.",
  },
  authentication_missing: {
    message: 'Missing Authentication Token',
    handshakeStatus: 403,
    source: 'client',
    responseType: 'MISSING_AUTHENTICATION_TOKEN',
    retryable: false,
    help: 'The route wants AWS_IAM and the handshake is not signed.',
  },
  authentication_failed: {
    message: 'Forbidden',
    handshakeStatus: 403,
    source: 'client',
    responseType: 'ACCESS_DENIED',
    retryable: false,
    help: "The handshake's signature is wrong, too old, or of a key that may not invoke this route.",
  },
  api_key_invalid: {
    message: 'Forbidden',
    handshakeStatus: 403,
    source: 'client',
    responseType: 'ACCESS_DENIED',
    retryable: false,
    help: 'The route wants an API key, and the handshake has none that is enabled and in a usage plan of this stage.',
  },
  origin_not_allowed: {
    message: 'Forbidden',
    handshakeStatus: 403,
    source: 'client',
    responseType: 'ACCESS_DENIED',
    retryable: false,
    help: "The handshake's Origin is not in allowedOrigins of the stage.",
  },
  quota_exceeded: {
    message: 'Limit Exceeded',
    handshakeStatus: 429,
    source: 'client',
    responseType: 'THROTTLED',
    retryable: true,
    help: 'The API key has used up the quota of its usage plan for this period.',
  },
  request_body_invalid: {
    message: 'Invalid request body',
    handshakeStatus: 400,
    source: 'client',
    responseType: 'BAD_REQUEST_BODY',
    retryable: false,
    help: 'The message does not fit the model of its route, has no model, or is not JSON. $context.error.validationErrorString and the execution log say why.',
  },
  request_parameters_missing: {
    message: 'Missing required request parameters',
    handshakeStatus: 400,
    source: 'client',
    responseType: 'BAD_REQUEST_PARAMETERS',
    retryable: false,
    help: 'The handshake lacks a header or query parameter that the route requires.',
  },
  function_error: {
    message: 'Internal server error',
    handshakeStatus: 502,
    source: 'integration',
    responseType: 'INTEGRATION_FAILURE',
    retryable: false,
    help: "The Lambda function failed: X-Amz-Function-Error was set. Look at the function's own log.",
  },
  function_response_malformed: {
    message: 'Internal server error',
    handshakeStatus: 502,
    source: 'integration',
    responseType: 'INTEGRATION_FAILURE',
    retryable: false,
    help: "The Lambda function's result is no proxy response: an object with an integer statusCode and, if any, a text body.",
  },
  function_refused: {
    message: 'Internal server error',
    handshakeStatus: 500,
    source: 'integration',
    responseType: 'API_CONFIGURATION_ERROR',
    retryable: true,
    help: 'The function could not be invoked: it does not exist, this gateway may not call it, or the Lambda service throttles it.',
  },
  template_failed: {
    message: 'Internal server error',
    handshakeStatus: 500,
    source: 'gateway',
    responseType: 'API_CONFIGURATION_ERROR',
    retryable: false,
    help: "A mapping template threw, looped or grew over its bounds. The log has the template's place and the reason.",
  },
  content_conversion_failed: {
    message: 'Internal server error',
    handshakeStatus: 500,
    source: 'gateway',
    responseType: 'API_CONFIGURATION_ERROR',
    retryable: false,
    help: 'contentHandlingStrategy wants base64 and the text is none.',
  },
  bus_unavailable: {
    message: 'Internal server error',
    handshakeStatus: 503,
    source: 'gateway',
    responseType: 'DEFAULT_5XX',
    retryable: true,
    help: 'Redis did not confirm the append in time, or refused it. The frame was not accepted; the client may send it again.',
  },
  backlog_full: {
    message: 'Too Many Requests',
    handshakeStatus: 503,
    source: 'gateway',
    responseType: 'THROTTLED',
    retryable: true,
    help: 'More entries wait on the frame stream than backlogEntriesMax, or more bytes wait for Redis than appendInflightBytesMax. Add routers or look at slow back ends.',
  },
  internal: {
    message: 'Internal server error',
    handshakeStatus: 500,
    source: 'gateway',
    responseType: 'DEFAULT_5XX',
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
export function errorFrame(
  code: ErrorCode,
  connectionId: ConnectionId,
  requestId: RequestId,
  /** Where the text says more than the registry can, such as the names of missing parameters. */
  message: string = errorKinds[code].message,
): string {
  return `{"message": ${JSON.stringify(message)}, "connectionId":"${connectionId}", "requestId":"${requestId}"}`;
}
