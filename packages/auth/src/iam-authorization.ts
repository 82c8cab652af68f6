import type { ConnectEnvelope, ConnectionContext } from '@sluice/contracts';
import type { AccessKey } from './access-key.js';
import type { AuthorizationOutcome, PreparedAuthorization } from './authorization.js';
import { isAllowed } from './policy.js';
import { createPresignedVerifier, isPresigned } from './presigned-verifier.js';
import { keysById } from './signature-match.js';
import { createSignatureVerifier, type SignatureVerifier } from './signature-verifier.js';

export interface IamVerifiers {
  keys: ReadonlyMap<string, AccessKey>;
  header: SignatureVerifier;
  query: SignatureVerifier;
}

/** Made once for all routes; throws `RangeError` where two keys have one id. */
export function createIamVerifiers(keys: readonly AccessKey[], region: string, clock: () => number): IamVerifiers {
  const options = { keys, region, service: 'execute-api', clock };
  return {
    keys: keysById(keys),
    header: createSignatureVerifier(options),
    query: createPresignedVerifier(options),
  };
}

export interface IamAuthorizationParts {
  /** Of the keys in force: they can be replaced while the process runs. */
  verifiers: () => IamVerifiers;
  accountId: string;
  /** ARN of the route, which one of the key's patterns has to cover. */
  routeArn: string;
  /** What the address of a handshake that does not carry its path must have been. */
  stagePath: string;
}

/**
 * AWS_IAM (spec 08 §8.2): a handshake signed in its headers or in its query. Of a message (ours): the key that signed the handshake
 * of its connection has to cover the message's route too.
 */
export function prepareIamAuthorization(parts: IamAuthorizationParts): PreparedAuthorization {
  return {
    type: 'AWS_IAM',
    authorizerId: undefined,
    authorize({ envelope, connection }, done) {
      done(envelope.kind === 'CONNECT' ? authorizeHandshake(envelope, parts) : authorizeCaller(connection, parts));
    },
  };
}

const nothing = new Uint8Array(0);

function authorizeHandshake({ handshake }: ConnectEnvelope, parts: IamAuthorizationParts): AuthorizationOutcome {
  const { queryString, headers, rawPath = parts.stagePath } = handshake;
  const inQuery = isPresigned(queryString);
  if (inQuery && headers.some(([name]) => name === 'authorization')) {
    return failed('the handshake is signed in its query and has an Authorization header too');
  }
  const { query, header } = parts.verifiers();
  const verifier = inQuery ? query : header;
  const { key, refusal } = verifier.verify({ method: 'GET', rawPath, queryString, headers, body: nothing });
  if (key !== undefined) return allowed(key, parts);
  return refusal.reason === 'missing'
    ? { ok: false, code: 'authentication_missing', detail: 'the handshake is not signed' }
    : failed(`the handshake is refused: ${refusal.detail}`);
}

function authorizeCaller({ identity }: ConnectionContext, parts: IamAuthorizationParts): AuthorizationOutcome {
  const accessKey = identity?.accessKey;
  if (accessKey === undefined) {
    return { ok: false, code: 'authentication_missing', detail: 'the handshake of this connection was not signed' };
  }
  const key = parts.verifiers().keys.get(accessKey);
  return key === undefined ? failed('the key that signed the handshake is gone') : allowed(key, parts);
}

function allowed(
  { accessKeyId, allow }: AccessKey,
  { routeArn, accountId }: IamAuthorizationParts,
): AuthorizationOutcome {
  if (!isAllowed(allow, routeArn)) return failed(`no pattern in allow of its key in auth.keys covers ${routeArn}`);
  const userArn = `arn:aws:iam::${accountId}:user/${accessKeyId}`;
  return {
    ok: true,
    identity: { accountId, caller: accessKeyId, user: accessKeyId, userArn, accessKey: accessKeyId },
  };
}

function failed(detail: string): AuthorizationOutcome {
  return { ok: false, code: 'authentication_failed', detail };
}
