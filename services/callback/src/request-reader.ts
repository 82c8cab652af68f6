import type { HttpRequest, HttpResponse } from 'uWebSockets.js';
import { limits, type ManagementResponse } from '@sluice/contracts';
import type { TakenRequest } from './exchange.js';
import { limitExceeded, unreadable } from './management-answers.js';

/** Who reads requests, and what it is told. Exactly one of the two is called, unless the caller goes away first. */
export interface RequestSink {
  /** `close`: more of the body may follow than is worth reading, so the connection ends with the answer. */
  taken(request: TakenRequest, close: boolean): void;
  /** Cannot be read, or may not be: to be answered and its connection closed. */
  unreadable(method: string, response: ManagementResponse): void;
}

export interface ReadingBounds {
  /** Longest body that is kept; asked for each request, since a reload may change it. */
  bodyBytesMax(): number;
  bodyTimeoutMs: number;
}

interface Reading {
  readonly startedAtMs: number;
  readonly expire: () => void;
  heldBytes: number;
  ended: boolean;
}

// A second value of one of these makes the request mean two things: whichever we took, a proxy may have taken the other.
const atMostOnce = new Map([
  ['host', 1],
  ['content-length', 2],
  ['transfer-encoding', 4],
  ['authorization', 8],
]);
const lengthForm = /^\d{1,15}$/;
const emptyBody = new Uint8Array(0);
const sweepIntervalMs = 500;

/**
 * Reads requests off uWebSockets.js with every bound that a hostile caller may try: head size, ambiguous framing, bodies
 * that are too long, too slow, too many at once. What the library itself refuses never comes here: syntax errors, bad
 * chunks, HTTP/1.0, a missing `Host`, a length beside chunks, heads and idle connections slower than about 12 s.
 */
export class RequestReader {
  /** Bodies that did not come whole with their head, oldest first. */
  private readonly readings = new Set<Reading>();
  /**
   * Begun in this turn. Nearly all bodies come with their head and are over before it ends: they never enter the set, whose
   * tables, once old, would keep each other and half of all requests alive until a full collection (see `PendingAsks`).
   */
  private begun: Reading[] = [];
  private heldBytes = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly bounds: ReadingBounds) {}

  /** Requests whose body is still on its way. */
  get size(): number {
    return this.readings.size + this.begun.filter((reading) => !reading.ended).length;
  }

  /** Takes a request. The caller has set `onAborted` and calls the returned function when it fires. */
  read(response: HttpResponse, request: HttpRequest, sink: RequestSink): () => void {
    const head = readHead(request);
    const { fault, declaredBytes, chunked } = checkHead(head.headers);
    if (fault !== undefined) {
      sink.unreadable(head.method, unreadable(fault));
      return () => {};
    }
    if (declaredBytes > this.bounds.bodyBytesMax()) {
      // Answered at once. What follows is thrown away by the library, so that the caller can read the answer.
      head.bodyExceeded = true;
      sink.taken(head, declaredBytes > limits.requestBodyDiscardBytesMax);
      return () => {};
    }
    if (declaredBytes === 0 && !chunked) {
      sink.taken(head, false);
      return () => {};
    }
    return this.readBody(response, head, sink);
  }

  private readBody(response: HttpResponse, head: TakenRequest, sink: RequestSink): () => void {
    const bytesMax = this.bounds.bodyBytesMax();
    let chunks: Buffer[] | undefined;
    let byteCount = 0;
    let reading: Reading | undefined;
    let ended = false;
    const end = () => {
      ended = true;
      if (reading !== undefined) this.release(reading);
    };
    const refuse = (refusal: ManagementResponse) => {
      end();
      sink.unreadable(head.method, refusal);
    };
    const finish = (body: Uint8Array, bodyExceeded: boolean, close = false) => {
      end();
      head.body = body;
      head.bodyExceeded = bodyExceeded;
      sink.taken(head, close);
    };
    response.onData((chunk, isLast) => {
      if (ended) return;
      byteCount += chunk.byteLength;
      const exceeded = byteCount > bytesMax;
      if (isLast && exceeded) return finish(emptyBody, true);
      // Only chunked bodies get here: a declared length was checked with the head.
      if (byteCount > limits.requestBodyDiscardBytesMax) return finish(emptyBody, true, true);
      // The library takes the memory of a chunk back when this returns.
      if (isLast && chunks === undefined) return finish(Buffer.from(Buffer.from(chunk)), false);
      if (reading === undefined) return;
      if (exceeded) {
        chunks = undefined;
        return this.keep(reading, -reading.heldBytes);
      }
      chunks ??= [];
      chunks.push(Buffer.from(Buffer.from(chunk)));
      this.keep(reading, chunk.byteLength);
      if (this.heldBytes > limits.callbackBodyBytesMax) return refuse(limitExceeded());
      if (isLast) finish(Buffer.concat(chunks, byteCount), false);
    });
    // `onData` is first called after this, and not before bytes of the body come: the clock runs from now.
    reading = this.hold(() => refuse(unreadable(408)));
    return end;
  }

  private hold(expire: () => void): Reading {
    const reading: Reading = { startedAtMs: performance.now(), expire, heldBytes: 0, ended: false };
    if (this.begun.length === 0) setImmediate(this.endTurn);
    this.begun.push(reading);
    return reading;
  }

  private readonly endTurn = (): void => {
    const { begun } = this;
    this.begun = [];
    for (const reading of begun) if (!reading.ended) this.readings.add(reading);
    if (this.readings.size === 0) return;
    this.timer ??= setInterval(this.sweep, Math.min(sweepIntervalMs, this.bounds.bodyTimeoutMs)).unref();
  };

  private keep(reading: Reading, byteCount: number): void {
    reading.heldBytes += byteCount;
    this.heldBytes += byteCount;
  }

  private release(reading: Reading): void {
    this.keep(reading, -reading.heldBytes);
    reading.ended = true;
    if (this.readings.size > 0) this.readings.delete(reading);
  }

  private readonly sweep = (): void => {
    const before = performance.now() - this.bounds.bodyTimeoutMs;
    for (const reading of this.readings) {
      if (reading.startedAtMs > before) break;
      reading.expire();
    }
    if (this.readings.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  };
}

/** The request as it is before its body. */
function readHead(request: HttpRequest): TakenRequest {
  const headers: TakenRequest['headers'] = [];
  let host = '';
  request.forEach((name, value) => {
    headers.push([name, value]);
    if (name === 'host') host = value;
  });
  return {
    method: request.getCaseSensitiveMethod(),
    rawPath: request.getUrl(),
    queryString: request.getQuery() ?? '',
    host,
    headers,
    body: emptyBody,
    bodyExceeded: false,
  };
}

interface Framing {
  /** Set where the framing can be read in two ways, or the head is too long. */
  fault: 400 | 431 | undefined;
  /** 0 where no length is declared. */
  declaredBytes: number;
  chunked: boolean;
}

function checkHead(headers: TakenRequest['headers']): Framing {
  const framing: Framing = { fault: undefined, declaredBytes: 0, chunked: false };
  let headBytes = 0;
  let seen = 0;
  for (const [name, value] of headers) {
    headBytes += name.length + value.length + 4;
    const bit = atMostOnce.get(name);
    if (bit === undefined) continue;
    if ((seen & bit) !== 0) framing.fault = 400;
    seen |= bit;
    if (name === 'content-length') {
      if (!lengthForm.test(value)) framing.fault = 400;
      framing.declaredBytes = Number(value);
    } else if (name === 'transfer-encoding') {
      if (value.toLowerCase() !== 'chunked') framing.fault = 400;
      framing.chunked = true;
    }
  }
  if (headBytes > limits.headerBytesMax) framing.fault ??= 431;
  return framing;
}
