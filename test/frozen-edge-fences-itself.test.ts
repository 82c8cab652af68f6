import { type BackEnd, type Cluster, connectClient, startBackEnd, startCluster, waitFor } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chatConfig } from './chat-config.js';

describe('an edge that is frozen past its lease', () => {
  let backEnd: BackEnd;
  let cluster: Cluster;

  beforeAll(async () => {
    backEnd = await startBackEnd(() => ({ body: '' }));
    cluster = await startCluster({ config: chatConfig(backEnd.url), roles: ['edge', 'router', 'callback'] });
  });
  afterAll(async () => {
    await cluster?.stop();
    await backEnd?.stop();
  });

  it('[PR-6] [PR-9] [CN-50] [CN-52] is taken over, fences itself when it thaws, and serves again: no $disconnect twice, no 200 for a moved id', async () => {
    const edge = cluster.the('edge');
    const clients = await Promise.all(
      Array.from({ length: 20 }, () => connectClient(`ws://127.0.0.1:${edge.port}/chat/dev`)),
    );
    edge.signal('SIGSTOP');
    await waitFor('the survivor', () => backEnd.of('DISCONNECT').length === clients.length, 45_000);
    edge.signal('SIGCONT');

    const closes = await Promise.all(clients.map((client) => client.closed));
    expect(closes.every((close) => close.code === 1001)).toBe(true);
    const again = await waitFor('a new connection', () =>
      connectClient(`ws://127.0.0.1:${edge.port}/chat/dev`).catch(() => undefined),
    );
    again.send({ action: 'canned' });
    expect(await again.next()).toBe('{"canned":true}');
    await again.close(1000);
    await waitFor('its $disconnect', () => backEnd.of('DISCONNECT').length === clients.length + 1);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect(backEnd.of('DISCONNECT').length).toBe(clients.length + 1);
    expect(await edge.metric('sluice_fences_total')).toBe(1);
  }, 100_000);
});
