import type { ManagementResponse } from '@sluice/contracts';

/** Why a request is not let in: a bounded set, for metrics and logs. */
export type RefusalReason =
  | 'missing'
  | 'incomplete'
  | 'unknown_key'
  | 'token'
  | 'scope'
  | 'time'
  | 'mismatch'
  | 'policy';

/** An answer to a caller that is not let in. All are 403, as spec 09 §9.4 lists them. */
export interface Refusal {
  reason: RefusalReason;
  /** For the log: what is wrong with the request, and where to look. Never what the request holds: that may be a secret. */
  detail: string;
  errorType: string;
  /** JSON text. */
  body: string;
}

/** Status, type and body of a refusal, without the ids that each service adds. */
export function refusalResponse(refusal: Refusal): ManagementResponse {
  return {
    status: 403,
    headers: [
      ['content-type', 'application/json'],
      ['x-amzn-ErrorType', refusal.errorType],
    ],
    body: refusal.body,
  };
}

function refusal(reason: RefusalReason, errorType: string, message: string, detail: string): Refusal {
  return { reason, detail, errorType, body: JSON.stringify({ message }) };
}

export const notSigned = refusal(
  'missing',
  'MissingAuthenticationTokenException',
  'Missing Authentication Token',
  'it is not signed',
);

/** Says which parts lack, never what was there: the header may hold another scheme's secret. */
export function incomplete(detail: string): Refusal {
  return refusal('incomplete', 'IncompleteSignatureException', detail, 'its signature is incomplete');
}

const tokenInvalid = 'The security token included in the request is invalid.';
export const unknownKey = refusal(
  'unknown_key',
  'UnrecognizedClientException',
  tokenInvalid,
  'it is signed with an access key that is not in auth.keys',
);
export const wrongToken = refusal(
  'token',
  'UnrecognizedClientException',
  tokenInvalid,
  'its security token is not the sessionToken of its key in auth.keys',
);

export const signatureMismatch = refusal(
  'mismatch',
  'InvalidSignatureException',
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
  'its signature does not match: the secret is another than in auth.keys, or host, path, query or body was changed on the way',
);

export function wrongScope(message: string, detail: string): Refusal {
  return refusal('scope', 'InvalidSignatureException', message, detail);
}

export function wrongTime(message: string): Refusal {
  return refusal('time', 'InvalidSignatureException', message, 'it was signed too long ago, or the clocks differ');
}
