import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  GetConnectionCommand,
  GoneException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import { limits, newConnectionId } from '@sluice/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { apiDefinition, edgeSlot, type StartedCallback, startCallback } from './testing/start-callback.js';

const keys = [
  { accessKeyId: 'AKIDALL', secretAccessKey: 'all', allow: ['*'] },
  { accessKeyId: 'AKIDPOST', secretAccessKey: 'post', allow: ['arn:aws:execute-api:*:*:chat/dev/POST/@connections/*'] },
  { accessKeyId: 'AKIDID', secretAccessKey: 'id', allow: ['arn:aws:execute-api:*:*:chat/dev/POST/@connections/gb*'] },
  { accessKeyId: 'AKIDTOKEN', secretAccessKey: 't', sessionToken: 'x'.repeat(4_500), allow: ['*'] },
];

let service: StartedCallback;
beforeEach(async () => {
  service = await startCallback({ auth: { mode: 'sigv4', keys } }, [apiDefinition('chat', 'dev', 'prod')]);
});
afterEach(() => service.callback.stop());

function client(stage: string, key = keys[0], region = 'us-east-1') {
  const { accessKeyId = '', secretAccessKey = '', sessionToken } = key ?? {};
  return new ApiGatewayManagementApiClient({
    endpoint: `${service.base}/${stage}`,
    region,
    maxAttempts: 1,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
  });
}
const post = (ConnectionId: string, Data: string | Uint8Array, stage = 'dev', key = keys[0]) =>
  client(stage, key).send(new PostToConnectionCommand({ ConnectionId, Data: Buffer.from(Data) }));
const metaOf = (answer: { $metadata: { httpStatusCode?: number } }) => answer.$metadata.httpStatusCode;

describe('the AWS SDK', () => {
  it('[CB-1] posts: 200, and the connection gets exactly the bytes', async () => {
    const id = service.edge.connect('chat/dev');
    expect(metaOf(await post(id, 'héllo'))).toBe(200);
    expect(metaOf(await post(id, ''))).toBe(200);
    expect(service.edge.received(id)).toEqual(['héllo', '']);
  });

  it('[CB-2] gets what is known about a connection', async () => {
    const id = service.edge.connect('chat/dev');
    const answer = await client('dev').send(new GetConnectionCommand({ ConnectionId: id }));
    expect(answer.Identity).toEqual({ SourceIp: '192.0.2.1', UserAgent: 'wscat' });
    expect(answer.ConnectedAt?.getTime()).toBe(Date.UTC(2026, 8, 25, 0, 22, 29, 887));
    expect(answer.LastActiveAt?.getTime()).toBe(Date.UTC(2026, 8, 25, 0, 22, 30, 389));
  });

  it('[CB-3] deletes: 204, and a second time GoneException', async () => {
    const id = service.edge.connect('chat/dev');
    const remove = () => client('dev').send(new DeleteConnectionCommand({ ConnectionId: id }));
    expect(metaOf(await remove())).toBe(204);
    await expect(remove()).rejects.toBeInstanceOf(GoneException);
  });

  it('[CB-22] closed, never issued, of a dead node, of the older form: GoneException', async () => {
    for (const id of [newConnectionId(edgeSlot), newConnectionId(9), 'L0SM9cOFvHcCIhw=']) {
      await expect(post(id, 'x')).rejects.toBeInstanceOf(GoneException);
    }
  });

  it('[CB-7] 131072 bytes are taken, one more is 413 and changes nothing', async () => {
    const id = service.edge.connect('chat/dev');
    const longest = 'x'.repeat(limits.messageBytesMax);
    expect(metaOf(await post(id, longest))).toBe(200);
    for (let i = 0; i < 20; i++) {
      await expect(post(id, `${longest}x`)).rejects.toMatchObject({
        name: 'PayloadTooLargeException',
        message: 'Message too long',
        $metadata: { httpStatusCode: 413 },
      });
    }
    expect(service.edge.received(id)).toEqual([longest]);
  });

  it('[CB-26] any stage of the same API reaches the connection; an unknown stage is ForbiddenException', async () => {
    const id = service.edge.connect('chat/dev');
    expect(metaOf(await post(id, 'x', 'prod'))).toBe(200);
    await expect(post(id, 'x', 'nosuch')).rejects.toMatchObject({ name: 'ForbiddenException' });
  });

  it('[CB-18] a policy on /* allows, one on the real id, on another stage or another method does not', async () => {
    const id = service.edge.connect('chat/dev');
    expect(metaOf(await post(id, 'x', 'dev', keys[1]))).toBe(200);
    const denied = { name: 'AccessDeniedException', $metadata: { httpStatusCode: 403 } };
    await expect(post(id, 'x', 'dev', keys[2])).rejects.toMatchObject(denied);
    await expect(post(id, 'x', 'prod', keys[1])).rejects.toMatchObject(denied);
    const get = client('dev', keys[1]).send(new GetConnectionCommand({ ConnectionId: id }));
    await expect(get).rejects.toMatchObject(denied);
    expect(service.edge.received(id)).toEqual(['x']);
  });

  it('[CB-14] a wrong secret or region is refused, and counted by reason', async () => {
    const id = service.edge.connect('chat/dev');
    const wrong = { accessKeyId: 'AKIDALL', secretAccessKey: 'wrong', allow: [] };
    await expect(post(id, 'x', 'dev', wrong)).rejects.toMatchObject({ name: 'InvalidSignatureException' });
    const elsewhere = client('dev', keys[0], 'eu-west-1').send(new GetConnectionCommand({ ConnectionId: id }));
    await expect(elsewhere).rejects.toMatchObject({ name: 'InvalidSignatureException' });
    const { values } = await service.telemetry.metrics.signatureFailuresTotal.get();
    expect(values.map(({ labels, value }) => [labels.reason, value])).toEqual([
      ['mismatch', 1],
      ['scope', 1],
    ]);
    expect(service.edge.received(id)).toEqual([]);
  });

  it('[CB-13] a session token of 4.5 KB passes', async () => {
    const id = service.edge.connect('chat/dev');
    expect(metaOf(await post(id, 'x', 'dev', keys[3]))).toBe(200);
  });

  it('[CB-29] an address without an API is judged by the API of the connection', async () => {
    await service.callback.stop();
    service = await startCallback({ auth: { mode: 'sigv4', keys } }, [
      apiDefinition('chat', 'dev'),
      apiDefinition('shop', 'dev'),
    ]);
    const [own, other] = [service.edge.connect('chat/dev'), service.edge.connect('shop/dev')];
    expect(metaOf(await post(own, 'x', 'dev', keys[1]))).toBe(200);
    await expect(post(other, 'x', 'dev', keys[1])).rejects.toMatchObject({ name: 'AccessDeniedException' });
    expect(metaOf(await post(other, 'x', 'dev', keys[0]))).toBe(200);
    expect(service.edge.received(other)).toEqual(['x']);
  });

  it('[CB-24] a slow consumer is LimitExceededException', async () => {
    const id = service.edge.connect('chat/dev');
    service.edge.mode = 'slow';
    await expect(post(id, 'x')).rejects.toMatchObject({ name: 'LimitExceededException' });
  });

  it('[CB-28] counts requests by operation and status', async () => {
    const id = service.edge.connect('chat/dev');
    await post(id, 'x');
    await post(newConnectionId(edgeSlot), 'x').catch(() => {});
    const { values } = await service.telemetry.metrics.managementRequestsTotal.get();
    expect(values.map(({ labels, value }) => [labels.kind, labels.code, value])).toEqual([
      ['post', '200', 1],
      ['post', '410', 1],
    ]);
    const delivery = await service.telemetry.metrics.deliverySeconds.get();
    expect(delivery.values.find((value) => value.metricName?.endsWith('_count'))?.value).toBe(1);
  });
});
