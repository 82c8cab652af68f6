import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import {
  type BackEnd,
  type BackEndRequest,
  connectClient,
  startBackEnd,
  testKey,
  type WebSocketClient,
} from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chatConfig } from './chat-config.js';
import { type Gateway, gatewayKinds } from './gateway-kinds.js';

describe.each(gatewayKinds)('how connections end (%s)', (_kind, start) => {
  let backEnd: BackEnd;
  let gateway: Gateway;
  let management: ApiGatewayManagementApiClient;

  beforeAll(async () => {
    backEnd = await startBackEnd();
    const chat = chatConfig(backEnd.url);
    gateway = await start({
      ...chat,
      apis: {
        ...chat.apis,
        brief: { ...chat.apis.chat, limits: { idleTimeoutMs: 2_000, connectionDurationMs: 6_000 } },
      },
    });
    management = new ApiGatewayManagementApiClient({
      endpoint: `${gateway.managementUrl}/chat/dev`,
      region: 'us-east-1',
      credentials: { ...testKey },
      maxAttempts: 1,
    });
  });
  afterAll(async () => {
    await gateway?.stop();
    await backEnd?.stop();
  });

  async function connect(api = 'chat'): Promise<{ client: WebSocketClient; id: string }> {
    const before = backEnd.of('CONNECT').length;
    const client = await connectClient(`${gateway.webSocketUrl}/${api}/dev`);
    return { client, id: backEnd.of('CONNECT')[before]?.connectionId as string };
  }

  async function disconnectOf(id: string, timeoutMs = 15_000): Promise<{ code: string; reason: string }> {
    const request: BackEndRequest = await backEnd.seen(
      'the $disconnect',
      (each) => each.eventType === 'DISCONNECT' && each.connectionId === id,
      timeoutMs,
    );
    return {
      code: String(request.headers['x-sluice-disconnect-code']),
      reason: decodeURIComponent(String(request.headers['x-sluice-disconnect-reason'])),
    };
  }

  it('[CN-23] D1: a close without code is 1005 in the event', async () => {
    const { client, id } = await connect();
    await client.close();
    expect(await disconnectOf(id)).toEqual({ code: '1005', reason: 'Client-side close frame status not set' });
  });

  it('[CN-23] D2: a close with code and reason is echoed, and stands in the event', async () => {
    const { client, id } = await connect();
    expect(await client.close(4001, 'bye')).toEqual({ code: 4001, reason: 'bye' });
    expect(await disconnectOf(id)).toEqual({ code: '4001', reason: 'bye' });
  });

  it('[CN-24] D3: a reset is 1006', async () => {
    const { client, id } = await connect();
    (client.socket as unknown as { _socket: { resetAndDestroy(): void } })._socket.resetAndDestroy();
    expect(await disconnectOf(id)).toEqual({ code: '1006', reason: 'Connection closed abnormally' });
  });

  it('[CB-3] D4: DELETE @connections closes 1000 with its reason, for client and event', async () => {
    const { client, id } = await connect();
    await management.send(new DeleteConnectionCommand({ ConnectionId: id }));
    expect(await client.closed).toEqual({ code: 1000, reason: 'Connection Closed Normally' });
    expect(await disconnectOf(id)).toEqual({ code: '1000', reason: 'Connection Closed Normally' });
  });

  it('[CN-30] [QU-4] D5: an idle connection is closed 1001 Going away', async () => {
    const { client, id } = await connect('brief');
    const openedMs = Date.now();
    expect(await client.closed).toEqual({ code: 1001, reason: 'Going away' });
    expect(Date.now() - openedMs).toBeGreaterThanOrEqual(1_900);
    expect(await disconnectOf(id)).toEqual({ code: '1001', reason: 'Going away' });
  });

  it('[CN-31] [QU-5] D6: the lifetime ends a connection with traffic, 1001', async () => {
    const { client, id } = await connect('brief');
    const openedMs = Date.now();
    const traffic = setInterval(() => client.send({ action: 'canned' }), 500);
    expect((await client.closed).code).toBe(1001);
    clearInterval(traffic);
    // Up to 5 % of jitter is taken off the lifetime.
    expect(Date.now() - openedMs).toBeGreaterThanOrEqual(5_600);
    expect(await disconnectOf(id)).toEqual({ code: '1001', reason: 'Going away' });
  });

  it('[CN-30] D7: posts alone keep a connection from being idle', async () => {
    const { client, id } = await connect('brief');
    const brief = new ApiGatewayManagementApiClient({
      endpoint: `${gateway.managementUrl}/brief/dev`,
      region: 'us-east-1',
      credentials: { ...testKey },
    });
    for (let n = 0; n < 4; n++) {
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      await brief.send(new PostToConnectionCommand({ ConnectionId: id, Data: `${n}` }));
    }
    expect(client.socket.readyState).toBe(client.socket.OPEN);
    expect(client.messages).toEqual(['0', '1', '2', '3']);
    await client.close();
  });

  it('[CN-21] [RT-30] M12: a binary frame closes 1003 Binary is not supported', async () => {
    const { client, id } = await connect();
    client.send(Buffer.from([1, 2, 3]));
    expect(await client.closed).toEqual({ code: 1003, reason: 'Binary is not supported' });
    expect(await disconnectOf(id)).toEqual({ code: '1003', reason: 'Binary is not supported' });
  });

  it('[QU-1] M13, M14: 131072 bytes in frames of 32768 are accepted, 131073 bytes close 1009', async () => {
    const { client, id } = await connect();
    const text = JSON.stringify({ action: 'echo', pad: '' });
    const whole = JSON.stringify({ action: 'echo', pad: 'x'.repeat(131_072 - text.length) });
    expect(whole.length).toBe(131_072);
    for (let at = 0; at < whole.length; at += 32_768) {
      client.socket.send(whole.slice(at, at + 32_768), { fin: at + 32_768 >= whole.length });
    }
    expect(await client.next()).toBe(whole);
    client.send(`${whole} `);
    expect(await client.closed).toEqual({ code: 1009, reason: 'Message too big' });
    expect(await disconnectOf(id)).toEqual({ code: '1009', reason: 'Message too big' });
  });
});
