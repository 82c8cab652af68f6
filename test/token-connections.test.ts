import { generateKeyPairSync, sign } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connectClient, refusedHandshake } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Gateway, gatewayKinds } from './gateway-kinds.js';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** A token of the issuer below, signed with ES256. */
function token(issuer: string, expiresInSeconds: number, more: object = {}): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = {
    iss: issuer,
    aud: 'chat',
    sub: 'user-1',
    exp: Math.floor(Date.now() / 1000) + expiresInSeconds,
    ...more,
  };
  const signed = `${part({ alg: 'ES256', kid: 'k1' })}.${part(claims)}`;
  const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

describe.each(gatewayKinds)('connections with a token (%s)', (_kind, start) => {
  let issuerServer: Server;
  let issuer: string;
  let gateway: Gateway;

  beforeAll(async () => {
    issuerServer = createServer((_request, response) => {
      const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'ES256', use: 'sig' };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: [jwk] }));
    });
    await new Promise<void>((resolve) => issuerServer.listen(0, '127.0.0.1', resolve));
    issuer = `http://127.0.0.1:${(issuerServer.address() as AddressInfo).port}`;
    const canned = {
      integrationType: 'MOCK',
      requestTemplates: { $default: '{"statusCode":200}' },
      integrationResponses: {
        $default: { responseTemplates: { $default: '$context.authorizer.principalId $context.authorizer.tenant' } },
      },
    };
    gateway = await start({
      apis: {
        chat: {
          routeSelectionExpression: '$request.body.action',
          integrations: { canned },
          authorizers: {
            jwt: {
              authorizerType: 'JWT',
              identitySource: [
                'route.request.header.Authorization',
                'route.request.header.Sec-WebSocket-Protocol',
                'route.request.body.token',
              ],
              jwtConfiguration: { issuer, audience: ['chat'], jwksUri: `${issuer}/keys` },
            },
          },
          routes: {
            $connect: { authorizationType: 'JWT', authorizer: 'jwt' },
            renew: { integration: 'canned', routeResponse: true, authorizationType: 'JWT', authorizer: 'jwt' },
            $default: { integration: 'canned', routeResponse: true },
          },
          stages: { dev: {} },
        },
      },
    });
  });
  afterAll(async () => {
    await gateway?.stop();
    issuerServer?.closeAllConnections();
    issuerServer?.close();
  });

  const address = () => `${gateway.webSocketUrl}/chat/dev`;
  const bearing = (text: string) => ({ headers: { authorization: `Bearer ${text}` } });

  it('without a valid token a handshake is 401', async () => {
    const given = [{}, bearing('nonsense'), bearing(token(issuer, 60, { aud: 'other' })), bearing(token(issuer, -300))];
    for (const options of given) expect((await refusedHandshake(address(), options)).status).toBe(401);
  });

  it('its claims reach every message, and a token that comes as a sub-protocol is answered with another one', async () => {
    const client = await connectClient(address(), bearing(token(issuer, 60, { tenant: 'acme' })));
    client.send('hello');
    expect(await client.next()).toBe('user-1 acme');
    await client.close();
    const browser = await connectClient(address(), { protocols: ['access_token', token(issuer, 60), 'chat'] });
    expect(browser.protocol).toBe('chat');
    await browser.close();
  });

  it('a connection ends with its token, unless a message brings a newer one', async () => {
    const left = await connectClient(address(), bearing(token(issuer, 3)));
    const renewed = await connectClient(address(), bearing(token(issuer, 3)));
    renewed.send({ action: 'renew', token: token(issuer, 60, { tenant: 'renewed' }) });
    expect(await renewed.next()).toBe('user-1 renewed');
    const { code } = await left.closed;
    expect(code).toBe(1008);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    renewed.send('still there');
    expect(await renewed.next()).toBe('user-1 renewed');
    await renewed.close();
  });
});
