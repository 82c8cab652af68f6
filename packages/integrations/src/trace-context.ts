import { randomFillSync } from 'node:crypto';

const traceparentForm = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;
const randomBytesEach = 20;

// In bulk, because a call into the system's generator costs more than all the rest of a request head.
const pool = Buffer.alloc(randomBytesEach * 200);
let poolOffset = pool.length;

/**
 * The trace lines of a request head. `X-Amzn-Trace-Id` is the same trace in the form of X-Ray. Without a `traceparent` of our
 * own (tracing is off) the back end gets a fresh one, unsampled, whose trace id begins with the time in seconds as X-Ray
 * wants it.
 */
export function traceLines(traceparent: string | undefined): string {
  const own = traceparent !== undefined && traceparentForm.test(traceparent) ? traceparent : freshTraceparent();
  return `\r\ntraceparent: ${own}\r\nX-Amzn-Trace-Id: Root=1-${own.slice(3, 11)}-${own.slice(11, 35)}`;
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
