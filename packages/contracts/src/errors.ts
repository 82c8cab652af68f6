import { accessErrorKinds } from './access-error-kinds.js';
import type { ErrorSource } from './error-kind.js';
import type { ConnectionId, RequestId } from './ids.js';

import { integrationErrorKinds } from './integration-error-kinds.js';

/** The error registry. A code is stable: logs, metrics and docs use it. */
export const errorKinds = { ...accessErrorKinds, ...integrationErrorKinds };

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
