import { hopByHopHeaders, type VerdictCommand } from '@sluice/contracts';
import { failedHandshake, type HttpAnswer } from './http-answer.js';

/** What a `$connect` verdict means for the held upgrade. */
export type Ruling = { accepted: true; protocol: string } | { accepted: false; answer: HttpAnswer };

// Hop-by-hop headers belong to the integration's own connection; length and handshake headers are this server's to write.
const dropped = new Set([
  ...hopByHopHeaders,
  'content-length',
  'date',
  'sec-websocket-accept',
  'sec-websocket-extensions',
]);
const tokenForm = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
// Anything below a blank but the tab would end the header line or be refused by clients: header injection.
const valueForm = /^[\t\x20-\x7e\x80-\u{10ffff}]*$/u;

/**
 * 2xx lets the client in, with the sub-protocol the integration returned and nothing else of its answer; any other status is
 * the answer, with the integration's headers and body (spec 01 §1.3).
 */
export function ruleOn(verdict: VerdictCommand, requestId: string): Ruling {
  if (verdict.status >= 200 && verdict.status <= 299) return { accepted: true, protocol: protocolOf(verdict) };
  // A 1xx or an impossible status would leave the client waiting for a real answer.
  if (verdict.status < 300 || verdict.status > 599) {
    const answer = failedHandshake('integration_invalid_response', verdict.connectionId, requestId);
    return { accepted: false, answer };
  }
  // No client reads a body behind a 304: it would take it for the next answer.
  const body = verdict.status === 304 ? '' : verdict.body;
  return {
    accepted: false,
    answer: { status: verdict.status, headers: passableHeaders(verdict.headers), body, close: true },
  };
}

/** The gateway never chooses a sub-protocol itself, and echoes what the integration chose even if it was not offered. */
function protocolOf(verdict: VerdictCommand): string {
  for (const [name, value] of verdict.headers) {
    const protocol = value.trim();
    if (name.toLowerCase() === 'sec-websocket-protocol' && tokenForm.test(protocol)) return protocol;
  }
  return '';
}

function passableHeaders(headers: VerdictCommand['headers']): HttpAnswer['headers'] {
  const named = new Set(dropped);
  for (const [name, value] of headers) {
    if (name.toLowerCase() !== 'connection') continue;
    for (const option of value.split(',')) named.add(option.trim().toLowerCase());
  }
  return headers.filter(([name, value]) => {
    return tokenForm.test(name) && valueForm.test(value) && !named.has(name.toLowerCase());
  });
}
