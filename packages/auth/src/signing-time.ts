import { limits } from '@sluice/contracts';
import { type Refusal, wrongTime } from './refusals.js';

const basicForm = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;

/** ms since the epoch of `20260925T002229Z`, or undefined for anything else, the 31st of February included. */
export function parseBasicTime(text: string): number | undefined {
  // A second's requests carry the same text, and reading it costs a third of what checking a signature does.
  if (text !== lastText) {
    lastTimeMs = readBasicTime(text);
    lastText = text;
  }
  return lastTimeMs;
}

let lastText = '';
let lastTimeMs: number | undefined;

function readBasicTime(text: string): number | undefined {
  const match = basicForm.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  const timeMs = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  return formatBasicTime(timeMs) === text ? timeMs : undefined;
}

/** `20260925T002229Z`. */
export function formatBasicTime(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/[-:]|\.\d{3}/g, '');
}

/** The refusal of a signature made too long ago or too far ahead, undefined where its time is fine. */
export function checkSkew(signedAt: string, signedAtMs: number, nowMs: number): Refusal | undefined {
  const skewMs = limits.signatureSkewMs;
  if (Math.abs(signedAtMs - nowMs) <= skewMs) return undefined;
  const now = formatBasicTime(nowMs);
  const minutes = `${skewMs / 60_000} min.`;
  if (signedAtMs < nowMs) {
    const earliest = formatBasicTime(nowMs - skewMs);
    return wrongTime(`Signature expired: ${signedAt} is now earlier than ${earliest} (${now} - ${minutes})`);
  }
  const latest = formatBasicTime(nowMs + skewMs);
  return wrongTime(`Signature not yet current: ${signedAt} is still later than ${latest} (${now} + ${minutes})`);
}
