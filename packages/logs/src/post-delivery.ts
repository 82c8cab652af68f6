import { setTimeout as sleep } from 'node:timers/promises';
import { limits } from '@sluice/contracts';
import type { Delivery, SinkTiming } from './batched-sink.js';

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** An answer that would be the same the next time. */
class RefusedError extends Error {}

/**
 * Posts lines as newline-delimited JSON: a line that is a JSON object as it is, any other as `{"message": line}`. A batch that
 * is not taken (network, 429, 5xx) is tried again after a growing pause; another status but 2xx loses it at once. Redirects
 * are not followed.
 */
export function deliverByPost(url: string, fetch: Fetch, timing: Partial<SinkTiming> = {}): Delivery {
  const firstDelayMs = timing.retryDelayMs ?? limits.accessLogRetryDelayMs;
  return {
    async deliver(lines, signal) {
      const body = `${lines.map(asJson).join('\n')}\n`;
      for (let attempt = 1; ; attempt++) {
        try {
          return await post(url, fetch, body, signal);
        } catch (error) {
          const over = error instanceof RefusedError || signal.aborted || attempt >= limits.accessLogAttemptsMax;
          if (over) throw error;
        }
        const delayMs = Math.min(limits.accessLogRetryDelayMsMax, firstDelayMs * 2 ** (attempt - 1));
        await sleep(delayMs * (0.5 + Math.random() / 2), undefined, { signal });
      }
    },
    reopen() {},
    close: async () => {},
  };
}

async function post(url: string, fetch: Fetch, body: string, signal: AbortSignal): Promise<void> {
  // What `fetch` says of such an address quotes it, and it may hold a secret.
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || parsed.username !== '' || parsed.password !== '') {
    throw new RefusedError('the address cannot be posted to');
  }
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    body,
    redirect: 'manual',
    signal: AbortSignal.any([signal, AbortSignal.timeout(limits.accessLogRequestTimeoutMs)]),
  });
  await response.body?.cancel();
  if (response.ok) return;
  const reason = `answered ${response.status}`;
  throw response.status === 429 || response.status >= 500 ? new Error(reason) : new RefusedError(reason);
}

function asJson(line: string): string {
  if (line.startsWith('{')) {
    try {
      JSON.parse(line);
      return line;
    } catch {
      // A format that only looks like JSON is text like any other.
    }
  }
  return JSON.stringify({ message: line });
}
