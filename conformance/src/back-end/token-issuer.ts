import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { type JWTPayload, SignJWT } from 'jose';

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

// The frame of RFC 8410 around the 32 bytes of an Ed25519 key.
const keyFrame = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The same key in every run: a gateway that is up may know it from an earlier one. */
function keyOf(name: string): KeyObject {
  const bytes = createHash('sha256').update(`conformance ${name}`).digest();
  return createPrivateKey({ key: Buffer.concat([keyFrame, bytes]), format: 'der', type: 'pkcs8' });
}

export function createTokenIssuer(port: () => number): TokenIssuer {
  const published = keyOf('published');
  const other = keyOf('other');
  const jwk = { ...createPublicKey(published).export({ format: 'jwk' }), kid: 'published', alg: 'EdDSA', use: 'sig' };
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
      const jwt = new SignJWT(usual).setProtectedHeader({ alg: 'EdDSA', kid });
      const leavesOut = 'expiresInSeconds' in options && options.expiresInSeconds === undefined;
      if (!leavesOut) jwt.setExpirationTime(Math.floor(Date.now() / 1000) + expiresInSeconds);
      return await jwt.sign(signedBy === 'published' ? published : other);
    },
  };
}
