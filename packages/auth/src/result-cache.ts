import { createHash } from 'node:crypto';
import { limits } from '@sluice/contracts';
import type { AuthorizerResult } from './authorizer-result.js';

export type ResultOrFailure<Failure> = { result: AuthorizerResult } | { failure: Failure };

type Waiting<Failure> = (outcome: ResultOrFailure<Failure>) => void;

interface Kept {
  result: AuthorizerResult;
  untilMs: number;
}

/**
 * Results of authorizers by who asked (ours; AWS keeps none for WebSocket APIs). Bounded, the least recently used goes first. While
 * a key's call is out, further requests with that key wait for it: after a reconnect storm each identity is asked about once. Only
 * results are kept, denials among them, never failures.
 */
export class ResultCache<Failure> {
  private readonly kept = new Map<string, Kept>();
  /** Bounded by what the router has in work. */
  private readonly waiting = new Map<string, Waiting<Failure>[]>();
  private readonly clock: () => number;

  constructor(clock: () => number) {
    this.clock = clock;
  }

  /** `call` runs where nothing is kept and no call with this key is out; what it hands over goes to all who wait. */
  get(
    key: string,
    ttlMs: number,
    call: (done: Waiting<Failure>) => void,
    done: (outcome: ResultOrFailure<Failure>, shared: boolean) => void,
  ): void {
    const result = this.fresh(key);
    if (result !== undefined) return done({ result }, true);
    const others = this.waiting.get(key);
    if (others !== undefined) {
      others.push((outcome) => done(outcome, true));
      return;
    }
    this.waiting.set(key, []);
    try {
      call((outcome) => {
        const followers = this.waiting.get(key) ?? [];
        this.waiting.delete(key);
        if ('result' in outcome) this.keep(key, { result: outcome.result, untilMs: this.clock() + ttlMs });
        tellAll([(each) => done(each, false), ...followers], outcome);
      });
    } catch (error) {
      // Nobody will call back: who asks next must not wait for it.
      this.waiting.delete(key);
      throw error;
    }
  }

  private fresh(key: string): AuthorizerResult | undefined {
    const kept = this.kept.get(key);
    if (kept === undefined) return undefined;
    this.kept.delete(key);
    if (kept.untilMs <= this.clock()) return undefined;
    // At the end again: the map's order is the order of use.
    this.kept.set(key, kept);
    return kept.result;
  }

  private keep(key: string, kept: Kept): void {
    this.kept.set(key, kept);
    if (this.kept.size <= limits.authorizerResultsMax) return;
    const [oldest] = this.kept.keys();
    if (oldest !== undefined) this.kept.delete(oldest);
  }
}

/** What one of them throws keeps the outcome from none of the others; the first error is thrown in the end. */
function tellAll<Failure>(waiting: readonly Waiting<Failure>[], outcome: ResultOrFailure<Failure>): void {
  const thrown: unknown[] = [];
  for (const each of waiting) {
    try {
      each(outcome);
    } catch (error) {
      thrown.push(error);
    }
  }
  if (thrown.length > 0) throw thrown[0];
}

/** One key for any number of parts, of one length, and without the credentials that are among them. */
export function resultKey(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}
