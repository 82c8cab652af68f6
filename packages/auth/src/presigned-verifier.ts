import { limits } from '@sluice/contracts';
import type { AccessKey } from './access-key.js';
import { canonicalRequest, type SignedRequest } from './canonical-request.js';
import { incomplete, type Refusal, signatureMismatch, unknownKey, wrongTime, wrongToken } from './refusals.js';
import { readClaim, type SignatureClaim } from './signature-claim.js';
import { checkScope, emptyBodyHash, keysById, signatureMatches, tokenMatches } from './signature-match.js';
import type { SignatureVerifier, SignatureVerifierOptions } from './signature-verifier.js';
import { SigningKeyCache } from './signing-key-cache.js';
import { checkSkew, formatBasicTime, parseBasicTime } from './signing-time.js';

const parameterNames = [
  'X-Amz-Algorithm',
  'X-Amz-Credential',
  'X-Amz-Date',
  'X-Amz-Expires',
  'X-Amz-SignedHeaders',
  'X-Amz-Signature',
  'X-Amz-Security-Token',
  'X-Amz-Content-Sha256',
] as const;
type Parameter = (typeof parameterNames)[number];
type Parameters = Partial<Record<Parameter, string>>;

const unsignedPayload = 'UNSIGNED-PAYLOAD';

/** Whether a query claims to be signed: it has one of the parameters that only signers write. */
export function isPresigned(queryString: string): boolean {
  return /(?:^|&)X-Amz-(?:Algorithm|Credential|Signature)=/.test(queryString);
}

/**
 * Verifier of the query form (spec 08 §8.2), for requests without a body: presigned addresses, the only form that browsers can use.
 * Every other parameter is signed too. Good from its date, less the usual skew, until `X-Amz-Expires` seconds later. Throws
 * `RangeError` where two keys have one id.
 */
export function createPresignedVerifier(options: SignatureVerifierOptions): SignatureVerifier {
  const keys = keysById(options.keys);
  const signingKeys = new SigningKeyCache();
  const { region, service, clock = Date.now } = options;

  return {
    verify(request) {
      const split = splitQuery(request.queryString);
      if (split === undefined) return { refusal: incomplete('A parameter of the signature is there twice.') };
      const { parameters, signedQuery } = split;
      if (parameters['X-Amz-Algorithm'] !== 'AWS4-HMAC-SHA256') {
        return { refusal: incomplete("The query requires 'X-Amz-Algorithm' AWS4-HMAC-SHA256.") };
      }
      const { 'X-Amz-Credential': credential, 'X-Amz-SignedHeaders': signedHeaders } = parameters;
      const reading = readClaim(credential, signedHeaders, parameters['X-Amz-Signature']);
      if ('fault' in reading) return { refusal: incomplete(reading.fault) };
      const { claim } = reading;

      const key = keys.get(claim.accessKeyId);
      if (key === undefined) return { refusal: unknownKey };
      if (!tokenMatches(parameters['X-Amz-Security-Token'], key.sessionToken)) return { refusal: wrongToken };
      const refusal = checkTimes(claim, parameters, clock()) ?? checkScope(claim, region, service);
      if (refusal !== undefined) return { refusal };
      const covers = claim.signedHeaders.includes('host') && request.body.length === 0;
      const signed = { ...request, queryString: signedQuery };
      const matches = covers && matchesOne(signed, parameters, claim, key, signingKeys);
      return matches ? { key } : { refusal: signatureMismatch };
    },
  };
}

/** Signers put one of two hashes under a request without a body; those that state one are held to it. */
function matchesOne(
  request: SignedRequest,
  parameters: Parameters,
  claim: SignatureClaim,
  key: AccessKey,
  signingKeys: SigningKeyCache,
): boolean {
  const stated = parameters['X-Amz-Content-Sha256'];
  const signedAt = parameters['X-Amz-Date'] ?? '';
  for (const bodyHash of [emptyBodyHash, unsignedPayload]) {
    if (stated !== undefined && stated !== bodyHash) continue;
    const canonical = canonicalRequest(request, claim, bodyHash);
    if (canonical !== undefined && signatureMatches(canonical, signedAt, claim, key, signingKeys)) return true;
  }
  return false;
}

function checkTimes(claim: SignatureClaim, parameters: Parameters, nowMs: number): Refusal | undefined {
  const signedAt = parameters['X-Amz-Date'];
  const signedAtMs = signedAt === undefined ? undefined : parseBasicTime(signedAt);
  if (signedAt === undefined || signedAtMs === undefined) {
    return wrongTime('X-Amz-Date must be in ISO-8601 basic format, like 20260925T002229Z.');
  }
  if (!signedAt.startsWith(`${claim.scopeDate}T`))
    return wrongTime('X-Amz-Date and the date of the credential differ.');
  const expires = parameters['X-Amz-Expires'] ?? '';
  const seconds = /^\d{1,6}$/.test(expires) ? Number(expires) : 0;
  if (seconds < 1 || seconds > limits.presignedSecondsMax) {
    return wrongTime(`X-Amz-Expires must be a number of seconds from 1 to ${limits.presignedSecondsMax}.`);
  }
  if (signedAtMs > nowMs) return checkSkew(signedAt, signedAtMs, nowMs);
  const untilMs = signedAtMs + seconds * 1000;
  return nowMs <= untilMs ? undefined : wrongTime(`Signature expired: it was good until ${formatBasicTime(untilMs)}`);
}

/** The signature's parameters, and the query without the signature itself. Undefined where a parameter comes twice. */
function splitQuery(queryString: string): { parameters: Parameters; signedQuery: string } | undefined {
  const parameters: Parameters = {};
  const signed: string[] = [];
  for (const part of queryString.split('&')) {
    const equals = part.indexOf('=');
    const name = decoded(equals === -1 ? part : part.slice(0, equals));
    if (name !== 'X-Amz-Signature') signed.push(part);
    if (!isParameter(name)) continue;
    if (parameters[name] !== undefined) return undefined;
    parameters[name] = decoded(equals === -1 ? '' : part.slice(equals + 1));
  }
  return { parameters, signedQuery: signed.join('&') };
}

function isParameter(name: string): name is Parameter {
  return (parameterNames as readonly string[]).includes(name);
}

/** As it is where it cannot be decoded: the canonical request refuses it later. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
