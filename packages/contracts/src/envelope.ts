import type { Scope } from './definition.js';
import type { ConnectionId, RequestId } from './ids.js';

/**
 * A message plus its context, as it travels from an edge over the bus to a router. The binary form is in
 * `envelope-codec.ts`; this is what both ends hold.
 */
export type Envelope = ConnectEnvelope | MessageEnvelope | DisconnectEnvelope;

interface EnvelopeBase {
  scope: Scope;
  connectionId: ConnectionId;
  requestId: RequestId;
  /** When the edge took it, ms since the epoch. Precise to the batch: all envelopes of a tick share it. */
  timeMs: number;
  /** What never changes about the connection, as JSON text of `ConnectionContext`: written once at the handshake, copied
   * as it is, and parsed only where a router needs a member of it. Latin-1 characters only (others escaped). */
  connectionContext: string;
  /** W3C `traceparent`, where the edge traces this message. */
  traceparent: string | undefined;
}

export interface ConnectEnvelope extends EnvelopeBase {
  kind: 'CONNECT';
  handshake: Handshake;
}

export interface MessageEnvelope extends EnvelopeBase {
  kind: 'MESSAGE';
  /** The same on every redelivery, so that a back end can drop repeats. */
  messageId: RequestId;
  /** The client's text as UTF-8 bytes, or the bytes of a binary frame. Valid only while the handler that received the
   * envelope has not settled it. */
  body: Uint8Array;
  /** A binary frame: only where the API takes them (`binaryFrames`). */
  binary?: boolean | undefined;
  /** The edge holds this connection's next frame of an ordered route until a DONE command says that this one is settled. */
  ordered?: boolean | undefined;
}

export interface DisconnectEnvelope extends EnvelopeBase {
  kind: 'DISCONNECT';
  disconnectStatusCode: number;
  disconnectReason: string;
}

/** The upgrade request as the authorizer and the `$connect` integration see it. */
export interface Handshake {
  /** In the order and with the repetition of the request; names lower-case, as uWebSockets.js gives them. */
  headers: [name: string, value: string][];
  /** Raw query string without `?`, empty where there was none. */
  queryString: string;
  /** Path as received, still encoded: the signature of an AWS_IAM handshake covers it. Unset: `/{stage}`. */
  rawPath?: string | undefined;
}

export interface ConnectionContext {
  connectedAtMs: number;
  sourceIp: string;
  userAgent: string;
  /** `Host` as the client used it, with a non-default port. */
  domainName: string;
  /** The port that the client used and whether it used TLS, for `X-Forwarded-Port` and `-Proto` of a CONNECT. Unset: 80 and http.
   * Only a CONNECT envelope has them: no later event shows them, and they would be stored for every connection. */
  forwardedPort?: number | undefined;
  forwardedProto?: 'http' | 'https' | undefined;
  /** What the authorizer returned, stringified, with its `principalId` (spec 05 §5.4). */
  authorizer?: Record<string, string> | undefined;
  /** Who connected, where AWS_IAM or an API key says so (spec 05 §5.1). */
  identity?: CallerIdentity | undefined;
  /** Ours: when the token that let this connection in expires, ms since the epoch. The edge closes it then. */
  authorizedUntilMs?: number | undefined;
}

export interface CallerIdentity {
  accountId?: string | undefined;
  caller?: string | undefined;
  user?: string | undefined;
  userArn?: string | undefined;
  accessKey?: string | undefined;
  principalOrgId?: string | undefined;
  apiKey?: string | undefined;
  apiKeyId?: string | undefined;
}

/** JSON of a context with every character over U+00FF escaped, so that it is one byte a character on the wire. */
export function encodeConnectionContext(context: ConnectionContext): string {
  return JSON.stringify(context).replace(
    /[\u0100-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

export function decodeConnectionContext(text: string): ConnectionContext {
  return JSON.parse(text) as ConnectionContext;
}
