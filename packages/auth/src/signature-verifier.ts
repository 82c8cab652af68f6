import type { AccessKey } from './access-key.js';
import { canonicalRequest, type SignedRequest } from './canonical-request.js';
import {
  incomplete,
  notSigned,
  type Refusal,
  signatureMismatch,
  unknownKey,
  wrongTime,
  wrongToken,
} from './refusals.js';
import { readAuthorizationHeader, type SignatureClaim } from './signature-claim.js';
import { checkScope, emptyBodyHash, keysById, sha256, signatureMatches, tokenMatches } from './signature-match.js';
import { SigningKeyCache } from './signing-key-cache.js';
import { checkSkew, formatBasicTime, parseBasicTime } from './signing-time.js';

export interface SignatureVerifierOptions {
  keys: readonly AccessKey[];
  /** Region that credential scopes must name; undefined accepts any. */
  region?: string | undefined;
  service: string;
  /** ms since the epoch; the system's clock where undefined. */
  clock?: (() => number) | undefined;
}

export type Verification = { key: AccessKey; refusal?: undefined } | { refusal: Refusal; key?: undefined };

export interface SignatureVerifier {
  /** Whose request this is, or how to refuse it. Header form of Signature Version 4 (spec 09 §9.4). Never throws. */
  verify(request: SignedRequest): Verification;
}

const httpDateForm = /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/;

/** Strict verifier over a fixed set of keys. Throws `RangeError` where two keys have one id. */
export function createSignatureVerifier(options: SignatureVerifierOptions): SignatureVerifier {
  const keys = keysById(options.keys);
  const signingKeys = new SigningKeyCache();
  const { region, service, clock = Date.now } = options;

  return {
    verify(request) {
      const headers = readRelevantHeaders(request.headers);
      if (headers === undefined) return { refusal: incomplete('A header of the signature is there twice.') };
      if (headers.authorization === undefined) return { refusal: notSigned };
      const reading = readAuthorizationHeader(headers.authorization);
      if ('fault' in reading) return { refusal: incomplete(reading.fault) };
      const { claim } = reading;

      const key = keys.get(claim.accessKeyId);
      if (key === undefined) return { refusal: unknownKey };
      if (!tokenMatches(headers.securityToken, key.sessionToken)) return { refusal: wrongToken };
      const signedAt = headers.amzDate ?? basicTimeOfHttpDate(headers.date);
      const refusal = checkTime(claim, signedAt, clock()) ?? checkScope(claim, region, service);
      if (refusal !== undefined) return { refusal };
      if (signedAt === undefined || !coversWhatItMust(claim, headers)) return { refusal: signatureMismatch };

      const bodyHash = request.body.length === 0 ? emptyBodyHash : sha256(request.body);
      // A caller that states a hash of its own must state the true one; `UNSIGNED-PAYLOAD` is not an offer here.
      if (headers.contentHash !== undefined && headers.contentHash !== bodyHash) return { refusal: signatureMismatch };
      const canonical = canonicalRequest(request, claim, bodyHash);
      if (canonical === undefined) return { refusal: signatureMismatch };

      const matches = signatureMatches(canonical, signedAt, claim, key, signingKeys);
      return matches ? { key } : { refusal: signatureMismatch };
    },
  };
}

interface RelevantHeaders {
  authorization: string | undefined;
  amzDate: string | undefined;
  date: string | undefined;
  securityToken: string | undefined;
  contentHash: string | undefined;
}

const relevantFields: Record<string, keyof RelevantHeaders> = {
  authorization: 'authorization',
  'x-amz-date': 'amzDate',
  date: 'date',
  'x-amz-security-token': 'securityToken',
  'x-amz-content-sha256': 'contentHash',
};

/** Undefined where one of them comes twice: whichever we took, somebody on the way may take the other. */
function readRelevantHeaders(headers: SignedRequest['headers']): RelevantHeaders | undefined {
  const found: RelevantHeaders = {
    authorization: undefined,
    amzDate: undefined,
    date: undefined,
    securityToken: undefined,
    contentHash: undefined,
  };
  for (const [name, value] of headers) {
    const field = Object.hasOwn(relevantFields, name) ? relevantFields[name] : undefined;
    if (field === undefined) continue;
    if (found[field] !== undefined) return undefined;
    found[field] = value;
  }
  return found;
}

/** Signers that cannot set `X-Amz-Date` sign the `Date` header; the text to sign has the basic form all the same. */
function basicTimeOfHttpDate(date: string | undefined): string | undefined {
  if (date === undefined) return undefined;
  if (parseBasicTime(date) !== undefined) return date;
  if (!httpDateForm.test(date)) return undefined;
  const timeMs = Date.parse(date);
  return Number.isNaN(timeMs) ? undefined : formatBasicTime(timeMs);
}

function checkTime(claim: SignatureClaim, signedAt: string | undefined, nowMs: number): Refusal | undefined {
  if (signedAt === undefined) {
    return incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
  }
  const signedAtMs = parseBasicTime(signedAt);
  if (signedAtMs === undefined) return wrongTime('Date must be in ISO-8601 basic format, like 20260925T002229Z.');
  if (!signedAt.startsWith(`${claim.scopeDate}T`)) {
    return wrongTime('Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP.');
  }
  return checkSkew(signedAt, signedAtMs, nowMs);
}

/** `host` and the date; `canonicalRequest` sees to every `x-amz-` header. */
function coversWhatItMust(claim: SignatureClaim, headers: RelevantHeaders): boolean {
  return (
    claim.signedHeaders.includes('host') && (headers.amzDate !== undefined || claim.signedHeaders.includes('date'))
  );
}
