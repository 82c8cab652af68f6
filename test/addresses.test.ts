import { request } from 'node:http';
import { connectClient, type GatewayProcess, refusedHandshake, startGatewayProcess } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chatConfig } from './chat-config.js';

const mockApi = () => {
  const { chat } = chatConfig('http://127.0.0.1:9').apis;
  return { ...chat, routes: { canned: chat.routes.canned } };
};

describe('addresses of several APIs', () => {
  let gateway: GatewayProcess;
  beforeAll(async () => {
    gateway = await startGatewayProcess({
      role: 'start',
      config: { apis: { chat: { ...mockApi(), default: true }, game: mockApi() } },
    });
  });
  afterAll(() => gateway?.kill());

  const accepted = async (path: string, host?: string) => {
    const client = await connectClient(
      `ws://127.0.0.1:${gateway.port}${path}`,
      host === undefined ? {} : { headers: { host } },
    );
    client.send({ action: 'canned' });
    expect(await client.next()).toBe('{"canned":true}');
    await client.close();
  };

  it('[CN-101] [CN-102] [CN-103] path style, host style, and the default API', async () => {
    await accepted('/chat/dev');
    await accepted('/game/prod');
    await accepted('/chat/dev/');
    await accepted('/dev');
    await accepted('/dev', 'game.example.com');
    await accepted('/dev', `GAME.execute-api.us-east-1.localhost:${gateway.port}`);
  });

  it('[CN-1] [ER-5] H7: unknown stage, unknown API and extra segments are 403 Forbidden with the headers of 01 §1.3', async () => {
    for (const path of ['/chat/nope', '/nope', '/nope/dev', '/chat/dev/more', '/', '/%00/dev', '/chat/%64ev%2Fx']) {
      const refused = await refusedHandshake(`ws://127.0.0.1:${gateway.port}${path}`);
      expect(`${path} ${refused.status} ${refused.body}`).toBe(`${path} 403 {"message":"Forbidden"}`);
      expect(refused.headers['x-amzn-errortype']).toBe('ForbiddenException');
      expect(refused.headers['x-amzn-requestid']).toMatch(/^[0-9a-f-]{36}$/);
      expect(refused.headers['content-type']).toBe('application/json');
    }
  });

  it('[CN-4] O1: a plain GET is 403 Forbidden', async () => {
    const answer = await new Promise<{ status: number; body: string }>((resolve, reject) => {
      request({ port: gateway.port, host: '127.0.0.1', path: '/chat/dev' }, async (response) => {
        let body = '';
        for await (const chunk of response) body += chunk;
        resolve({ status: response.statusCode ?? 0, body });
      })
        .once('error', reject)
        .end();
    });
    expect(answer).toEqual({ status: 403, body: '{"message":"Forbidden"}' });
  });
});
