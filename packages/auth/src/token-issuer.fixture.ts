import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, type GenerateKeyPairResult, generateKeyPair, SignJWT } from 'jose';

interface IssuerKey {
  kid: string | undefined;
  alg: string;
  pair: GenerateKeyPairResult;
}

/** An issuer of tokens on loopback: its keys, its discovery document, and how often each was asked for. */
export class TokenIssuer {
  readonly asked: string[] = [];
  /** What is answered instead, where set. */
  respond: ((path: string) => { status: number; body: string | Buffer } | 'hang' | undefined) | undefined;
  private keys: IssuerKey[] = [];
  private server: Server | undefined;
  private port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get jwksUri(): string {
    return `${this.url}/keys`;
  }

  async start(): Promise<void> {
    this.server = createServer(async (request, response) => {
      const path = request.url ?? '';
      this.asked.push(path);
      const told = this.respond?.(path);
      if (told === 'hang') return;
      if (told !== undefined) return response.writeHead(told.status).end(told.body);
      if (path === '/keys') return response.end(JSON.stringify(await this.keySet()));
      if (path === '/.well-known/openid-configuration') {
        return response.end(JSON.stringify({ issuer: this.url, jwks_uri: this.jwksUri }));
      }
      return response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => this.server?.listen(this.port, '127.0.0.1', resolve));
    this.port = (this.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    if (server === undefined) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  /** A new key; the ones before it stay published unless `only`. */
  async addKey(kid: string | undefined, options: { alg?: string; only?: boolean } = {}): Promise<IssuerKey> {
    const { alg = 'ES256', only = false } = options;
    const key = { kid, alg, pair: await generateKeyPair(alg, { extractable: true }) };
    this.keys = [...(only ? [] : this.keys), key];
    return key;
  }

  /** The public keys as they are published. */
  async keySet(): Promise<{ keys: object[] }> {
    const keys = this.keys.map(async ({ kid, alg, pair }) => ({
      ...(await exportJWK(pair.publicKey)),
      ...(kid === undefined ? {} : { kid }),
      alg,
      use: 'sig',
    }));
    return { keys: await Promise.all(keys) };
  }

  /** A token by one of its keys, good for an hour from `timeMs` unless the claims say otherwise. */
  token({ kid, alg, pair }: IssuerKey, timeMs: number, claims: Record<string, unknown> = {}): Promise<string> {
    const seconds = Math.floor(timeMs / 1000);
    const payload = { iss: this.url, sub: 'user-1', aud: 'chat', iat: seconds, exp: seconds + 3_600, ...claims };
    return new SignJWT(payload)
      .setProtectedHeader({ alg, typ: 'JWT', ...(kid === undefined ? {} : { kid }) })
      .sign(pair.privateKey);
  }
}
