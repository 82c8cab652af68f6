import { type BackEnd, connectClient, startBackEnd } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chatConfig } from './chat-config.js';
import { type Gateway, gatewayKinds } from './gateway-kinds.js';

describe.each(gatewayKinds)('$disconnect while the back end is down (%s)', (_kind, start) => {
  let backEnd: BackEnd;
  let gateway: Gateway;

  beforeAll(async () => {
    backEnd = await startBackEnd();
    gateway = await start(chatConfig(backEnd.url));
  });
  afterAll(async () => {
    await gateway?.stop();
    await backEnd?.stop();
  });

  it('[PR-11] is tried again with back-off until the back end answers, and then no more', async () => {
    const client = await connectClient(`${gateway.webSocketUrl}/chat/dev`);
    const id = backEnd.of('CONNECT').at(-1)?.connectionId;
    const { port } = backEnd;
    await backEnd.stop();
    await client.close(4002, 'while you are away');
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    backEnd = await startBackEnd(() => ({ status: 500, body: 'told is told' }), port);
    const told = await backEnd.seen('the retry', (request) => request.eventType === 'DISCONNECT', 20_000);
    expect([told.connectionId, told.headers['x-sluice-disconnect-code']]).toEqual([id, '4002']);
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    expect(backEnd.of('DISCONNECT').length).toBe(1);
    expect(await gateway.router.metric('sluice_integration_retries_total')).toBeGreaterThan(0);
  });
});

describe('$disconnect as AWS does it', () => {
  it('[PR-11] [O24] is tried once where router.disconnectAttemptsMax is 1', async () => {
    let backEnd = await startBackEnd();
    const [, start] = gatewayKinds[0] as (typeof gatewayKinds)[number];
    const gateway = await start(chatConfig(backEnd.url, { root: { router: { disconnectAttemptsMax: 1 } } }));
    const client = await connectClient(`${gateway.webSocketUrl}/chat/dev`);
    const { port } = backEnd;
    await backEnd.stop();
    await client.close(4002, 'nobody hears it');
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    backEnd = await startBackEnd(undefined, port);
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    expect(backEnd.of('DISCONNECT')).toEqual([]);
    expect(await gateway.router.metric('sluice_integration_retries_total')).toBe(0);
    await gateway.stop();
    await backEnd.stop();
  });
});
