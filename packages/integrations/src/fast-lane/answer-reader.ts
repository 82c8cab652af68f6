import { limits } from '@sluice/contracts';
import { noBody, noHeaders } from '../integration.js';
import { BodyBytes } from './body-bytes.js';
import { ChunkedBody } from './chunked-body.js';
import { AnswerHead, headIncomplete, headInvalid, parseHead } from './head-parser.js';

export type ReaderVerdict = 'more' | 'complete' | 'invalid' | 'too-large';

/** What the request decides about its answer. */
export interface AnswerExpectation {
  /** The answer to HEAD has no body, whatever its head says. */
  headOnly: boolean;
  keepHeaders: boolean;
  keepBody: boolean;
}

const { integrationHeadBytesMax: headBytesMax, integrationBodyBytesMax: bodyBytesMax } = limits;
const headTerminator = Buffer.from('\r\n\r\n');

/** Reads one answer from a socket's bytes, however they are cut. One per socket, started over for each request. */
export class AnswerReader {
  /** Offset in the bytes last fed behind the answer; bytes beyond it belong to no request. */
  consumed = 0;
  /** Whether any byte of the answer has come. */
  begun = false;
  body: Uint8Array = noBody;
  private readonly head = new AnswerHead();
  private expectation: AnswerExpectation = { headOnly: false, keepHeaders: false, keepBody: true };
  private place: 'head' | 'length' | 'chunked' | 'close' = 'head';
  private collected: BodyBytes | undefined = undefined;
  private chunked: ChunkedBody | undefined = undefined;
  private interimAnswers = 0;
  /** Beginning of a head that has not come whole. */
  private partial: Buffer | undefined = undefined;
  private partialBytes = 0;

  get status(): number {
    return this.head.status;
  }

  get headers(): [name: string, value: string][] {
    return this.head.headers ?? noHeaders;
  }

  /** How long the server keeps the connection after this answer: 0 not at all, -1 where it does not say. */
  get keepAliveSeconds(): number {
    return this.head.persistent && this.place !== 'close' ? this.head.keepAliveSeconds : 0;
  }

  begin(expectation: AnswerExpectation): void {
    this.expectation = expectation;
    this.begun = false;
    this.body = noBody;
    this.place = 'head';
    this.collected = undefined;
    this.chunked = undefined;
    this.interimAnswers = 0;
    this.partial = undefined;
  }

  feed(bytes: Buffer, end: number): ReaderVerdict {
    this.begun = true;
    return this.place === 'head' ? this.feedHead(bytes, 0, end) : this.feedBody(bytes, 0, end);
  }

  /** The server has closed its side in order: the end of a body without a length, else a broken answer. */
  finish(): ReaderVerdict {
    if (this.place !== 'close' || this.collected === undefined) return 'invalid';
    this.body = this.collected.take();
    return 'complete';
  }

  private feedHead(bytes: Buffer, start: number, end: number): ReaderVerdict {
    if (this.partial !== undefined) return this.feedPartialHead(bytes, start, end);
    const next = parseHead(bytes, start, end, this.head, this.expectation.keepHeaders);
    if (next === headIncomplete) return this.keepPartial(bytes, start, end);
    if (next === headInvalid) return 'invalid';
    return next - start > headBytesMax ? 'too-large' : this.afterHead(bytes, next, end);
  }

  private keepPartial(bytes: Buffer, start: number, end: number): ReaderVerdict {
    if (end - start > headBytesMax) return 'too-large';
    this.partial = Buffer.allocUnsafe(Math.max(4096, 2 * (end - start)));
    this.partialBytes = bytes.copy(this.partial, 0, start, end);
    return 'more';
  }

  /** A head in pieces is parsed once, when its end has come: parsing at every piece would let a slow drip of a large head
   * cost its square in CPU. */
  private feedPartialHead(bytes: Buffer, start: number, end: number): ReaderVerdict {
    const searchFrom = Math.max(0, this.partialBytes - 3);
    const total = this.partialBytes + end - start;
    let partial = this.partial as Buffer;
    if (total > partial.length) {
      const grown = Buffer.allocUnsafe(Math.max(total, 2 * partial.length));
      partial.copy(grown, 0, 0, this.partialBytes);
      partial = grown;
      this.partial = grown;
    }
    bytes.copy(partial, this.partialBytes, start, end);
    const offsetShift = start - this.partialBytes;
    this.partialBytes = total;
    const terminator = partial.subarray(0, total).indexOf(headTerminator, searchFrom);
    if (terminator === -1) return total > headBytesMax ? 'too-large' : 'more';
    this.partial = undefined;
    const verdict = this.feedHead(partial, 0, total);
    // `consumed` counts in the caller's bytes again.
    this.consumed += offsetShift;
    return verdict;
  }

  private afterHead(bytes: Buffer, start: number, end: number): ReaderVerdict {
    const { head, expectation } = this;
    if (head.status < 200) {
      // 101 would make the rest of the connection another protocol; nothing here asks for that.
      if (head.status === 101 || ++this.interimAnswers > limits.integrationInterimAnswersMax) return 'invalid';
      return start === end ? 'more' : this.feedHead(bytes, start, end);
    }
    if (expectation.headOnly || head.status === 204 || head.status === 304) return this.complete(noBody, start);
    if (!head.chunked && head.contentLength !== -1) {
      if (head.contentLength > bodyBytesMax) return 'too-large';
      const bodyEnd = start + head.contentLength;
      if (bodyEnd <= end) return this.complete(this.copyOf(bytes, start, bodyEnd), bodyEnd);
    }
    this.collected = new BodyBytes(expectation.keepBody);
    if (head.chunked) this.chunked = new ChunkedBody(this.collected, bodyBytesMax, headBytesMax);
    this.place = head.chunked ? 'chunked' : head.contentLength === -1 ? 'close' : 'length';
    return this.feedBody(bytes, start, end);
  }

  private copyOf(bytes: Buffer, start: number, end: number): Uint8Array {
    if (start === end || !this.expectation.keepBody) return noBody;
    const copy = Buffer.allocUnsafe(end - start);
    bytes.copy(copy, 0, start, end);
    return copy;
  }

  private feedBody(bytes: Buffer, start: number, end: number): ReaderVerdict {
    const { collected, chunked } = this;
    if (collected === undefined) return 'invalid';
    if (chunked !== undefined) {
      const verdict = chunked.feed(bytes, start, end);
      this.consumed = chunked.consumed;
      return verdict === 'complete' ? this.complete(collected.take(), chunked.consumed) : verdict;
    }
    if (this.place === 'close') {
      if (collected.length + end - start > bodyBytesMax) return 'too-large';
      collected.append(bytes, start, end);
      return 'more';
    }
    const bodyEnd = Math.min(end, start + this.head.contentLength - collected.length);
    collected.append(bytes, start, bodyEnd);
    return collected.length === this.head.contentLength ? this.complete(collected.take(), bodyEnd) : 'more';
  }

  private complete(body: Uint8Array, consumed: number): ReaderVerdict {
    this.body = body;
    this.consumed = consumed;
    return 'complete';
  }
}
