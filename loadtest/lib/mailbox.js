/**
 * What was posted to one connection, and what arrived. Pure: the caller says what happened and when, in ms of one clock.
 *
 * A post that was answered 200 has been written to the socket, so it has to arrive. Order is promised for what the callback services accepted one after
 * the other: a post that was sent after an earlier one had been answered may not overtake it.
 */
export class Mailbox {
  constructor() {
    this.next = 0;
    /** number → post; forgotten once it is both answered and received. */
    this.posts = new Map();
    /** Of all that arrived, the latest time at which one was sent. */
    this.latestSentMs = Number.NEGATIVE_INFINITY;
  }

  post(dueMs, sentMs) {
    const number = this.next++;
    this.posts.set(number, { dueMs, sentMs });
    return number;
  }

  /** The callback service has answered. */
  answered(number, status, answeredMs) {
    const post = this.posts.get(number);
    if (post === undefined) return;
    post.status = status;
    post.answeredMs = answeredMs;
    // 410 and 429 say that it has not been written; after a failure nobody knows, and it may still come.
    if (post.received || status === 410 || status === 429) this.posts.delete(number);
  }

  received(number) {
    const post = this.posts.get(number);
    if (post === undefined || post.received) return { kind: number < this.next ? 'duplicate' : 'unknown' };
    post.received = true;
    if (post.answeredMs !== undefined) this.posts.delete(number);
    const outOfOrder = post.answeredMs !== undefined && post.answeredMs < this.latestSentMs;
    this.latestSentMs = Math.max(this.latestSentMs, post.sentMs);
    return { kind: 'delivery', dueMs: post.dueMs, outOfOrder };
  }

  /** Whether every post is answered, and those with 200 have arrived. */
  get isSettled() {
    for (const { status, received } of this.posts.values()) {
      if (status === undefined || (status === 200 && !received)) return false;
    }
    return true;
  }

  /** How many were answered 200 and did not arrive. To be asked when nothing is under way any more. */
  get missing() {
    let count = 0;
    for (const { status, received } of this.posts.values()) if (status === 200 && !received) count += 1;
    return count;
  }
}
