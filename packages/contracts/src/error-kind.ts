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

export interface ErrorKind {
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
