import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

/** Path of the suite's token issuer on its back end. */
export const issuerPath = '/http/issuer';

export interface TokenOptions {
  /** What `exp` is from now on; undefined leaves it out. */
  expiresInSeconds?: number | undefined;
  /** `unknown`: by a key that the issuer does not publish, under its own name; `forged`: by such a key under the published name. */
  signedBy?: 'published' | 'unknown' | 'forged';
}

/** An issuer of JSON Web Tokens with one key, published as OpenID Connect Discovery has it. */
export interface TokenIssuer {
  /** Answer to a GET below `issuerPath`; undefined where there is none. */
  document(path: string): object | undefined;
  /** A token of this issuer; `claims` come over the usual ones: `sub`, `aud` (`chat`). */
  token(claims?: JWTPayload, options?: TokenOptions): Promise<string>;
}

export async function createTokenIssuer(port: () => number): Promise<TokenIssuer> {
  const [published, other] = await Promise.all([generateKeyPair('ES256'), generateKeyPair('ES256')]);
  const jwk = { ...(await exportJWK(published.publicKey)), kid: 'published', alg: 'ES256', use: 'sig' };
  const issuer = () => `http://127.0.0.1:${port()}${issuerPath}`;
  return {
    document(path) {
      if (path === `${issuerPath}/keys`) return { keys: [jwk] };
      if (path !== `${issuerPath}/.well-known/openid-configuration`) return undefined;
      return { issuer: issuer(), jwks_uri: `${issuer()}/keys` };
    },
    async token(claims = {}, options = {}) {
      const { expiresInSeconds = 600, signedBy = 'published' } = options;
      const kid = signedBy === 'unknown' ? 'unknown' : 'published';
      const usual = { iss: issuer(), sub: 'user-1', aud: 'chat', ...claims };
      const jwt = new SignJWT(usual).setProtectedHeader({ alg: 'ES256', kid });
      const leavesOut = 'expiresInSeconds' in options && options.expiresInSeconds === undefined;
      if (!leavesOut) jwt.setExpirationTime(Math.floor(Date.now() / 1000) + expiresInSeconds);
      return await jwt.sign(signedBy === 'published' ? published.privateKey : other.privateKey);
    },
  };
}
