import { type BackEnd, type Cluster, connectClient, startBackEnd, startCluster, waitFor } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chatConfig } from './chat-config.js';

const clientCount = 60;

interface Answered {
  connectionId: string;
  body: string;
  status: number;
  tookMs: number;
}

describe('@connections while an edge drains', () => {
  let backEnd: BackEnd;
  let cluster: Cluster;

  beforeAll(async () => {
    backEnd = await startBackEnd();
    cluster = await startCluster({
      config: { ...chatConfig(backEnd.url), auth: { callback: 'none', keys: [] } },
      env: { SLUICE_DRAIN_HOLD_MS: '500', SLUICE_DRAIN_WINDOW_MS: '4000' },
    });
  });
  afterAll(async () => {
    await cluster?.stop();
    await backEnd?.stop();
  });

  it('[DR-9] every post is answered truthfully and soon: 200 was received, anything else is 410, to the last of its process', async () => {
    const edge = cluster.the('edge');
    const port = cluster.the('callback').port;
    const url = `ws://127.0.0.1:${edge.port}/chat/dev`;
    const clients = new Map<string, Awaited<ReturnType<typeof connectClient>>>();
    for (let n = 0; n < clientCount; n++) {
      const client = await connectClient(url);
      await waitFor('its $connect', () => backEnd.of('CONNECT').length === n + 1);
      clients.set(backEnd.of('CONNECT')[n]?.connectionId as string, client);
    }
    const ids = [...clients.keys()];
    const answers: Answered[] = [];
    let going = true;
    const post = async (connectionId: string, body: string) => {
      const startedAtMs = performance.now();
      const path = `/chat/dev/@connections/${encodeURIComponent(connectionId)}`;
      const { status } = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', body });
      answers.push({ connectionId, body, status, tookMs: performance.now() - startedAtMs });
    };
    const callers = Array.from({ length: 8 }, async (_, caller) => {
      for (let n = 0; going; n++) await post(ids[(n * 8 + caller) % ids.length] as string, `${caller}/${n}`);
    });
    await waitFor('posts under way', () => answers.length > 100);
    edge.signal('SIGTERM');
    expect(await edge.exited).toEqual({ code: 0, signal: null });
    // Past the end of its process too: its lease is gone, so nobody has to wait for it to run out.
    const atExit = answers.length;
    await waitFor('answers after the exit', () => answers.length > atExit + 50);
    going = false;
    await Promise.all(callers);

    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 410]));
    const delivered = answers.filter(({ status }) => status === 200);
    for (const { connectionId, body } of delivered) expect(clients.get(connectionId)?.messages).toContain(body);
    const received = [...clients.values()].reduce((sum, client) => sum + client.messages.length, 0);
    expect(received).toBe(delivered.length);
    // A command that arrived after the inbox was given up is answered when the node is seen gone; not after its lease, 14 s.
    expect(Math.max(...answers.map(({ tookMs }) => tookMs))).toBeLessThan(5_000);
    expect(answers.filter(({ status }) => status === 410).length).toBeGreaterThan(50);
    console.log(
      `${answers.length} posts while ${clientCount} sockets drained: ${delivered.length} × 200, each received; ` +
        `${answers.length - delivered.length} × 410; the slowest answer took ${Math.round(Math.max(...answers.map(({ tookMs }) => tookMs)))} ms`,
    );
  });
});
