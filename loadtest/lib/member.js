import { postTo } from './callback.js';
import { nowMs } from './clock.js';
import { frameOf, membersOf } from './frame.js';
import { messageId, numberOf } from './ids.js';
import { Mailbox } from './mailbox.js';
import { metrics } from './metrics.js';

const abnormal = 1006;

/** A client that is posted to: it asks for its connection id when it opens, and holds what arrives against what was posted. */
export class Member {
  /** `delivered(dueMs, frame)` is told of each post that arrives. */
  constructor({ settings, index, isSlow = false, delivered = () => {} }) {
    Object.assign(this, { settings, index, isSlow, delivered, settlements: [] });
  }

  get handlers() {
    return {
      open: (client) => this.open(client),
      message: (_client, text) => this.receive(text),
      closed: (client, code) => this.closed(client, code),
      finished: () => Promise.all(this.settlements),
      isQuiet: () => this.isSlow || (this.mailbox?.isSettled ?? true),
    };
  }

  open(client) {
    this.client = client;
    this.connectionId = undefined;
    this.mailbox = new Mailbox();
    client.send('{"action":"whoami"}');
  }

  get isReachable() {
    return this.connectionId !== undefined && this.client.isOpen && !this.client.leaving;
  }

  /** Posts one message that was due at this time; `more` goes with it. Counts what comes of it. */
  async post(dueMs, more = {}) {
    const { mailbox, connectionId } = this;
    const number = mailbox.post(dueMs, nowMs());
    const id = messageId(this.settings.runId, this.index, number);
    const frame = frameOf({ id, connection: connectionId, ...more }, this.settings.payloadBytes);
    metrics.posts.add(1);
    const status = await postTo(this.settings, connectionId, frame);
    mailbox.answered(number, status, nowMs());
    this.judge(status, connectionId);
    return status;
  }

  judge(status, connectionId) {
    if (status === 200) return;
    if (status === 429) metrics.postsThrottled.add(1);
    else if (status !== 410) metrics.postsFailed.add(1);
    else if (this.isSlow) this.slowIsGone(connectionId);
    else if (this.isReachable && this.connectionId === connectionId) metrics.falseGone.add(1);
  }

  /** What a slow client itself sees of its end may be hours behind on its link: the gateway's word counts. */
  slowIsGone(connectionId) {
    if (this.connectionId !== connectionId) return;
    this.connectionId = undefined;
    metrics.slowClosed.add(1);
  }

  receive(text) {
    const frame = membersOf(text);
    if (this.connectionId === undefined && frame.connectionId !== undefined && frame.id === undefined) {
      this.connectionId = frame.connectionId;
      return;
    }
    const number = frame.connection === this.connectionId || this.isSlow ? this.numberIn(frame) : undefined;
    const result = number === undefined ? { kind: 'unknown' } : this.mailbox.received(number);
    if (result.kind === 'duplicate') metrics.duplicated.add(1);
    else if (result.kind === 'unknown') metrics.unknown.add(1);
    else {
      if (!this.isSlow) metrics.delivery.add(nowMs() - result.dueMs);
      metrics.answered.add(1);
      if (result.outOfOrder) metrics.outOfOrder.add(1);
      this.delivered(result.dueMs, frame);
    }
  }

  numberIn(frame) {
    return numberOf(frame.id, this.settings.runId, this.index);
  }

  closed(client, code) {
    const { mailbox, connectionId } = this;
    this.connectionId = undefined;
    if (this.isSlow) return;
    if (client.leaving && connectionId !== undefined) this.settlements.push(this.expectGone(connectionId));
    this.settlements.push(this.settle(mailbox, code));
  }

  /** What was answered 200 has to have arrived before the close; posts under way may still be answered, so it is counted later. */
  async settle(mailbox, code) {
    await new Promise((resolve) => setTimeout(resolve, this.settings.graceMs));
    // After an abnormal end what had been written may not have left the gateway's machine.
    if (code !== abnormal) metrics.lost.add(mailbox.missing);
  }

  /** `@connections` of a connection that is closed has to say so. */
  async expectGone(connectionId) {
    const status = await postTo(this.settings, connectionId, '{}');
    if (status === 200) metrics.falseOk.add(1);
    else if (status !== 410) metrics.postsFailed.add(1);
  }
}
