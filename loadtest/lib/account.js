/** Message ids of the gateway that are remembered to notice a second answer to the same message. */
const idsRemembered = 2_000;

/**
 * The messages of one client, each counted exactly once: as answered, refused (an error frame came), cut (its connection ended
 * too soon after it) or lost. Pure: the caller says what happened and when, in ms of one clock.
 */
export class Account {
  constructor() {
    this.next = 0;
    /** number → when it was due and when it was sent, in the order of sending */
    this.pending = new Map();
    this.highestAnswered = -1;
    /** Error frames not yet set against a message: a frame names the gateway's request, not the client's message. */
    this.refused = 0;
    this.gatewayIds = new Set();
  }

  /** Takes the next number for a message. */
  send(dueMs, sentMs) {
    const number = this.next++;
    this.pending.set(number, { dueMs, sentMs });
    return number;
  }

  /** An answer that names its message. */
  answer(number) {
    const sent = this.pending.get(number);
    if (sent === undefined) return { kind: number < this.next ? 'duplicate' : 'unknown' };
    this.pending.delete(number);
    const outOfOrder = number < this.highestAnswered;
    this.highestAnswered = Math.max(this.highestAnswered, number);
    return { kind: 'answer', dueMs: sent.dueMs, outOfOrder };
  }

  /** An answer that names only the gateway's id of the message: it is taken for the oldest that waits. */
  answerInTurn(gatewayId) {
    if (this.gatewayIds.has(gatewayId)) return { kind: 'duplicate' };
    this.gatewayIds.add(gatewayId);
    if (this.gatewayIds.size > idsRemembered) this.gatewayIds.delete(this.gatewayIds.values().next().value);
    const [oldest] = this.pending.keys();
    if (oldest === undefined) return { kind: 'unknown' };
    return { ...this.answer(oldest), outOfOrder: false };
  }

  /** Whether every message has its answer or error frame. */
  get isSettled() {
    return this.pending.size <= this.refused;
  }

  refuse() {
    this.refused += 1;
  }

  /**
   * The connection has ended: takes everything that still waits. `early` was sent more than `cutWindowMs` before the end, so that the gateway
   * had read it; `late` may have met a socket that was closing. Error frames are set against the early ones first.
   */
  end(endedMs, cutWindowMs) {
    const early = [];
    const late = [];
    for (const [number, { sentMs }] of this.pending) (endedMs - sentMs > cutWindowMs ? early : late).push(number);
    this.pending.clear();
    const refusedEarly = Math.min(this.refused, early.length);
    const refusedLate = Math.min(this.refused - refusedEarly, late.length);
    this.refused = 0;
    return { early: early.slice(refusedEarly), late: late.slice(refusedLate), refused: refusedEarly + refusedLate };
  }
}
