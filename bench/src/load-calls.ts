import type { Expectation } from './echo-load.js';
import type { AccessKey } from './post-load.js';

/** What the load generator, a process of its own, can be asked to do: parameter and result of each call. */
export interface LoadCalls {
  /** Opens connections for echo load, split evenly over the ports. */
  openEcho: [EchoTarget, undefined];
  /** Begins, and goes on until `stop`. */
  start: [{ inFlight: number }, undefined];
  /** Messages (or POSTs, or handshakes) answered since the connections were opened. */
  count: [undefined, number];
  /** Sends nothing more and waits until every answer is there; rejects where one is missing. */
  stop: [undefined, { completed: number }];
  /** One connection, one message at a time, this often: round trips in ms. */
  roundTrips: [{ count: number; pauseMs: number }, number[]];
  /** Opens connections that stay silent, at most so many a second. Returns how many are open. */
  openIdle: [IdleTarget, number];
  /** Opens connections that receive, asks each for its id, and opens the HTTP connections that post to them. */
  openPosts: [PostTarget, undefined];
  /** Makes ready clients that connect, leave and come again. */
  openHandshakes: [HandshakeTarget, undefined];
  /** Closes everything. */
  close: [undefined, undefined];
}

export interface EchoTarget {
  ports: readonly number[];
  path: string;
  connections: number;
  action: string;
  expectation: Expectation;
}

export interface IdleTarget {
  port: number;
  path: string;
  connections: number;
  perSecondMax: number;
}

export interface PostTarget {
  edgePort: number;
  path: string;
  stage: string;
  connections: number;
  callbackPort: number;
  key: AccessKey | undefined;
}

export interface HandshakeTarget {
  ports: readonly number[];
  path: string;
  /** Header lines of the handshakes, taken in turn by all clients together. */
  headers: string[];
  /** Clients, each with one handshake in flight. */
  atOnce: number;
}

export interface CallMessage {
  call: keyof LoadCalls;
  parameter: unknown;
  id: number;
}

export type LoadMessage = { id: number; result: unknown } | { id: number; error: string } | { failure: string };
