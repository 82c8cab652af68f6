import { connectClient, refusedHandshake } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Gateway, gatewayKinds } from './gateway-kinds.js';
import { startTokenIssuer, type TokenIssuer } from './token-issuer.js';

describe.each(gatewayKinds)('connections with a token (%s)', (_kind, start) => {
  let issuer: TokenIssuer;
  let gateway: Gateway;

  beforeAll(async () => {
    issuer = await startTokenIssuer();
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
              jwtConfiguration: { issuer: issuer.url, audience: ['chat'], jwksUri: `${issuer.url}/keys` },
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
    await issuer?.stop();
  });

  const address = () => `${gateway.webSocketUrl}/chat/dev`;
  const bearing = (text: string) => ({ headers: { authorization: `Bearer ${text}` } });

  it('without a valid token a handshake is 401', async () => {
    const given = [{}, bearing('nonsense'), bearing(issuer.token(60, { aud: 'other' })), bearing(issuer.token(-300))];
    for (const options of given) expect((await refusedHandshake(address(), options)).status).toBe(401);
  });

  it('its claims reach every message, and a token that comes as a sub-protocol is answered with another one', async () => {
    const client = await connectClient(address(), bearing(issuer.token(60, { tenant: 'acme' })));
    client.send('hello');
    expect(await client.next()).toBe('user-1 acme');
    await client.close();
    const browser = await connectClient(address(), { protocols: ['access_token', issuer.token(60), 'chat'] });
    expect(browser.protocol).toBe('chat');
    await browser.close();
  });

  it('a connection ends with its token, unless a message brings a newer one', async () => {
    const left = await connectClient(address(), bearing(issuer.token(3)));
    const renewed = await connectClient(address(), bearing(issuer.token(3)));
    renewed.send({ action: 'renew', token: issuer.token(60, { tenant: 'renewed' }) });
    expect(await renewed.next()).toBe('user-1 renewed');
    const { code } = await left.closed;
    expect(code).toBe(1008);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    renewed.send('still there');
    expect(await renewed.next()).toBe('user-1 renewed');
    await renewed.close();
  });
});
