import { setTimeout as sleep } from 'node:timers/promises';
import { ApiGatewayManagementApiClient, PostToConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi';
import { type BackEnd, type Cluster, connectClient, startBackEnd, startCluster, testKey } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chatConfig } from './chat-config.js';

const frozenMs = 2_000;

describe('SIGTERM of a callback process with a call in work', () => {
  let backEnd: BackEnd;
  let cluster: Cluster;

  beforeAll(async () => {
    backEnd = await startBackEnd(() => ({ body: '' }));
    cluster = await startCluster({ config: chatConfig(backEnd.url) });
  });
  afterAll(async () => {
    cluster?.the('edge').signal('SIGCONT');
    await cluster?.stop();
    await backEnd?.stop();
  });

  it('[DR-3] the call is answered when its edge answers, its message delivered; then exit 0', async () => {
    const [edge, callback] = [cluster.the('edge'), cluster.the('callback')];
    const client = await connectClient(`ws://127.0.0.1:${edge.port}/chat/dev`);
    const { connectionId } = await backEnd.seen('$connect', (request) => request.eventType === 'CONNECT');
    const sdk = new ApiGatewayManagementApiClient({
      endpoint: `http://127.0.0.1:${callback.port}/chat/dev`,
      region: 'us-east-1',
      credentials: { ...testKey },
      maxAttempts: 1,
    });
    edge.signal('SIGSTOP');
    const sentAtMs = Date.now();
    const answer = sdk.send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: 'late' }));
    // The request has long arrived by then; had it not, its connection would be refused after the signal.
    await sleep(300);
    let exitedAtMs = 0;
    const exited = callback.exited.then((how) => {
      exitedAtMs = Date.now();
      return how;
    });
    callback.signal('SIGTERM');
    setTimeout(() => edge.signal('SIGCONT'), frozenMs);
    expect((await answer).$metadata.httpStatusCode).toBe(200);
    const answeredAtMs = Date.now();
    expect(answeredAtMs - sentAtMs).toBeGreaterThanOrEqual(frozenMs);
    expect(await client.next()).toBe('late');
    expect(await exited).toEqual({ code: 0, signal: null });
    expect(exitedAtMs).toBeGreaterThanOrEqual(sentAtMs + frozenMs);
    await client.close();
  });
});
