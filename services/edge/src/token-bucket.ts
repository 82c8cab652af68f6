import type { ApiDefinition, ApiLimits } from '@sluice/contracts';

/** Admits `perSecond` events in the long run and `burst` at once. Full at the start. */
export class TokenBucket {
  private tokens: number;
  private filledAtMs: number;

  constructor(
    private readonly perSecond: number,
    private readonly burst: number,
    nowMs: number,
  ) {
    this.tokens = burst;
    this.filledAtMs = nowMs;
  }

  take(nowMs: number): boolean {
    const earned = ((nowMs - this.filledAtMs) * this.perSecond) / 1000;
    this.tokens = Math.min(this.burst, this.tokens + earned);
    this.filledAtMs = nowMs;
    if (this.tokens < 1) return false;
    this.tokens -= 1;
    return true;
  }
}

interface ApiBucket {
  readonly perSecond: number;
  readonly burst: number;
  readonly bucket: TokenBucket;
}

/** A bucket for each API that asks for one. Only APIs that are defined have one: a stranger's words make none. */
export class ApiBuckets {
  private readonly byId = new Map<string, ApiBucket>();

  /** Whether the API admits one more now; always where it has no bound of its own. */
  take(apiId: string, { handshakesPerSecondMax, handshakesBurstMax }: ApiLimits, nowMs: number): boolean {
    if (handshakesPerSecondMax === 0) return true;
    const burst = handshakesBurstMax === 0 ? 2 * handshakesPerSecondMax : handshakesBurstMax;
    let kept = this.byId.get(apiId);
    // A change of other definitions must not grant everybody a new burst.
    if (kept?.perSecond !== handshakesPerSecondMax || kept.burst !== burst) {
      const bucket = new TokenBucket(handshakesPerSecondMax, burst, nowMs);
      kept = { perSecond: handshakesPerSecondMax, burst, bucket };
      this.byId.set(apiId, kept);
    }
    return kept.bucket.take(nowMs);
  }

  /** Forgets the APIs that are defined no more. */
  keep(apis: readonly Pick<ApiDefinition, 'apiId'>[]): void {
    const defined = new Set(apis.map(({ apiId }) => apiId));
    for (const apiId of this.byId.keys()) if (!defined.has(apiId)) this.byId.delete(apiId);
  }
}
