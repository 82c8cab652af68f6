import { generateKeyPairSync, sign } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Somebody who gives out tokens: its keys are behind `${url}/keys`. */
export interface TokenIssuer {
  readonly url: string;
  /** A token for `user-1` of the audience `chat`, signed with ES256; `more` replaces claims. */
  token(expiresInSeconds: number, more?: object): string;
  stop(): Promise<void>;
}

export async function startTokenIssuer(): Promise<TokenIssuer> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const server = createServer((_request, response) => {
    const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'ES256', use: 'sig' };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: [jwk] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return {
    url,
    token(expiresInSeconds, more = {}) {
      const exp = Math.floor(Date.now() / 1000) + expiresInSeconds;
      const signed = `${part({ alg: 'ES256', kid: 'k1' })}.${part({ iss: url, aud: 'chat', sub: 'user-1', exp, ...more })}`;
      const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' });
      return `${signed}.${signature.toString('base64url')}`;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
