import {
  ApiGatewayManagementApiClient,
  GoneException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import { type BackEnd, connectClient, startBackEnd, testKey, waitFor } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chatConfig } from './chat-config.js';
import { type Gateway, gatewayKinds } from './gateway-kinds.js';

describe.each(gatewayKinds)('a client that never reads (%s)', (_kind, start) => {
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

  it('[QU-12] [CB-24] is bounded: posts get 429, then it is closed and answers 410, its $disconnect says 1008, others are unaffected', async () => {
    const slow = await connectClient(`${gateway.webSocketUrl}/chat/dev`);
    const slowId = (await backEnd.seen('its $connect', (request) => request.eventType === 'CONNECT')).connectionId;
    slow.socket.pause();
    const healthy = await connectClient(`${gateway.webSocketUrl}/chat/dev`);

    const management = new ApiGatewayManagementApiClient({
      endpoint: `${gateway.managementUrl}/chat/dev`,
      region: 'us-east-1',
      credentials: { ...testKey },
      maxAttempts: 1,
    });
    const post = () =>
      management.send(new PostToConnectionCommand({ ConnectionId: slowId, Data: 'x'.repeat(100_000) })).then(
        () => 'ok',
        (error: Error) => error.name,
      );
    const answers: string[] = [];
    const rssBefore = await gateway.edge.metric('process_resident_memory_bytes');
    await waitFor(
      'the slow client to be closed',
      async () => {
        answers.push(await post());
        healthy.send({ action: 'canned' });
        expect(await healthy.next(2_000)).toBe('{"canned":true}');
        return answers.at(-1) === GoneException.name;
      },
      40_000,
    );
    expect(answers[0]).toBe('ok');
    expect(answers).toContain('LimitExceededException');
    expect((await gateway.edge.metric('process_resident_memory_bytes')) - rssBefore).toBeLessThan(64 * 1024 * 1024);
    const disconnect = await backEnd.seen(
      'its $disconnect',
      (request) => request.eventType === 'DISCONNECT' && request.connectionId === slowId,
    );
    expect(disconnect.headers['x-sluice-disconnect-code']).toBe('1008');
    slow.terminate();
    await healthy.close();
  });
});
