import { type AddressRules, type JwtConfiguration, limits } from '@sluice/contracts';
import { createLocalJWKSet, type JSONWebKeySet } from 'jose';
import { getDocument, IssuerUnavailable } from './issuer-request.js';
import { isRecord } from './record.js';

/** The issuer's public keys as jose finds them in its set; throws `IssuerUnavailable`. Bounded in time and size. */
export async function fetchIssuerKeys(
  { issuer, jwksUri }: JwtConfiguration,
  rules: AddressRules,
): Promise<ReturnType<typeof createLocalJWKSet>> {
  try {
    const signal = AbortSignal.timeout(limits.issuerTimeoutMs);
    const url = jwksUri === undefined ? await discoverKeysUrl(issuer, rules, signal) : new URL(jwksUri);
    // An address that the operator has not written is one that somebody else may choose.
    const isWritten = jwksUri !== undefined || url.hostname === new URL(issuer).hostname;
    const document = await getDocument(url, isWritten ? 'written' : 'computed', rules, signal);
    return createLocalJWKSet(document as JSONWebKeySet);
  } catch (error) {
    if (error instanceof IssuerUnavailable) throw error;
    throw new IssuerUnavailable("the issuer's keys cannot be read", { cause: error });
  }
}

/** OpenID Connect Discovery 1.0 §4: the document has to be the issuer's own. */
async function discoverKeysUrl(issuer: string, rules: AddressRules, signal: AbortSignal): Promise<URL> {
  const url = new URL(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  const document = await getDocument(url, 'written', rules, signal);
  if (!isRecord(document) || document['issuer'] !== issuer) {
    throw new IssuerUnavailable('the openid-configuration is that of another issuer');
  }
  const found = document['jwks_uri'];
  const keysUrl = typeof found === 'string' && URL.canParse(found) ? new URL(found) : undefined;
  // Keys fetched in the clear would undo what TLS to the issuer has shown.
  if (keysUrl?.protocol === 'https:' || (keysUrl?.protocol === 'http:' && url.protocol === 'http:')) return keysUrl;
  throw new IssuerUnavailable('the openid-configuration has no usable jwks_uri');
}
