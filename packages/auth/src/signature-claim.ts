/** What a request says about its own signature, from whichever form it came in: nothing of it is believed yet. */
export interface SignatureClaim {
  accessKeyId: string;
  /** `yyyymmdd` of the credential scope. */
  scopeDate: string;
  region: string;
  service: string;
  /** Lower-case, sorted, without repeats. */
  signedHeaders: string[];
  /** 64 lower-case hexadecimal digits. */
  signature: string;
}

/** The claim of an `Authorization` value, or what is wrong with it. */
export type ClaimReading = { claim: SignatureClaim } | { fault: string };

const scheme = 'AWS4-HMAC-SHA256';
const signatureForm = /^[0-9a-f]{64}$/;
const headerNameForm = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;

/**
 * Reads `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`. Strict: unknown or repeated parts, another order
 * of the signed headers, capital letters are all faults, so that one request has one reading.
 */
export function readAuthorizationHeader(value: string): ClaimReading {
  if (!value.startsWith(`${scheme} `)) {
    return { fault: `Authorization header requires the algorithm '${scheme}'.` };
  }
  const parts: Record<string, string> = {};
  for (const part of value.slice(scheme.length + 1).split(',')) {
    const equals = part.indexOf('=');
    const name = part.slice(0, Math.max(equals, 0)).trim();
    if (name !== 'Credential' && name !== 'SignedHeaders' && name !== 'Signature') {
      return { fault: 'Authorization header has a part other than Credential, SignedHeaders and Signature.' };
    }
    if (parts[name] !== undefined) return { fault: `Authorization header has '${name}' twice.` };
    parts[name] = part.slice(equals + 1).trim();
  }
  return readClaim(parts['Credential'], parts['SignedHeaders'], parts['Signature']);
}

/** The three parts of a claim; the query form has the same three under `X-Amz-` names. */
export function readClaim(
  credential: string | undefined,
  signedHeaders: string | undefined,
  signature: string | undefined,
): ClaimReading {
  const missing = [
    credential ? '' : "Authorization header requires 'Credential' parameter. ",
    signature ? '' : "Authorization header requires 'Signature' parameter. ",
    signedHeaders ? '' : "Authorization header requires 'SignedHeaders' parameter. ",
  ].join('');
  if (!credential || !signedHeaders || !signature) return { fault: missing.trimEnd() };

  const [accessKeyId, scopeDate, region, service, terminator, ...rest] = credential.split('/');
  if (!accessKeyId || !scopeDate || !region || !service || terminator !== 'aws4_request' || rest.length > 0) {
    return { fault: 'Credential must have the form <access key id>/<yyyymmdd>/<region>/<service>/aws4_request.' };
  }
  if (!signatureForm.test(signature)) return { fault: 'Signature must be 64 hexadecimal digits.' };
  const names = signedHeaders.split(';');
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    if (!headerNameForm.test(name) || (i > 0 && name <= (names[i - 1] as string))) {
      return { fault: 'SignedHeaders must be lower-case names, sorted, each once, joined by semicolons.' };
    }
  }
  return { claim: { accessKeyId, scopeDate, region, service, signedHeaders: names, signature } };
}
