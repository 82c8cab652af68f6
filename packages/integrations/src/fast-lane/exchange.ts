import type { ErrorCode } from '@sluice/contracts';
import { failure, type IntegrationDone, type IntegrationOutcome } from '../integration.js';
import type { AnswerExpectation } from './answer-reader.js';
import { Timed } from './timing-wheel.js';

/** One HTTP request as it goes on the wire, and what is to be done with its answer. */
export interface OutgoingRequest {
  /** Request line and fields with the final blank line; Latin-1, every value already checked. */
  head: string;
  /** Must stay as it is until the outcome is known. */
  body: Uint8Array;
  timeoutMs: number;
  expectation: AnswerExpectation;
}

/** Who carries an exchange at the moment and has to let go of it when its time is over. */
export interface ExchangeHolder {
  abandon(exchange: Exchange): void;
}

/** One request awaiting its answer. Settles once, whoever comes first: answer, failure or deadline. */
export class Exchange extends Timed {
  holder: ExchangeHolder | undefined = undefined;
  /** Set once the request was sent again because its connection proved closed. */
  repeated = false;
  queuePrevious: Exchange | undefined = undefined;
  queueNext: Exchange | undefined = undefined;

  constructor(
    readonly request: OutgoingRequest,
    private done: IntegrationDone | undefined,
  ) {
    super();
  }

  settle(outcome: IntegrationOutcome): void {
    const { done } = this;
    this.done = undefined;
    done?.(outcome);
  }

  fail(code: ErrorCode, detail: string): void {
    this.settle(failure(code, detail));
  }

  override expire(): void {
    // Letting go comes first: a socket whose answer is still on its way must be destroyed before anybody can use it again.
    this.holder?.abandon(this);
    this.fail('integration_timeout', `no answer within ${this.request.timeoutMs} ms`);
  }
}

/** First in, first out, with removal from the middle: a call whose time is over leaves no trace in the queue. */
export class ExchangeQueue {
  length = 0;
  private first: Exchange | undefined = undefined;
  private last: Exchange | undefined = undefined;

  get oldest(): Exchange | undefined {
    return this.first;
  }

  push(exchange: Exchange): void {
    exchange.queuePrevious = this.last;
    if (this.last === undefined) this.first = exchange;
    else this.last.queueNext = exchange;
    this.last = exchange;
    this.length++;
  }

  shift(): Exchange | undefined {
    const exchange = this.first;
    if (exchange !== undefined) this.remove(exchange);
    return exchange;
  }

  /** The exchange must be in this queue. */
  remove(exchange: Exchange): void {
    const { queuePrevious: previous, queueNext: next } = exchange;
    if (previous === undefined) this.first = next;
    else previous.queueNext = next;
    if (next === undefined) this.last = previous;
    else next.queuePrevious = previous;
    exchange.queuePrevious = undefined;
    exchange.queueNext = undefined;
    this.length--;
  }
}
