/** Every way a connection ends: the close frame the client sees and what the `$disconnect` event reports (spec 01 §1.5, §1.6). */
export interface Close {
  code: number;
  reason: string;
}

export const closes = {
  /** `DELETE @connections/{id}`. */
  deleted: { code: 1000, reason: 'Connection Closed Normally' },
  /** Idle, lifetime over, or the node drains. */
  goingAway: { code: 1001, reason: 'Going away' },
  /** RFC 6455 violation by the client. */
  protocolError: { code: 1002, reason: 'Protocol error' },
  /** Binary frame on an API without `binaryFrames`. */
  binaryNotSupported: { code: 1003, reason: 'Binary is not supported' },
  /** The client's close frame carried no status. Never sent, only reported. */
  noStatus: { code: 1005, reason: 'Client-side close frame status not set' },
  /** TCP lost without a close frame, or the node died. Never sent, only reported. */
  abnormal: { code: 1006, reason: 'Connection closed abnormally' },
  /** A text frame that is not UTF-8. */
  invalidUtf8: { code: 1007, reason: 'Invalid UTF-8' },
  /** Slow consumer: the client does not read what it is sent. */
  slowConsumer: { code: 1008, reason: 'Slow consumer' },
  /** The token that let the connection in has expired, and no message has renewed it. */
  authorizationExpired: { code: 1008, reason: 'Authorization expired' },
  /** Message over `messageBytesMax`. */
  tooBig: { code: 1009, reason: 'Message too big' },
  /** A broken invariant of this one connection. */
  internalError: { code: 1011, reason: 'Internal server error' },
} as const satisfies Record<string, Close>;

export type CloseName = keyof typeof closes;

/** For the operator: what happened and what to do. The error page of the docs is generated from it. */
export const closeHelp: Record<CloseName, string> = {
  deleted: 'A back end closed the connection with `DELETE @connections`.',
  goingAway:
    'Idle for idleTimeoutMs, over connectionDurationMs, or its node drains or has lost its lease. The client connects again.',
  protocolError:
    'The client broke RFC 6455. Never sent: the library cuts the connection, and as pinned names no cause, so that it is reported as 1006.',
  binaryNotSupported: 'The client sent a binary message, and the API has no `binaryFrames`.',
  noStatus: "The client's close frame had no status. Never sent, only reported.",
  abnormal:
    'The TCP connection was lost, the client stopped answering pings, or its node died. Never sent, only reported.',
  invalidUtf8: 'The client sent a text message that is not UTF-8.',
  slowConsumer:
    'The client does not read what it is sent: socketQueuedBytesMax, or socketSlowMsMax over the soft limit.',
  authorizationExpired:
    'The token that let the connection in has expired, and no message on a route with its authorizer has renewed it.',
  tooBig: 'A message of the client, or a reply to it, is over messageBytesMax.',
  internalError:
    'For a fault of the gateway itself. Never sent: such a fault answers a message with an error frame, and a process that fails closes nothing.',
};
