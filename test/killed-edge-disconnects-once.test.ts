import {
  ApiGatewayManagementApiClient,
  GoneException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import {
  type BackEnd,
  type Cluster,
  connectClient,
  startBackEnd,
  startCluster,
  testKey,
  waitFor,
} from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chatConfig } from './chat-config.js';

const connectionCount = 500;

describe('kill -9 of an edge', () => {
  let backEnd: BackEnd;
  let cluster: Cluster;

  beforeAll(async () => {
    backEnd = await startBackEnd(() => ({ body: '' }));
    cluster = await startCluster({
      config: chatConfig(backEnd.url),
      roles: ['edge', 'edge', 'router', 'router', 'callback'],
    });
  });
  afterAll(async () => {
    await cluster?.stop();
    await backEnd?.stop();
  });

  it(`[PR-5] [PR-9] [CB-22] ${connectionCount} connections: their ids answer 410 within 15 s, $disconnect comes exactly once for each within 60 s`, async () => {
    const edge = cluster.the('edge');
    const clients = await Promise.all(
      Array.from({ length: connectionCount }, () => connectClient(`ws://127.0.0.1:${edge.port}/chat/dev`)),
    );
    const ids = backEnd.of('CONNECT').map((request) => request.connectionId);
    expect(new Set(ids).size).toBe(connectionCount);
    // One that ends in the regular way before the crash must not be reported again by the survivor.
    await clients[0]?.close(4000, 'bye');
    await waitFor('the regular $disconnect', () => backEnd.of('DISCONNECT').length === 1);

    const killedAtMs = Date.now();
    await edge.kill();
    const management = new ApiGatewayManagementApiClient({
      endpoint: `http://127.0.0.1:${cluster.the('callback').port}/chat/dev`,
      region: 'us-east-1',
      credentials: { ...testKey },
      maxAttempts: 1,
    });
    const post = (ConnectionId: string) =>
      management.send(new PostToConnectionCommand({ ConnectionId, Data: 'hello' }));
    const last = ids.at(-1) as string;
    await waitFor(
      '410',
      () =>
        post(last).then(
          () => false,
          (error) => error instanceof GoneException,
        ),
      20_000,
    );
    const goneMs = Date.now() - killedAtMs;
    expect(goneMs).toBeLessThan(15_000);
    const answers = await Promise.all(ids.slice(0, 50).map((id) => post(id).catch((error: Error) => error.name)));
    expect(new Set(answers)).toEqual(new Set(['GoneException']));

    await waitFor('every $disconnect', () => new Set(disconnectedIds()).size === connectionCount, 60_000);
    const allMs = Date.now() - killedAtMs;
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(disconnectedIds().length).toBe(connectionCount);
    expect(new Set(disconnectedIds())).toEqual(new Set(ids));
    const crashed = backEnd
      .of('DISCONNECT')
      .filter((request) => request.headers['x-sluice-disconnect-code'] === '1006');
    expect(crashed.length).toBe(connectionCount - 1);
    console.log(`killed edge: 410 after ${goneMs} ms, ${connectionCount} $disconnect after ${allMs} ms, none twice`);
  }, 120_000);

  function disconnectedIds(): string[] {
    return backEnd.of('DISCONNECT').map((request) => request.connectionId);
  }
});
