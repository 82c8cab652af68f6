import type { ManagementRequest, ManagementResponse } from '@sluice/contracts';
import type { PendingAsk } from './outcome-table.js';

/** A request whose body has arrived, or was too long to be kept. */
export interface TakenRequest extends ManagementRequest {
  /** The body was over its limit: `body` is empty then. */
  bodyExceeded: boolean;
}

/** Unset while it is not known yet. */
export type About = { api?: string; stage?: string; connection_id?: string };

/** One request and the way to answer it, free of the HTTP server. Answered exactly once, unless the caller goes away first. */
export interface Exchange {
  readonly request: TakenRequest;
  /** Begins a command to the edge of this node slot; gives the trace context that the command carries there. */
  traceCommand(nodeSlot: number): string | undefined;
  /** What it waits for, so that it can be forgotten when the caller goes away. */
  pending: PendingAsk | undefined;
  /** Who signed, once that is known. */
  accessKeyId: string | undefined;
  answer(response: ManagementResponse): void;
  /** What it turned out to be about, for its span and for log lines. */
  readonly about: About;
  concerns(name: keyof About, value: string): void;
  /** The handler, made so that a fault in it is logged and answers 500 instead of reaching the bus that called it. */
  guarded<T>(handler: (value: T) => void): (value: T) => void;
  /** The message has been written to the socket: before the answer, for the delivery time. */
  delivered(): void;
}
