import type { ConnectEnvelope, MessageEnvelope } from '@sluice/contracts';
import type { PassageJournal } from './journal.js';
import type { Refusal } from './refusal.js';

/** One handshake or message on its way through the gates of its route, and what they have learnt about it. */
export interface Passage<E extends ConnectEnvelope | MessageEnvelope = ConnectEnvelope | MessageEnvelope> {
  /** Replaced by a gate that adds to the connection's context, so that the integration and the logs see it. */
  envelope: E;
  /** The API key that the authorizer named (`usageIdentifierKey`). */
  usageIdentifierKey?: string | undefined;
  /** How long authorization took, ms; `integrationLatency` of the CONNECT event. */
  authorizerLatencyMs?: number | undefined;
  /** The connection's context has changed: the edge has to hear of it. */
  contextChanged: boolean;
  /** Sub-protocol that the token came with, for a 101 for which nobody else chose one. */
  protocol?: string | undefined;
  /** Undefined where the stage writes no logs. */
  journal: PassageJournal | undefined;
}

/** Lets a request on or refuses it: calls `next` exactly once, at once or later. */
export type Gate<P = Passage> = (passage: P, next: (refusal?: Refusal) => void) => void;

/**
 * Runs the gates one after another; the first refusal ends it. `done` or, where a gate or what `done` leads to throws, `fault` is
 * called, never both to their end: once a request has ended, neither a gate that calls back again nor one that throws changes it.
 */
export function runGates<P>(
  gates: readonly Gate<P>[],
  passage: P,
  done: (refusal: Refusal | undefined) => void,
  fault: (error: unknown) => void,
): void {
  let passed = 0;
  let ended = false;
  const end = (refusal: Refusal | undefined): void => {
    ended = true;
    try {
      done(refusal);
    } catch (error) {
      fault(error);
    }
  };
  const run = (index: number): void => {
    const gate = gates[index];
    if (gate === undefined) return end(undefined);
    try {
      gate(passage, (refusal) => {
        // A second call would settle one envelope twice.
        if (ended || passed !== index) return;
        passed = index + 1;
        if (refusal === undefined) run(index + 1);
        else end(refusal);
      });
    } catch (error) {
      // What a gate throws after it has let the request on is its own: the request is on its way, or answered.
      if (ended || passed !== index) return;
      ended = true;
      fault(error);
    }
  };
  run(0);
}
