import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  GetConnectionCommand,
  GoneException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import { newConnectionId } from '@sluice/contracts';
import { type BackEnd, connectClient, startBackEnd, testKey, type WebSocketClient, waitFor } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chatConfig } from './chat-config.js';
import { type Gateway, gatewayKinds } from './gateway-kinds.js';

const stageKey = {
  accessKeyId: 'AKIDSTAGE',
  secretAccessKey: 'stage-secret',
  allow: ['arn:aws:execute-api:*:*:chat/dev/POST/@connections/*'],
};
const realIdKey = {
  accessKeyId: 'AKIDREALID',
  secretAccessKey: 'real-id-secret',
  allow: ['arn:aws:execute-api:*:*:chat/dev/POST/@connections'],
};

describe.each(gatewayKinds)('@connections with the AWS SDK (%s)', (_kind, start) => {
  let backEnd: BackEnd;
  let gateway: Gateway;
  let client: WebSocketClient;
  let id: string;

  const sdk = (base: string, credentials: { accessKeyId: string; secretAccessKey: string } = testKey) =>
    new ApiGatewayManagementApiClient({
      endpoint: base,
      region: 'us-east-1',
      credentials: { ...credentials },
      maxAttempts: 1,
    });
  const post = (base: string, ConnectionId: string, Data: string | Uint8Array, credentials = testKey) =>
    sdk(base, credentials).send(new PostToConnectionCommand({ ConnectionId, Data }));
  const failure = (promise: Promise<unknown>) =>
    promise.then(
      () => {
        throw new Error('it should have failed');
      },
      (error: Error & { $metadata: { httpStatusCode: number } }) => error,
    );

  beforeAll(async () => {
    backEnd = await startBackEnd();
    const chat = chatConfig(backEnd.url);
    gateway = await start({
      apis: { ...chat.apis, other: { ...chat.apis.chat, routes: {} } },
      auth: { callback: 'sigv4', keys: [testKey, stageKey, realIdKey] },
    });
    client = await connectClient(`${gateway.webSocketUrl}/chat/dev`, { headers: { 'user-agent': 'test-client' } });
    id = (await backEnd.seen('$connect', (request) => request.eventType === 'CONNECT')).connectionId;
  });
  afterAll(async () => {
    client?.terminate();
    await gateway?.stop();
    await backEnd?.stop();
  });

  it('[CB-1] [CL-1] [PR-9] C1: a post arrives as one text frame, on the callback service and on the edge port', async () => {
    const answer = await post(`${gateway.managementUrl}/chat/dev`, id, 'from the callback service');
    expect(answer.$metadata.httpStatusCode).toBe(200);
    expect(await client.next()).toBe('from the callback service');
    await post(`${gateway.edgeManagementUrl}/chat/dev`, id, 'from the edge port');
    expect(await client.next()).toBe('from the edge port');
    await post(`${gateway.managementUrl}/chat/dev`, id, '');
    expect(await client.next()).toBe('');
  });

  it('[PR-3] [CB-31] posts awaited one after another, and pipelined ones to one connection, arrive in the order of acceptance', async () => {
    const expected: string[] = [];
    for (let n = 0; n < 50; n++) {
      expected.push(`in order ${n}`);
      await post(`${gateway.managementUrl}/chat/dev`, id, `in order ${n}`);
    }
    const received: string[] = [];
    for (const _ of expected) received.push(await client.next());
    expect(received).toEqual(expected);
  });

  it('[CB-4] C2: invalid UTF-8 is replaced by U+FFFD', async () => {
    await post(`${gateway.managementUrl}/chat/dev`, id, Uint8Array.from([0x61, 0xff, 0x62]));
    expect(await client.next()).toBe('a\uFFFDb');
  });

  it('[CB-7] [CB-8] [QU-3] C3: 131072 bytes are delivered, 131073 refused with 413 and nothing changes', async () => {
    await post(`${gateway.managementUrl}/chat/dev`, id, 'x'.repeat(131_072));
    expect((await client.next()).length).toBe(131_072);
    const before = await sdk(`${gateway.managementUrl}/chat/dev`).send(new GetConnectionCommand({ ConnectionId: id }));
    const error = await failure(post(`${gateway.managementUrl}/chat/dev`, id, 'x'.repeat(131_073)));
    expect(error.$metadata.httpStatusCode).toBe(413);
    expect(error.name).toBe('PayloadTooLargeException');
    const after = await sdk(`${gateway.managementUrl}/chat/dev`).send(new GetConnectionCommand({ ConnectionId: id }));
    expect(after.LastActiveAt).toEqual(before.LastActiveAt);
  });

  it('[CB-22] C4: a closed or never issued id is GoneException 410 with an empty body', async () => {
    const closing = await connectClient(`${gateway.webSocketUrl}/chat/dev`);
    const closedId = backEnd.of('CONNECT').at(-1)?.connectionId as string;
    await closing.close();
    await backEnd.seen(
      '$disconnect',
      (request) => request.eventType === 'DISCONNECT' && request.connectionId === closedId,
    );
    for (const gone of [closedId, newConnectionId(0xfffe), 'L0SM9cOFvHcCIhw=']) {
      const error = await failure(post(`${gateway.managementUrl}/chat/dev`, gone, 'x'));
      expect(error).toBeInstanceOf(GoneException);
      expect(error.$metadata.httpStatusCode).toBe(410);
    }
  });

  it('[CB-9] [CB-11] C5, C6: a malformed id is 400 even unsigned; an unsigned call to a well-formed one 403 MissingAuthenticationToken', async () => {
    const malformed = await fetch(`${gateway.managementUrl}/chat/dev/@connections/abc`, { method: 'POST', body: 'x' });
    expect(malformed.status).toBe(400);
    expect(malformed.headers.get('x-amzn-errortype')).toBe('BadRequestException');
    expect(await malformed.text()).toBe('{"message":"Invalid connectionId: abc"}');
    const unsigned = await fetch(`${gateway.managementUrl}/chat/dev/@connections/${id}`, { method: 'POST', body: 'x' });
    expect(unsigned.status).toBe(403);
    expect(unsigned.headers.get('x-amzn-errortype')).toBe('MissingAuthenticationTokenException');
    expect(await unsigned.text()).toBe('{"message":"Missing Authentication Token"}');
  });

  it('[CB-5] every encoding of the marker is understood, on the callback service and on the edge port', async () => {
    for (const base of [gateway.managementUrl, gateway.edgeManagementUrl]) {
      for (const marker of ['@connections', '%40connections', '%2540connections']) {
        const answer = await fetch(`${base}/chat/dev/${marker}/abc`, { method: 'POST', body: 'x' });
        expect([answer.status, await answer.text()], `${base} ${marker}`).toEqual([
          400,
          '{"message":"Invalid connectionId: abc"}',
        ]);
      }
    }
  });

  it('[CB-2] C7: GET shows identity and times in the layout of 09 §9.2', async () => {
    const shown = await sdk(`${gateway.managementUrl}/chat/dev`).send(new GetConnectionCommand({ ConnectionId: id }));
    expect(shown.Identity?.SourceIp).toMatch(/^(127\.0\.0\.1|::1)$/);
    expect(shown.Identity?.UserAgent).toBe('test-client');
    expect(shown.ConnectedAt).toBeInstanceOf(Date);
    expect((shown.LastActiveAt as Date).getTime()).toBeGreaterThanOrEqual((shown.ConnectedAt as Date).getTime());
  });

  it('[CB-26] [CB-6] C9, C10: any stage of the API reaches it; an unknown stage is ForbiddenException', async () => {
    await post(`${gateway.managementUrl}/chat/prod`, id, 'other stage');
    expect(await client.next()).toBe('other stage');
    const error = await failure(post(`${gateway.managementUrl}/chat/nope`, id, 'x'));
    expect(error.name).toBe('ForbiddenException');
    expect(error.$metadata.httpStatusCode).toBe(403);
  });

  it('[CB-27] a connection of another API is 410', async () => {
    expect(await failure(post(`${gateway.managementUrl}/other/dev`, id, 'x'))).toBeInstanceOf(GoneException);
  });

  it('[CB-29] [CN-104] an address that names no API means the API of the connection, and policies are evaluated against that', async () => {
    await post(`${gateway.managementUrl}/dev`, id, 'no api named', stageKey);
    expect(await client.next()).toBe('no api named');
    const wrongStage = await failure(post(`${gateway.managementUrl}/prod`, id, 'x', stageKey));
    expect(wrongStage.name).toBe('AccessDeniedException');
  });

  it('[CB-18] [CB-19] [CB-20] C11: a policy on the stage allows, one on the method alone or on the real id does not; the body is the masked one', async () => {
    await post(`${gateway.managementUrl}/chat/dev`, id, 'allowed', stageKey);
    expect(await client.next()).toBe('allowed');
    const denied = await failure(
      sdk(`${gateway.managementUrl}/chat/dev`, stageKey).send(new DeleteConnectionCommand({ ConnectionId: id })),
    );
    expect(denied.name).toBe('AccessDeniedException');
    expect((await failure(post(`${gateway.managementUrl}/chat/dev`, id, 'x', realIdKey))).name).toBe(
      'AccessDeniedException',
    );
    const stranger = { accessKeyId: 'AKIDNOBODY', secretAccessKey: 'nothing', allow: [] };
    expect((await failure(post(`${gateway.managementUrl}/chat/dev`, id, 'x', stranger))).$metadata.httpStatusCode).toBe(
      403,
    );
    const forged = { ...testKey, secretAccessKey: 'wrong' };
    expect((await failure(post(`${gateway.managementUrl}/chat/dev`, id, 'x', forged))).name).toMatch(/Signature/);
  });

  it('[CB-32] H12: while $connect runs the id is gone, after the 101 it works', async () => {
    let during: Error | undefined;
    backEnd.answer(async (request, response) => {
      if (request.eventType === 'CONNECT') {
        during = await failure(post(`${gateway.managementUrl}/chat/dev`, request.connectionId, 'too early'));
      }
      response.writeHead(200, { 'content-length': 0 }).end();
    });
    const late = await connectClient(`${gateway.webSocketUrl}/chat/dev`);
    expect(during).toBeInstanceOf(GoneException);
    const lateId = backEnd.of('CONNECT').at(-1)?.connectionId as string;
    await post(`${gateway.managementUrl}/chat/dev`, lateId, 'now');
    expect(await late.next()).toBe('now');
    backEnd.answer((request) => ({ body: request.body }));
    await late.close();
  });

  it('[CB-3] [CB-22] D4, C4: DELETE is 204 and closes; the second is 410', async () => {
    const doomed = await connectClient(`${gateway.webSocketUrl}/chat/dev`);
    const doomedId = backEnd.of('CONNECT').at(-1)?.connectionId as string;
    const remove = () =>
      sdk(`${gateway.managementUrl}/chat/dev`).send(new DeleteConnectionCommand({ ConnectionId: doomedId }));
    expect((await remove()).$metadata.httpStatusCode).toBe(204);
    await waitFor('the close', () => doomed.socket.readyState === doomed.socket.CLOSED);
    expect(await failure(remove())).toBeInstanceOf(GoneException);
  });
});
