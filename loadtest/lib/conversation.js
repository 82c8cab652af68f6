import { Account } from './account.js';
import { seenByBackEnd } from './back-end.js';
import { at, nowMs } from './clock.js';
import { frameOf, membersOf } from './frame.js';
import { messageId, numberOf } from './ids.js';
import { metrics } from './metrics.js';

/** What one client says over all its connections. */
export class Conversation {
  /** `dueOf(turn)`: when its turn-th message is due, undefined for no more. */
  constructor({ settings, index, dueOf }) {
    Object.assign(this, { settings, index, dueOf });
    this.account = new Account();
    this.turn = 0;
    this.settlements = [];
    this.inTurn = settings.route === 'mock';
  }

  get handlers() {
    return {
      open: (client) => this.open(client),
      message: (_client, text) => this.receive(text),
      closed: (client) => this.settlements.push(this.settle(client.leaving ? 0 : this.settings.cutWindowMs)),
      finished: () => this.finish(),
      isQuiet: () => this.dueMs === undefined && this.account.isSettled,
    };
  }

  open(client) {
    this.client = client;
    if (this.timer === undefined) this.planNext();
  }

  planNext() {
    this.dueMs = this.dueOf(this.turn);
    if (this.dueMs !== undefined) this.timer = at(this.dueMs, () => this.sendDue());
  }

  sendDue() {
    this.turn += 1;
    if (this.client.isOpen) this.send(this.dueMs);
    else metrics.skipped.add(1);
    this.planNext();
  }

  /** The client will not connect again. What it was still to send is part of the account. */
  finish() {
    clearTimeout(this.timer);
    while (this.dueOf(this.turn) !== undefined) {
      this.turn += 1;
      metrics.skipped.add(1);
    }
    return Promise.all(this.settlements);
  }

  send(dueMs) {
    const number = this.account.send(dueMs, nowMs());
    const id = messageId(this.settings.runId, this.index, number);
    this.client.send(frameOf({ action: this.settings.route, id }, this.settings.payloadBytes));
    metrics.sent.add(1);
  }

  receive(text) {
    const frame = membersOf(text);
    if (frame.message !== undefined && frame.requestId !== undefined) {
      metrics.refused.add(1);
      this.account.refuse();
      return;
    }
    const result = this.inTurn ? this.account.answerInTurn(frame.messageId) : this.byNumber(frame.id);
    if (result.kind === 'duplicate') metrics.duplicated.add(1);
    else if (result.kind === 'unknown') metrics.unknown.add(1);
    else {
      metrics.answered.add(1);
      metrics.rtt.add(nowMs() - result.dueMs);
      if (result.outOfOrder) metrics.outOfOrder.add(1);
    }
  }

  byNumber(id) {
    const number = numberOf(id, this.settings.runId, this.index);
    return number === undefined ? { kind: 'unknown' } : this.account.answer(number);
  }

  /** A connection has ended. What nobody answered by then is lost, unless it came too late to be accepted, or the back end has it. */
  async settle(cutWindowMs) {
    const { early, late } = this.account.end(nowMs(), cutWindowMs);
    if (early.length === 0 || cutWindowMs === 0) {
      metrics.lost.add(early.length);
      metrics.cut.add(late.length);
      return;
    }
    const ids = early.map((number) => messageId(this.settings.runId, this.index, number));
    // What was accepted may still be on its way to the back end.
    await new Promise((resolve) => setTimeout(resolve, this.settings.graceMs));
    const seen = await seenByBackEnd(this.settings, ids);
    const lost = seen === undefined ? ids : ids.filter((id) => !seen.has(id));
    if (lost.length > 0) console.error(`lost: ${lost.join(' ')}`);
    metrics.lost.add(lost.length);
    metrics.cut.add(ids.length - lost.length + late.length);
  }
}
