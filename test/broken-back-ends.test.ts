import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import {
  type BackEnd,
  connectClient,
  type GatewayProcess,
  refusedHandshake,
  startBackEnd,
  startGatewayProcess,
} from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** Answers each connection's bytes as `behave` says. */
async function brokenServer(behave: (socket: Socket) => void): Promise<{ url: string; server: Server }> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => behave(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

describe('broken back ends', () => {
  let good: BackEnd;
  let gateway: GatewayProcess;
  const servers: Server[] = [];

  beforeAll(async () => {
    good = await startBackEnd();
    const broken = {
      hangs: () => {},
      resets: (socket: Socket) => socket.resetAndDestroy(),
      closes: (socket: Socket) => socket.end(),
      babbles: (socket: Socket) => socket.end('220 smtp.example.com ESMTP\r\n'),
      truncates: (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort'),
      floods: (socket: Socket) => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${100 * 1024 * 1024}\r\n\r\n`);
        const chunk = Buffer.alloc(65_536, 'x');
        const pump = () => {
          while (!socket.destroyed && socket.write(chunk));
        };
        socket.on('drain', pump);
        pump();
      },
    };
    const routes: Record<string, object> = {};
    for (const [name, behave] of Object.entries(broken)) {
      const { server, url } = await brokenServer(behave);
      servers.push(server);
      routes[name] = {
        integration: {
          integrationType: 'HTTP_PROXY',
          integrationUri: url,
          integrationMethod: 'POST',
          timeoutInMillis: 700,
        },
        routeResponse: true,
      };
    }
    routes['refuses'] = { integration: 'http://127.0.0.1:1/', routeResponse: true };
    routes['good'] = { integration: `${good.url}/x`, routeResponse: true };
    gateway = await startGatewayProcess({
      role: 'start',
      config: {
        apis: {
          chat: { routeSelectionExpression: '$request.body.action', routes, stages: { dev: {} } },
          hanging: {
            routeSelectionExpression: '$request.body.action',
            routes: { $connect: routes['hangs'] },
            stages: { dev: {} },
          },
          refusing: {
            routeSelectionExpression: '$request.body.action',
            routes: { $connect: 'http://127.0.0.1:1/' },
            stages: { dev: {} },
          },
        },
      },
    });
  });
  afterAll(async () => {
    await gateway?.kill();
    for (const server of servers) server.close();
    await good?.stop();
  });

  it.each([
    ['hangs', 'Endpoint request timed out'],
    ['resets', 'Internal server error'],
    ['closes', 'Internal server error'],
    ['babbles', 'Internal server error'],
    ['truncates', 'Internal server error'],
    ['floods', 'Internal server error'],
    ['refuses', 'Internal server error'],
  ])(
    '[ER-2] [IN-27] [IN-30] [IN-31] a back end that %s: the frame says "%s", the connection stays, other routes go on',
    async (action, message) => {
      const client = await connectClient(`ws://127.0.0.1:${gateway.port}/chat/dev`);
      client.send({ action });
      client.send({ action: 'good' });
      const answers = [await client.next(5_000), await client.next(5_000)];
      expect(answers).toContain('{"action":"good"}');
      const frame = answers.find((answer) => answer !== '{"action":"good"}');
      expect(frame).toMatch(
        new RegExp(`^\\{"message": "${message}", "connectionId":"[^"]{20}", "requestId":"[^"]{16}"\\}$`),
      );
      client.send({ action: 'good', again: true });
      expect(await client.next()).toBe('{"action":"good","again":true}');
      await client.close();
    },
  );

  it('[CN-6] [ER-5] H5: $connect that times out is answered 504, one that cannot be reached 500, with the body of 01 §1.3', async () => {
    const timedOut = await refusedHandshake(`ws://127.0.0.1:${gateway.port}/hanging/dev`);
    expect(timedOut.status).toBe(504);
    const body = JSON.parse(timedOut.body);
    expect(body).toMatchObject({ message: 'Endpoint request timed out' });
    expect(timedOut.headers['x-amz-apigw-id']).toBe(body.requestId);
    const unreachable = await refusedHandshake(`ws://127.0.0.1:${gateway.port}/refusing/dev`);
    expect(unreachable.status).toBe(500);
    expect(JSON.parse(unreachable.body)).toMatchObject({ message: 'Internal server error' });
  });

  it('[IN-29] memory does not follow a flood: 30 answers of 100 MB later the process is no larger than 64 MiB more', async () => {
    const before = await gateway.metric('process_resident_memory_bytes');
    const client = await connectClient(`ws://127.0.0.1:${gateway.port}/chat/dev`);
    for (let n = 0; n < 30; n++) client.send({ action: 'floods' });
    for (let n = 0; n < 30; n++) expect(await client.next(10_000)).toContain('Internal server error');
    const after = await gateway.metric('process_resident_memory_bytes');
    expect(after - before).toBeLessThan(64 * 1024 * 1024);
    await client.close();
  });
});
