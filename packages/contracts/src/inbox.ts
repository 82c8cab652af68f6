import type { Scope } from './definition.js';
import type { ConnectionId, RequestId } from './ids.js';

/** Where a process receives commands: `e<slot>` for the edge with that node slot, `c<incarnation>` for a callback service. */
export type InboxAddress = string;

export function edgeInbox(nodeSlot: number): InboxAddress {
  return `e${nodeSlot}`;
}

/** Everything processes say to each other through inboxes. Binary form in `inbox-codec.ts`. */
export type InboxCommand =
  | VerdictCommand
  | ReplyCommand
  | DoneCommand
  | RenewCommand
  | PostCommand
  | GetCommand
  | DeleteCommand
  | OutcomeCommand;

/** router → edge: what became of a held upgrade. */
export interface VerdictCommand {
  kind: 'VERDICT';
  connectionId: ConnectionId;
  /** 2xx lets the connection in; any other status is the answer to the handshake. */
  status: number;
  /** Headers of a refusal; on acceptance only `sec-websocket-protocol` matters. */
  headers: [name: string, value: string][];
  body: Uint8Array;
  /** The connection's context from now on, as JSON text, where authorization has added to it. */
  connectionContext?: string | undefined;
}

/** router → edge: a route response or error frame for a connection. */
export interface ReplyCommand {
  kind: 'REPLY';
  connectionId: ConnectionId;
  body: Uint8Array;
  /** Sent as a binary frame, on an API that takes them (`binaryFrames`). Unset: binary there where the body is not UTF-8. */
  binary?: boolean | undefined;
}

/** router → edge: an ordered message is settled, and the connection's next one may go. */
export interface DoneCommand {
  kind: 'DONE';
  connectionId: ConnectionId;
  messageId: RequestId;
}

/** router → edge: a message has renewed the authorization of its connection. */
export interface RenewCommand {
  kind: 'RENEW';
  connectionId: ConnectionId;
  /** As in a verdict; its `authorizedUntilMs` replaces the old one. */
  connectionContext: string;
}

interface CorrelatedCommand {
  connectionId: ConnectionId;
  /** Where the outcome goes, and the number that says which request it answers. */
  replyTo: InboxAddress;
  correlation: number;
  traceparent: string | undefined;
}

/** callback → edge. */
export interface PostCommand extends CorrelatedCommand {
  kind: 'POST';
  body: Uint8Array;
  /** What frame the caller asked for, on an API that takes binary ones. Unset: binary where the body is not UTF-8. */
  binary?: boolean | undefined;
  /** API the caller's address named; undefined where it named none. Another API's connection is as good as gone. */
  apiId: string | undefined;
}

export interface GetCommand extends CorrelatedCommand {
  kind: 'GET';
  apiId: string | undefined;
}

export interface DeleteCommand extends CorrelatedCommand {
  kind: 'DELETE';
  apiId: string | undefined;
}

/** edge → callback: the answer to POST, GET or DELETE. */
export interface OutcomeCommand {
  kind: 'OUTCOME';
  correlation: number;
  result: OutcomeResult;
  /** For GET, else undefined. */
  connection: ConnectionDescription | undefined;
}

/** `slow`: the socket is over its soft limit (429). `gone`: no such connection here, or the edge has lost its lease (410). */
export type OutcomeResult = 'ok' | 'gone' | 'slow';

/** What GET `@connections` shows (spec 09 §9.2), and which stage the connection belongs to. */
export interface ConnectionDescription {
  scope: Scope;
  connectedAtMs: number;
  lastActiveAtMs: number;
  sourceIp: string;
  userAgent: string;
}
