import { randomFillSync } from 'node:crypto';

const traceparentForm = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;
const randomBytesEach = 20;

// In bulk, because a call into the system's generator costs more than all the rest of a request head.
const pool = Buffer.alloc(randomBytesEach * 200);
let poolOffset = pool.length;

/**
 * A `traceparent` for one call: the gateway's own where it traces, else (tracing is off) a fresh one, unsampled, whose trace id
 * begins with the time in seconds as X-Ray wants it.
 */
export function traceparentFor(traceparent: string | undefined): string {
  return traceparent !== undefined && traceparentForm.test(traceparent) ? traceparent : freshTraceparent();
}

/** The same trace in the form of X-Ray, `Root=1-64b83950-42de8e247b4c2b43091ef67c`: the value of `X-Amzn-Trace-Id`. */
export function xrayTraceId(traceparent: string): string {
  return `Root=1-${traceparent.slice(3, 11)}-${traceparent.slice(11, 35)}`;
}

/** The trace lines of a request head. `X-Amzn-Trace-Id` is the same trace in the form of X-Ray. */
export function traceLines(traceparent: string | undefined): string {
  const own = traceparentFor(traceparent);
  return `\r\ntraceparent: ${own}\r\nX-Amzn-Trace-Id: ${xrayTraceId(own)}`;
}

function freshTraceparent(): string {
  if (poolOffset + randomBytesEach > pool.length) {
    randomFillSync(pool);
    poolOffset = 0;
  }
  const random = pool.toString('hex', poolOffset, poolOffset + randomBytesEach);
  poolOffset += randomBytesEach;
  return `00-${secondsHex()}${random.slice(0, 24)}-${random.slice(24)}-00`;
}

function secondsHex(): string {
  return Math.floor(Date.now() / 1000)
    .toString(16)
    .padStart(8, '0');
}
