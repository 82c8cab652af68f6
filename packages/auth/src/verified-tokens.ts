import { createHash } from 'node:crypto';
import { limits } from '@sluice/contracts';
import type { JWTPayload } from 'jose';

interface Verified {
  payload: JWTPayload;
  keySet: object;
}

/**
 * What tokens say whose signature was found good, each with the keys that it was found good with: who connects again, or shows a
 * token with every message, then costs a hash instead of a signature (ours). Keyed by the token's hash, so that no token is kept.
 * Bounded, the least recently used goes first.
 */
export class VerifiedTokens {
  private readonly kept = new Map<string, Verified>();

  /**
   * Undefined where this token was not verified with exactly these keys, or may be outside its times: those are for the full
   * verification to judge, with its leeway and its reasons.
   */
  find(token: string, keySet: object, nowMs: number): JWTPayload | undefined {
    if (this.kept.size === 0) return undefined;
    const key = keyOf(token);
    const verified = this.kept.get(key);
    if (verified === undefined) return undefined;
    this.kept.delete(key);
    const { exp = 0, nbf = 0 } = verified.payload;
    // Keys that an issuer has withdrawn are in no later set: what they signed is verified anew, and refused.
    if (verified.keySet !== keySet || nowMs >= exp * 1000 || nowMs < nbf * 1000) return undefined;
    // At the end again: the map's order is the order of use.
    this.kept.set(key, verified);
    return verified.payload;
  }

  keep(token: string, keySet: object, payload: JWTPayload): void {
    if (token.length > limits.verifiedTokenBytesMax) return;
    this.kept.set(keyOf(token), { payload, keySet });
    if (this.kept.size <= limits.verifiedTokensMax) return;
    const [oldest] = this.kept.keys();
    if (oldest !== undefined) this.kept.delete(oldest);
  }
}

function keyOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
