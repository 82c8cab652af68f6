import { Agent, request as httpRequest } from 'node:http';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { createMemoryDefinitionStore } from '@sluice/definitions';
import { describe, expect, it } from 'vitest';
import { createCallback } from './index.js';
import { apiDefinition, startCallback } from './testing/start-callback.js';

/** Status of a POST over this agent, and whether its connection ends with it. */
function postBy(agent: Agent, url: string): Promise<{ status: number | undefined; connection: string | undefined }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method: 'POST', agent }, (response) => {
      const { statusCode: status, headers } = response;
      const connection = headers.connection === 'close' ? 'close' : undefined;
      response.resume().once('end', () => resolve({ status, connection }));
    });
    request.once('error', reject).end('x');
  });
}

const post = (base: string, id: string, body = 'x') =>
  fetch(`${base}/dev/@connections/${id}`, { method: 'POST', body });

describe('life of the service', () => {
  it('stops after what is in work has been answered, and takes its inbox with it', async () => {
    const { callback, edge, bus, base } = await startCallback();
    const id = edge.connect('chat/dev');
    const [inbox = ''] = bus.addresses.filter((address) => address.startsWith('c'));
    edge.mode = 'silent';
    const answer = post(base, id);
    await expect.poll(() => edge.commands.length).toBe(1);
    const stopped = callback.stop();
    expect(callback.ready()).toBe(false);
    const [command] = edge.commands;
    if (command?.kind !== 'POST') throw new Error('a POST was sent');
    bus.send(command.replyTo, {
      kind: 'OUTCOME',
      correlation: command.correlation,
      result: 'ok',
      connection: undefined,
    });
    const { status, headers } = await answer;
    expect(status).toBe(200);
    expect(headers.get('connection')).toBe('close');
    await stopped;
    expect(bus.has(inbox)).toBe(false);
    await expect(post(base, id)).rejects.toThrow();
  });

  it('[DR-6] in the hold it serves on, each answer ends its connection, and the last of them ends the hold', async () => {
    const { callback, edge, base } = await startCallback();
    const id = edge.connect('chat/dev');
    const keepsAlive = new Agent({ keepAlive: true, maxSockets: 1 });
    const ask = () => postBy(keepsAlive, `${base}/dev/@connections/${id}`);
    expect(await ask()).toEqual({ status: 200, connection: undefined });
    const startedAtMs = performance.now();
    const stopped = callback.stop(300);
    expect(callback.ready()).toBe(false);
    // On the connection that was idle, and on a new one: nobody is refused or cut while load balancers still send callers here.
    for (let n = 0; n < 3; n++) expect(await ask()).toEqual({ status: 200, connection: 'close' });
    await stopped;
    const tookMs = performance.now() - startedAtMs;
    expect(tookMs).toBeGreaterThanOrEqual(295);
    expect(tookMs).toBeLessThan(5_000);
    await expect(ask()).rejects.toThrow('ECONNREFUSED');
  });

  it('[DR-6] after the hold it waits for idle connections, until it is asked again', async () => {
    const { callback, edge, base } = await startCallback();
    const keepsAlive = new Agent({ keepAlive: true });
    await postBy(keepsAlive, `${base}/dev/@connections/${edge.connect('chat/dev')}`);
    let ended = false;
    const stopped = callback.stop(50).then(() => {
      ended = true;
    });
    await sleep(300);
    expect(ended).toBe(false);
    void callback.stop();
    await stopped;
  });

  it('stopped while it starts: never listens, and takes its inbox with it', async () => {
    const { callback: running, bus, telemetry, nodes } = await startCallback();
    await running.stop();
    const definitions = createMemoryDefinitionStore([apiDefinition('chat', 'dev')]);
    const settings = { host: '127.0.0.1', port: 0, auth: { mode: 'none' as const }, region: 'r', accountId: 'a' };
    const callback = createCallback({ bus: bus.bus, connections: nodes, definitions, telemetry, settings });
    const starting = callback.start();
    const refused = expect(starting).rejects.toThrow('stopped while it was starting');
    await callback.stop();
    await refused;
    expect(callback.ready()).toBe(false);
    expect(bus.addresses.filter((address) => address.startsWith('c') && bus.has(address))).toEqual([]);
  });

  it('gives up on what is in work after drainWorkMs: 500, not silence', async () => {
    const { callback, edge, base } = await startCallback({ limits: { drainWorkMs: 100 } });
    edge.mode = 'silent';
    const answer = post(base, edge.connect('chat/dev'));
    await expect.poll(() => edge.commands.length).toBe(1);
    await callback.stop();
    expect((await answer).status).toBe(500);
  });

  it('makes its inbox again when the bus has lost it', async () => {
    const { callback, edge, bus, base } = await startCallback();
    const [inbox = ''] = bus.addresses.filter((address) => address.startsWith('c'));
    bus.loseInbox(inbox);
    await expect.poll(() => bus.has(inbox)).toBe(true);
    expect((await post(base, edge.connect('chat/dev'))).status).toBe(200);
    await callback.stop();
  });

  it('[CB-24] answers 429 when it has all the requests it may hold', async () => {
    const { callback, edge, base } = await startCallback({ limits: { inflightMax: 1, drainWorkMs: 50 } });
    const id = edge.connect('chat/dev');
    edge.mode = 'silent';
    const held = post(base, id);
    await expect.poll(() => edge.commands.length).toBe(1);
    const answer = await post(base, id);
    expect(answer.status).toBe(429);
    expect(answer.headers.get('x-amzn-errortype')).toBe('LimitExceededException');
    await callback.stop();
    await held;
  });

  it('forgets a request whose caller has gone', async () => {
    const { callback, edge, base, telemetry } = await startCallback({ limits: { inflightMax: 1 } });
    const id = edge.connect('chat/dev');
    edge.mode = 'silent';
    const controller = new AbortController();
    const held = fetch(`${base}/dev/@connections/${id}`, { method: 'POST', body: 'x', signal: controller.signal });
    await expect.poll(() => edge.commands.length).toBe(1);
    controller.abort();
    await expect(held).rejects.toThrow();
    const codes = async () => (await telemetry.metrics.managementRequestsTotal.get()).values.map((v) => v.labels.code);
    await expect.poll(codes).toEqual(['aborted']);
    edge.mode = 'answers';
    expect((await post(base, id)).status).toBe(200);
    await callback.stop();
  });

  it('refuses to start on a port that is taken', async () => {
    const first = await startCallback();
    await expect(startCallback({ port: first.port })).rejects.toThrow(
      new RegExp(
        `cannot listen on 127\\.0\\.0\\.1:${first.port}: the port is in use.*--port and --host \\(SLUICE_PORT, SLUICE_HOST\\)`,
      ),
    );
    await first.callback.stop();
  });

  it('refuses to be made where nobody could call', async () => {
    await expect(startCallback({ auth: { mode: 'sigv4', keys: [] } })).rejects.toThrow('auth.keys is empty');
  });

  it('serves requests of another server’s port, without one of its own', async () => {
    const { callback, edge } = await startCallback({ port: undefined }, [apiDefinition('chat', 'dev')]);
    const uws = createRequire(import.meta.url)('uWebSockets.js') as typeof import('uWebSockets.js');
    const app = uws.App().any('/*', (response, request) => callback.serveManagement(response, request));
    const port = await new Promise<number>((resolve) => {
      app.listen('127.0.0.1', 0, (socket) => resolve(socket === false ? 0 : uws.us_socket_local_port(socket)));
    });
    const id = edge.connect('chat/dev');
    expect((await post(`http://127.0.0.1:${port}`, id)).status).toBe(200);
    await callback.stop();
    expect((await post(`http://127.0.0.1:${port}`, id)).status).toBe(503);
    app.close();
  });
});
