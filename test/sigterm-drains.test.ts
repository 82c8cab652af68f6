import { connect } from 'node:net';
import { newConnectionId } from '@sluice/contracts';
import {
  type BackEnd,
  type Cluster,
  connectClient,
  refusedHandshake,
  startBackEnd,
  startCluster,
  startGatewayProcess,
  waitFor,
} from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chatConfig } from './chat-config.js';

const drain = { SLUICE_DRAIN_HOLD_MS: '500', SLUICE_DRAIN_WINDOW_MS: '3000' };

describe('SIGTERM', () => {
  let backEnd: BackEnd;
  let cluster: Cluster;

  beforeAll(async () => {
    backEnd = await startBackEnd(async (request, response) => {
      if (request.body.includes('slow')) await new Promise((resolve) => setTimeout(resolve, 2_000));
      response.writeHead(200, { 'content-length': Buffer.byteLength(request.body) }).end(request.body);
    });
    cluster = await startCluster({
      config: chatConfig(backEnd.url),
      env: drain,
      roles: ['edge', 'edge', 'router', 'router', 'callback'],
    });
  });
  afterAll(async () => {
    await cluster?.stop();
    await backEnd?.stop();
  });

  it('[DR-1] of a router: work in flight finishes and is answered, exit 0, the other router goes on', async () => {
    const client = await connectClient(`ws://127.0.0.1:${cluster.the('edge').port}/chat/dev`);
    for (let n = 0; n < 20; n++) client.send({ action: 'echo', slow: n });
    await waitFor('the work to be in flight', () => backEnd.of('MESSAGE').length >= 20);
    const router = cluster.the('router');
    router.signal('SIGTERM');
    expect(await router.exited).toEqual({ code: 0, signal: null });
    await waitFor('all answers', () => client.messages.length === 20, 15_000);
    expect(new Set(client.messages).size).toBe(20);
    client.send({ action: 'canned' });
    await waitFor('the other router', () => client.messages.includes('{"canned":true}'));
    await client.close();
  });

  it('[DR-2] [CN-40] of an edge: not ready, new upgrades get 503 with Retry-After, sockets close 1001 spread over the window, every $disconnect, exit 0', async () => {
    const edge = cluster.the('edge');
    const clients = await Promise.all(
      Array.from({ length: 60 }, () => connectClient(`ws://127.0.0.1:${edge.port}/chat/dev`)),
    );
    const closedAtMs: number[] = [];
    const closes = Promise.all(
      clients.map((client) =>
        client.closed.then((close) => {
          closedAtMs.push(Date.now());
          return close;
        }),
      ),
    );
    const before = backEnd.of('DISCONNECT').length;
    const startedMs = Date.now();
    edge.signal('SIGTERM');
    await waitFor('not ready', () => edge.admin('/readyz').then(({ status }) => status === 503));
    const refused = await refusedHandshake(`ws://127.0.0.1:${edge.port}/chat/dev`);
    expect(refused.status).toBe(503);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    expect(new Set((await closes).map((close) => `${close.code} ${close.reason}`))).toEqual(
      new Set(['1001 Going away']),
    );
    expect(await edge.exited).toEqual({ code: 0, signal: null });

    closedAtMs.sort((a, b) => a - b);
    const first = (closedAtMs[0] as number) - startedMs;
    const spread = (closedAtMs.at(-1) as number) - (closedAtMs[0] as number);
    expect(first).toBeGreaterThanOrEqual(500);
    expect(spread).toBeGreaterThan(1_000);
    await waitFor('every $disconnect', () => backEnd.of('DISCONNECT').length === before + 60, 10_000);
    const codes = backEnd
      .of('DISCONNECT')
      .slice(before)
      .map((request) => request.headers['x-sluice-disconnect-code']);
    expect(new Set(codes)).toEqual(new Set(['1001']));
  });

  it('[DR-3] of a callback service: exit 0 at once when it has nothing to do', async () => {
    const callback = cluster.the('callback');
    callback.signal('SIGTERM');
    expect(await callback.exited).toEqual({ code: 0, signal: null });
  });
});

describe('a second SIGTERM', () => {
  it('[CN-41] ends the hold and closes what is left within 5 s, exit 0', async () => {
    const backEnd = await startBackEnd();
    const gateway = await startGatewayProcess({
      role: 'start',
      config: chatConfig(backEnd.url),
      env: { SLUICE_DRAIN_HOLD_MS: '60000', SLUICE_DRAIN_WINDOW_MS: '60000' },
    });
    try {
      const clients = await Promise.all(
        Array.from({ length: 20 }, () => connectClient(`ws://127.0.0.1:${gateway.port}/chat/dev`)),
      );
      gateway.signal('SIGTERM');
      await waitFor('the drain', () => gateway.admin('/readyz').then(({ status }) => status === 503));
      const hurriedAtMs = Date.now();
      gateway.signal('SIGTERM');
      const closes = await Promise.all(clients.map((client) => client.closed));
      expect(closes.every(({ code }) => code === 1001)).toBe(true);
      expect(await gateway.exited).toEqual({ code: 0, signal: null });
      expect(Date.now() - hurriedAtMs).toBeLessThan(15_000);
    } finally {
      await gateway.kill();
      await backEnd.stop();
    }
  });
});

describe('POST /drain', () => {
  it('[DR-4] asked for again, and followed by SIGTERM, drains once and at its own pace, exit 0', async () => {
    const backEnd = await startBackEnd();
    const gateway = await startGatewayProcess({
      role: 'start',
      config: chatConfig(backEnd.url),
      env: { SLUICE_DRAIN_HOLD_MS: '2500', SLUICE_DRAIN_WINDOW_MS: '200' },
    });
    try {
      const client = await connectClient(`ws://127.0.0.1:${gateway.port}/chat/dev`);
      const startedMs = Date.now();
      for (let n = 0; n < 3; n++) expect((await gateway.admin('/drain', 'POST')).status).toBe(202);
      gateway.signal('SIGTERM');
      expect(await client.closed).toMatchObject({ code: 1001 });
      expect(Date.now() - startedMs).toBeGreaterThanOrEqual(2_400);
      expect(await gateway.exited).toEqual({ code: 0, signal: null });
    } finally {
      await gateway.kill();
      await backEnd.stop();
    }
  });
});

describe('SIGTERM while @connections is called on the edge port', () => {
  it('[DR-5] the call in work is answered before the port goes, later ones get 503', async () => {
    const backEnd = await startBackEnd();
    const gateway = await startGatewayProcess({
      role: 'start',
      config: chatConfig(backEnd.url),
      env: { SLUICE_DRAIN_HOLD_MS: '0', SLUICE_DRAIN_WINDOW_MS: '0' },
    });
    try {
      const caller = connect(gateway.port, '127.0.0.1');
      let answer = '';
      caller.on('data', (chunk) => {
        answer += chunk;
      });
      caller.on('error', () => {});
      const path = `/chat/dev/@connections/${newConnectionId(0)}`;
      caller.write(`POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhello`);
      await new Promise((resolve) => setTimeout(resolve, 200));
      gateway.signal('SIGTERM');
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      const late = await fetch(`http://127.0.0.1:${gateway.port}${path}`, { method: 'POST', body: 'x' });
      expect([late.status, late.headers.get('connection')]).toEqual([503, 'close']);
      caller.write('world');
      await waitFor('the answer', () => answer.includes('\r\n\r\n'), 3_000);
      expect(answer).toMatch(/^HTTP\/1\.1 410 Gone\r\n/);
      expect(await gateway.exited).toEqual({ code: 0, signal: null });
    } finally {
      await gateway.kill();
      await backEnd.stop();
    }
  });
});
