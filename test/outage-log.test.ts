import { setTimeout as sleep } from 'node:timers/promises';
import { type BackEnd, type Cluster, connectClient, startBackEnd, startCluster, waitFor } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chatConfig } from './chat-config.js';

describe('what an operator reads of a Redis that is away', () => {
  let backEnd: BackEnd;
  let cluster: Cluster;

  beforeAll(async () => {
    backEnd = await startBackEnd(() => ({ body: '' }));
    cluster = await startCluster({ config: chatConfig(backEnd.url), redis: { appendOnly: true } });
  });
  afterAll(async () => {
    await cluster?.stop();
    await backEnd?.stop();
  });

  it('each trouble once, in a sentence without stack or words of the driver; joining is told once', async () => {
    const edge = cluster.the('edge');
    const client = await connectClient(`ws://127.0.0.1:${edge.port}/chat/dev`);
    await cluster.redis.kill();
    // Beyond the first renewal of the lease and several of its retries, one a second.
    await sleep(10_000);
    client.terminate();
    await cluster.redis.restart();
    await waitFor(
      'the edge',
      async () => (await connectClient(`ws://127.0.0.1:${edge.port}/chat/dev`).catch(() => undefined)) !== undefined,
    );

    const lines = cluster.processes.flatMap((each) =>
      linesOf(each.output()).map((line) => ({ ...line, pid: each.pid })),
    );
    const of = (event: string) => lines.filter((line) => line.event === event);
    expect(of('connections.joined')).toHaveLength(1);
    expect(of('connections.store_failed').length, 'the outage was noticed').toBeGreaterThan(0);
    for (const event of ['connections.store_failed', 'edge.connection_error', 'connections.lease_lost']) {
      const told = of(event);
      expect(new Set(told.map((line) => `${line.pid} ${line.msg}`)).size, event).toBe(told.length);
      for (const line of told) expect(line).not.toHaveProperty('err');
      expect(JSON.stringify(told)).not.toMatch(/enableOfflineQueue|ioredis/);
    }
  });
});

function linesOf(output: string): { event: string; msg: string }[] {
  return output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
}
