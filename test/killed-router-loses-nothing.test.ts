import { type BackEnd, type Cluster, connectClient, startBackEnd, startCluster, waitFor } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chatConfig } from './chat-config.js';

const clientCount = 20;
const messagesPerClient = 150;

describe('kill -9 of a router under load', () => {
  let backEnd: BackEnd;
  let cluster: Cluster;

  beforeAll(async () => {
    backEnd = await startBackEnd(async (_request, response) => {
      // Slow enough that the dead router leaves work in flight behind.
      await new Promise((resolve) => setTimeout(resolve, 30));
      response.writeHead(200, { 'content-length': 0 }).end();
    });
    cluster = await startCluster({
      config: chatConfig(backEnd.url),
      roles: ['edge', 'router', 'router'],
    });
  });
  afterAll(async () => {
    await cluster?.stop();
    await backEnd?.stop();
  });

  it('[PR-1] every accepted frame reaches its back end, repeats carry the same messageId', async () => {
    const edge = cluster.the('edge');
    const clients = await Promise.all(
      Array.from({ length: clientCount }, () => connectClient(`ws://127.0.0.1:${edge.port}/chat/dev`)),
    );
    const sent = new Set<string>();
    const victim = cluster.the('router');
    for (let n = 0; n < messagesPerClient; n++) {
      for (const [index, client] of clients.entries()) {
        const id = `${index}-${n}`;
        sent.add(id);
        client.send({ action: 'tell', id });
      }
      if (n === Math.floor(messagesPerClient / 2)) await victim.kill();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }

    const delivered = () => new Set(messageIds(backEnd));
    await waitFor('every message at the back end', () => delivered().size === sent.size, 50_000).catch(() => {});
    const missing = [...sent].filter((id) => !delivered().has(id));
    expect(missing).toEqual([]);

    // A client that was refused would have an error frame: accepted frames were all of them.
    expect(clients.flatMap((client) => client.messages)).toEqual([]);

    const messageIdOf = new Map<string, string>();
    let repeats = 0;
    for (const request of backEnd.of('MESSAGE')) {
      const { id } = JSON.parse(request.body) as { id: string };
      const known = messageIdOf.get(id);
      if (known !== undefined) repeats += 1;
      expect(known ?? request.messageId).toBe(request.messageId);
      messageIdOf.set(id, request.messageId);
    }
    console.log(`killed router: ${sent.size} messages sent, ${messageIdOf.size} delivered, ${repeats} repeated`);
    for (const client of clients) client.terminate();
  });
});

function messageIds(backEnd: BackEnd): string[] {
  return backEnd.of('MESSAGE').map((request) => (JSON.parse(request.body) as { id: string }).id);
}
