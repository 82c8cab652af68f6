import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { AccessKey } from './access-key.js';
import { type Refusal, wrongScope } from './refusals.js';
import type { SignatureClaim } from './signature-claim.js';
import type { SigningKeyCache } from './signing-key-cache.js';

/** What both forms of Signature Version 4 check alike, in the header and in the query. */

export const emptyBodyHash = createHash('sha256').digest('hex');

export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** Throws `RangeError` where two keys have one id. */
export function keysById(keys: readonly AccessKey[]): ReadonlyMap<string, AccessKey> {
  const byId = new Map(keys.map((key) => [key.accessKeyId, key]));
  if (byId.size !== keys.length) throw new RangeError('two access keys have the same accessKeyId');
  return byId;
}

/** Whether the claimed signature is the key's for this canonical request. `signedAt` has been checked against the clock. */
export function signatureMatches(
  canonical: string,
  signedAt: string,
  claim: SignatureClaim,
  { accessKeyId, secretAccessKey }: AccessKey,
  signingKeys: SigningKeyCache,
): boolean {
  const { scopeDate, region, service } = claim;
  const scope = `${scopeDate}/${region}/${service}/aws4_request`;
  const signingKey = signingKeys.get(accessKeyId, secretAccessKey, scopeDate, region, service);
  const expected = createHmac('sha256', signingKey)
    .update(`AWS4-HMAC-SHA256\n${signedAt}\n${scope}\n${sha256(canonical)}`)
    .digest();
  return timingSafeEqual(expected, Buffer.from(claim.signature, 'hex'));
}

export function checkScope(claim: SignatureClaim, region: string | undefined, service: string): Refusal | undefined {
  if (region !== undefined && claim.region !== region) {
    const detail = `it is signed for another region than aws.region, which is ${region}`;
    return wrongScope('Credential should be scoped to a valid region.', detail);
  }
  return claim.service === service
    ? undefined
    : wrongScope(
        `Credential should be scoped to correct service: '${service}'.`,
        `it is signed for another service than ${service}`,
      );
}

/** In constant time for a right length; the length of a token is no secret. */
export function tokenMatches(sent: string | undefined, configured: string | undefined): boolean {
  if (sent === undefined || configured === undefined) return sent === configured;
  const a = Buffer.from(sent);
  const b = Buffer.from(configured);
  return a.length === b.length && timingSafeEqual(a, b);
}
