import { signatureHeaders } from './request-signature.js';
import { type SelfTestTarget, StepFailure, shown } from './self-test-target.js';
import type { TimeBudget } from './time-budget.js';

/** Calls `@connections` of the callback service as a back end does. */
export class ManagementCaller {
  constructor(
    private readonly target: SelfTestTarget,
    private readonly times: TimeBudget,
  ) {}

  /** Status and body; throws `StepFailure` where no answer comes. */
  async call(method: 'POST' | 'GET', connectionId: string, body = ''): Promise<{ status: number; body: string }> {
    const { callbackUrl, api, stage } = this.target;
    const url = new URL(`${callbackUrl}/${api}/${stage}/@connections/${encodeURIComponent(connectionId)}`);
    const headers = await signatureHeaders({ method, url, body }, this.target);
    try {
      const response = await fetch(url, {
        method,
        headers,
        redirect: 'manual',
        signal: AbortSignal.timeout(this.times.leftMs()),
        ...(method === 'POST' ? { body } : {}),
      });
      return { status: response.status, body: await response.text() };
    } catch (error) {
      throw new StepFailure(
        `no answer from ${url.origin}: ${reasonOf(error)}`,
        'Is --callback-url the Service of the callback process, does one run and is it ready, does a NetworkPolicy let this in?',
      );
    }
  }

  failure(method: string, status: number, body: string): StepFailure {
    const { callbackUrl, api } = this.target;
    const ways: Record<number, string> = {
      403: `The key has to be one of the callback service's auth.keys, of the same region, with allow for API ${api}; the clocks at most 5 minutes apart.`,
      410: 'The edge does not know its own connection: do edge and callback use the same Redis and redis.keyPrefix?',
      429: 'The callback service is over a bound; run the test again when there is less load.',
      500: 'The callback service could not reach the edge through Redis: look at the logs of both.',
    };
    const wayOut = ways[status] ?? `Is ${callbackUrl} a callback service, with nothing in front that answers for it?`;
    return new StepFailure(`${method} was answered ${status} ${shown(body)}`, wayOut);
  }
}

/** `fetch` says "fetch failed", and why in the cause. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return 'the time is over';
  const { cause } = error;
  if (cause instanceof Error) return 'code' in cause ? String(cause.code) : cause.message;
  return error.message;
}
