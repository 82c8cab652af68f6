import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser } from './browser.js';
import { type FakeFunctions, functionUri, startFunctions } from './fake-functions.js';
import { type Gateway, gatewayKinds } from './gateway-kinds.js';
import { startTokenIssuer, type TokenIssuer } from './token-issuer.js';

/** What one connection of a page was: texts as they are, binary messages in hex. */
interface Talk {
  protocol?: string;
  received: (string | { hex: string })[];
  close?: { code: number; reason: string; wasClean: boolean };
}

// Sends one after another, each when the one before is answered; ends with the connection, or after `answers` messages.
const pageScript = `
  function talk({ url, protocols = [], send = [], answers = Infinity }) {
    return new Promise((resolve) => {
      const result = { received: [] };
      const waiting = [...send];
      const socket = new WebSocket(url, protocols);
      socket.binaryType = 'arraybuffer';
      const next = () => {
        if (waiting.length === 0) return;
        const message = waiting.shift();
        socket.send(typeof message === 'string' ? message : Uint8Array.from(message.bytes));
      };
      socket.onopen = () => { result.protocol = socket.protocol; next(); };
      socket.onmessage = ({ data }) => {
        const hex = (bytes) => [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
        result.received.push(typeof data === 'string' ? data : { hex: hex(data) });
        if (result.received.length >= answers) { resolve(result); socket.close(); }
        else next();
      };
      socket.onclose = ({ code, reason, wasClean }) => resolve({ ...result, close: { code, reason, wasClean } });
    });
  }`;

async function startPageServer(): Promise<Server> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end(`<!doctype html><script>${pageScript}</script>`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

const originOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

describe.each(gatewayKinds)('pages in Chromium (%s)', (_kind, start) => {
  let browser: Browser;
  let own: Server;
  let foreign: Server;
  let functions: FakeFunctions;
  let issuer: TokenIssuer;
  let gateway: Gateway;
  let page: Page;

  beforeAll(async () => {
    [browser, own, foreign, issuer] = await Promise.all([
      launchBrowser(),
      startPageServer(),
      startPageServer(),
      startTokenIssuer(),
    ]);
    functions = await startFunctions({
      echo: ({ body, isBase64Encoded }) => ({ statusCode: 200, body, isBase64Encoded }),
    });
    const jwtConfiguration = { issuer: issuer.url, audience: ['chat'], jwksUri: `${issuer.url}/keys` };
    const integrations = { echo: { integrationType: 'AWS_PROXY', integrationUri: functionUri('echo') } };
    const api = {
      routeSelectionExpression: '$request.body.action',
      integrations,
      routes: { $connect: 'echo', $default: { integration: 'echo', routeResponse: true } },
      stages: { dev: {}, web: { allowedOrigins: [originOf(own)] } },
    };
    gateway = await start({
      lambda: { endpoint: functions.url },
      apis: {
        text: { ...api, limits: { idleTimeoutMs: 1_500 } },
        binary: { ...api, binaryFrames: true },
        tokens: {
          ...api,
          authorizers: {
            jwt: {
              authorizerType: 'JWT',
              identitySource: ['route.request.header.Sec-WebSocket-Protocol'],
              jwtConfiguration,
            },
          },
          routes: { ...api.routes, $connect: { authorizationType: 'JWT', authorizer: 'jwt' } },
        },
      },
    });
    page = await pageOf(own);
  });
  afterAll(async () => {
    await browser?.close();
    await gateway?.stop();
    await Promise.all([functions?.stop(), issuer?.stop()]);
    for (const server of [own, foreign]) {
      server?.closeAllConnections();
      server?.close();
    }
  });

  async function pageOf(server: Server): Promise<Page> {
    const opened = await browser.newPage();
    await opened.goto(originOf(server));
    return opened;
  }

  const talk = (path: string, order: object = {}, on = page) =>
    on.evaluate<Talk>(`talk(${JSON.stringify({ url: `${gateway.webSocketUrl}${path}`, ...order })})`);
  const refused = { received: [], close: { code: 1006, reason: '', wasClean: false } };

  it('[CN-72] only pages of an allowed origin get in; of others the back end does not hear', async () => {
    expect(await talk('/text/web', { send: ['hello'], answers: 1 })).toEqual({ protocol: '', received: ['hello'] });
    const connects = functions.calls.length;
    const stranger = await pageOf(foreign);
    expect(await talk('/text/web', {}, stranger)).toEqual(refused);
    // A page without an origin of its own says `null`.
    const blank = await browser.newPage();
    await blank.setContent(`<script>${pageScript}</script>`);
    expect(await talk('/text/web', {}, blank)).toEqual(refused);
    expect(functions.calls.length).toBe(connects);
    expect(await talk('/text/dev', { send: ['hi'], answers: 1 }, stranger)).toEqual({ protocol: '', received: ['hi'] });
    await Promise.all([stranger.close(), blank.close()]);
  });

  it('[AU-12] a page shows its token as a sub-protocol, in both forms; without one, or with a bad one, it stays out', async () => {
    const token = issuer.token(60);
    for (const protocols of [
      ['access_token', token, 'chat'],
      [`bearer.${token}`, 'chat'],
    ]) {
      const order = { protocols, send: ['hello'], answers: 1 };
      expect(await talk('/tokens/dev', order)).toEqual({ protocol: 'chat', received: ['hello'] });
    }
    for (const protocols of [['chat'], ['access_token', issuer.token(60, { aud: 'other' })], ['access_token', 'x']]) {
      expect(await talk('/tokens/dev', { protocols })).toEqual(refused);
    }
  });

  it('[CN-74] binary messages go both ways and stay binary, texts stay texts', async () => {
    const bytes = [0xff, 0x00, 0xc3, 0x28];
    expect((await talk('/binary/dev', { send: [{ bytes }, 'text'], answers: 2 })).received).toEqual([
      { hex: 'ff00c328' },
      'text',
    ]);
    const events = functions.callsOf('echo').filter(({ requestContext }) => requestContext.eventType === 'MESSAGE');
    expect(events.slice(-2).map(({ body, isBase64Encoded }) => [body, isBase64Encoded])).toEqual([
      [Buffer.from(bytes).toString('base64'), true],
      ['text', false],
    ]);
  });

  it('[CN-21] [CN-30] [CN-70] a page is told why its connection was closed', async () => {
    const [binary, idle, expired] = await Promise.all([
      talk('/text/dev', { send: [{ bytes: [1, 2] }] }),
      talk('/text/dev'),
      talk('/tokens/dev', { protocols: ['access_token', issuer.token(3)] }),
    ]);
    expect(binary.close).toEqual({ code: 1003, reason: 'Binary is not supported', wasClean: true });
    expect(idle.close).toEqual({ code: 1001, reason: 'Going away', wasClean: true });
    expect(expired.close).toEqual({ code: 1008, reason: 'Authorization expired', wasClean: true });
  });
});
