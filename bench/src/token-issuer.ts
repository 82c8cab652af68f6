import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

const keyId = 'bench';
const lifetimeSeconds = 3_600;

export interface IssuedTokens {
  /** The public key as issuers publish it (RFC 7517). */
  keySet: string;
  tokens: string[];
}

/** Access tokens of different users as issuers give them out by default: RS256 with a key of 2,048 bits. */
export function issueTokens(issuer: string, count: number): IssuedTokens {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const key = { ...publicKey.export({ format: 'jwk' }), kid: keyId, alg: 'RS256', use: 'sig' };
  const tokens = Array.from({ length: count }, (_, user) => issueToken(issuer, `user-${user}`, privateKey));
  return { keySet: JSON.stringify({ keys: [key] }), tokens };
}

function issueToken(issuer: string, subject: string, key: KeyObject): string {
  const nowSeconds = Math.floor(Date.now() / 1_000);
  const head = { alg: 'RS256', typ: 'JWT', kid: keyId };
  const claims = {
    ...{ iss: issuer, sub: subject, aud: 'bench', scope: 'messages:read messages:write', client_id: 'bench-page' },
    ...{ iat: nowSeconds, exp: nowSeconds + lifetimeSeconds, jti: `${subject}-of-this-run` },
  };
  const input = [head, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${input}.${sign('RSA-SHA256', Buffer.from(input), key).toString('base64url')}`;
}
