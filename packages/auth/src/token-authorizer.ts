import { type ConnectionContext, type JwtConfiguration, limits } from '@sluice/contracts';
import { errors, type JWTPayload, type JWTVerifyOptions, jwtVerify } from 'jose';
import type { AuthorizationOutcome, Authorized, PreparedAuthorization } from './authorization.js';
import type { IssuerKeys } from './issuer-keys.js';
import { IssuerUnavailable } from './issuer-request.js';
import type { FoundToken, TokenSources } from './token-sources.js';
import type { VerifiedTokens } from './verified-tokens.js';

export interface TokenAuthorizerParts {
  authorizerId: string;
  configuration: JwtConfiguration;
  /** One of them has to be among the token's; empty: none is asked for. */
  scopes: readonly string[];
  sources: TokenSources;
  keys: IssuerKeys;
  verified: VerifiedTokens;
  /** ms since the epoch. */
  clock: () => number;
}

// Signatures with a public key only. With `HS…` an issuer's public key would be a secret that everybody knows.
const algorithms = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];

/**
 * A JWT authorizer (ours): signature, issuer, audience, times, scopes, in this order. Claims that are texts, numbers or booleans go to
 * `$context.authorizer` under their names, and `sub` also as `principalId`. A token has to expire.
 */
export function prepareTokenAuthorizer(parts: TokenAuthorizerParts): PreparedAuthorization {
  return {
    type: 'JWT',
    authorizerId: parts.authorizerId,
    authorize(request, done) {
      const found = parts.sources.read(request);
      if (found === undefined) return done(unauthorized('there is no token'));
      const answer = (outcome: AuthorizationOutcome) => done(forConnection(outcome, found, request.connection));
      const { current } = parts.keys;
      const known = current && parts.verified.find(found.token, current, parts.clock());
      if (known === undefined) judge(found.token, parts).then(answer);
      else answer(grant(known, parts));
    },
  };
}

function forConnection(
  outcome: AuthorizationOutcome,
  { subProtocol }: FoundToken,
  connection: ConnectionContext,
): AuthorizationOutcome {
  if (!outcome.ok) return outcome;
  if (isAnother(outcome, connection)) return unauthorized('the token is of another principal');
  return subProtocol === undefined ? outcome : { ...outcome, subProtocol };
}

/** Back ends know a connection by whom it was opened for: a token may prolong it, never hand it to somebody else. */
function isAnother(granted: Authorized, { authorizer, authorizedUntilMs }: ConnectionContext): boolean {
  if (authorizedUntilMs === undefined) return false;
  return authorizer?.['principalId'] !== granted.authorizer?.['principalId'];
}

/** Never rejects. */
async function judge(token: string, parts: TokenAuthorizerParts): Promise<AuthorizationOutcome> {
  const { keys, verified } = parts;
  const before = keys.current;
  let payload: JWTPayload;
  try {
    payload = await verify(token, parts);
  } catch (error) {
    return refusalOf(error, parts.configuration);
  }
  // Only where there was one set throughout is it known which one it was.
  if (before !== undefined && before === keys.current) verified.keep(token, before, payload);
  return grant(payload, parts);
}

/** What a token that is good grants here. */
function grant(payload: JWTPayload, parts: TokenAuthorizerParts): AuthorizationOutcome {
  const { audience } = parts.configuration;
  if (!hasAudience(payload, audience)) {
    return unauthorized(
      `the token is for another audience: neither aud nor client_id has one of ${audience.join(', ')}`,
    );
  }
  if (parts.scopes.length > 0 && !scopesOf(payload).some((scope) => parts.scopes.includes(scope))) {
    const detail = `the token has none of the scopes that the route wants: ${parts.scopes.join(', ')}`;
    return { ok: false, code: 'access_denied', detail };
  }
  return {
    ok: true,
    authorizer: claimTexts(payload),
    authorizedUntilMs: Math.min((payload.exp ?? 0) * 1000, Number.MAX_SAFE_INTEGER),
  };
}

async function verify(token: string, { configuration, keys, clock }: TokenAuthorizerParts): Promise<JWTPayload> {
  const options: JWTVerifyOptions = {
    algorithms,
    issuer: configuration.issuer,
    requiredClaims: ['exp'],
    clockTolerance: limits.tokenLeewayMs / 1000,
    currentDate: new Date(clock()),
  };
  try {
    return (await jwtVerify(token, (header, input) => keys.find(header, input), options)).payload;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    return await verifyWithAny(token, error, options);
  }
}

/** A token without a key id, of an issuer with several keys. */
async function verifyWithAny(
  token: string,
  candidates: errors.JWKSMultipleMatchingKeys,
  options: JWTVerifyOptions,
): Promise<JWTPayload> {
  let tried = 0;
  for await (const key of candidates) {
    if (++tried > limits.tokenKeysTriedMax) break;
    try {
      return (await jwtVerify(token, key, options)).payload;
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
    }
  }
  throw new errors.JWSSignatureVerificationFailed();
}

function refusalOf(error: unknown, configuration: JwtConfiguration): AuthorizationOutcome {
  if (error instanceof IssuerUnavailable) return { ok: false, code: 'authorizer_failed', detail: error.message };
  if (
    error instanceof errors.JWKInvalid ||
    error instanceof errors.JWKSInvalid ||
    !(error instanceof errors.JOSEError)
  ) {
    return { ok: false, code: 'authorizer_failed', detail: 'a key of the issuer cannot be used' };
  }
  return unauthorized(`the token is not valid: ${reasonOf(error, configuration)}`);
}

/** In our words: jose's messages may quote what is in the token. */
function reasonOf(error: errors.JOSEError, { issuer }: JwtConfiguration): string {
  if (error instanceof errors.JWTExpired) return `it has expired (${error.claim})`;
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'iss') return `its iss is not ${issuer}, to the letter`;
    if (error.claim === 'nbf') return 'it is not valid yet (nbf), or the clocks differ';
    return error.reason === 'missing' ? `it has no ${error.claim}` : `its ${error.claim} cannot be taken`;
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'no key of the issuer has signed it';
  if (error instanceof errors.JWKSNoMatchingKey) return 'the issuer has no key of its kid and algorithm';
  return `${error.code}`;
}

function unauthorized(detail: string): AuthorizationOutcome {
  return { ok: false, code: 'unauthorized', detail };
}

/** In `aud`, or in `client_id` as access tokens of some issuers have it. */
function hasAudience(payload: JWTPayload, wanted: readonly string[]): boolean {
  if (wanted.length === 0) return true;
  return [payload.aud, payload['client_id']].flat().some((name) => typeof name === 'string' && wanted.includes(name));
}

/** `scope` is a text with blanks (RFC 8693 §4.2), `scp` the list or text of other issuers. */
function scopesOf(payload: JWTPayload): string[] {
  return [payload['scope'], payload['scp']]
    .flat()
    .flatMap((value) => (typeof value === 'string' ? value.split(' ') : []))
    .filter((scope) => scope !== '');
}

function claimTexts(payload: JWTPayload): Record<string, string> {
  // Without a prototype: claims may be named `__proto__`.
  const texts: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(payload)) {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      texts[name] = String(value);
  }
  delete texts['principalId'];
  if (typeof payload.sub === 'string') texts['principalId'] = payload.sub;
  return texts;
}
