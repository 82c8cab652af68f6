import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ApiGatewayManagementApiClient, PostToConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi';
import {
  type BackEnd,
  type Cluster,
  connectClient,
  type GatewayProcess,
  refusedHandshake,
  startBackEnd,
  startCluster,
  startGatewayProcess,
  testKey,
  waitFor,
} from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chatConfig } from './chat-config.js';

const command = fileURLToPath(new URL('../packages/cli/bin/sluice.js', import.meta.url));

/** What nobody but sender and receiver may see; each stands in one place. */
const planted = {
  bearer: 'pLaNtEd-bearer-71',
  cookie: 'pLaNtEd-cookie-72',
  ownHeader: 'pLaNtEd-own-header-73',
  protocol: 'pLaNtEd-protocol-74',
  query: 'pLaNtEd-query-75',
  frame: 'pLaNtEd-frame-76',
  answer: 'pLaNtEd-answer-77',
  post: 'pLaNtEd-post-78',
  integrationUri: 'pLaNtEd-uri-79',
  redisPassword: 'pLaNtEd-redis-80',
  sessionToken: 'pLaNtEd-session-81',
  closeReason: 'pLaNtEd-close-82',
  secretKey: testKey.secretAccessKey,
};

describe.each(['standalone', 'cluster'])('secrets of clients, back ends and operators (%s)', (kind) => {
  const exported: string[] = [];
  let collector: Server;
  let backEnd: BackEnd;
  let cluster: Cluster;
  let processes: GatewayProcess[];

  const root = () => {
    const config = chatConfig(backEnd.url, { root: { log: { level: 'debug' } } });
    config.apis.chat.integrations.backend.integrationUri += `?code=${planted.integrationUri}`;
    return { auth: { callback: 'sigv4', keys: [testKey] }, ...config };
  };

  beforeAll(async () => {
    collector = createServer(async (request, response) => {
      for await (const chunk of request) exported.push(String(chunk));
      response.end('{}');
    });
    await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
    backEnd = await startBackEnd(({ body, eventType }, response) => {
      if (eventType === 'CONNECT' || eventType === 'DISCONNECT') return {};
      if (body.includes('reset')) return void response.destroy();
      if (body.includes('broken')) return void response.socket?.end(`HTTP/1.1 ${planted.answer}\r\n\r\n`);
      return { status: body.includes('fail') ? 500 : 200, body: planted.answer };
    });
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
      OTEL_TRACES_SAMPLER: 'parentbased_always_on',
      SLUICE_DRAIN_HOLD_MS: '0',
      SLUICE_DRAIN_WINDOW_MS: '0',
    };
    cluster = await startCluster({ config: root(), roles: [] });
    const { port } = cluster.redis;
    spawnSync('redis-cli', ['-p', `${port}`, 'CONFIG', 'SET', 'requirepass', planted.redisPassword]);
    const redisUrl = `redis://:${planted.redisPassword}@127.0.0.1:${port}`;
    processes =
      kind === 'standalone'
        ? [await startGatewayProcess({ role: 'start', config: root(), env })]
        : await Promise.all(
            (['edge', 'router', 'callback'] as const).map((role) => cluster.add(role, { redisUrl, env })),
          );
  });
  afterAll(async () => {
    await Promise.all((processes ?? []).map((each) => each.kill()));
    await cluster?.stop();
    await backEnd?.stop();
    collector?.close();
  });

  const edge = () => processes[0] as GatewayProcess;
  const callback = () => processes.at(-1) as GatewayProcess;

  async function useEverything(): Promise<void> {
    const url = `ws://127.0.0.1:${edge().port}/chat`;
    const options = {
      headers: {
        authorization: `Bearer ${planted.bearer}`,
        cookie: `session=${planted.cookie}`,
        'x-own': planted.ownHeader,
      },
      protocols: [planted.protocol],
    };
    await refusedHandshake(`${url}/nowhere?token=${planted.query}`, options);
    const client = await connectClient(`${url}/dev?token=${planted.query}&q=${planted.query}`, {
      headers: options.headers,
    });
    const id = backEnd.of('CONNECT').at(-1)?.connectionId as string;
    for (const what of ['well', 'fail', 'reset', 'broken']) {
      client.send({ action: 'echo', what, password: planted.frame, text: planted.frame });
      await client.next();
    }
    client.send(`no JSON ${planted.frame}`);
    await client.next();
    const post = (secretAccessKey: string) =>
      new ApiGatewayManagementApiClient({
        endpoint: `http://127.0.0.1:${callback().port}/chat/dev`,
        region: 'us-east-1',
        credentials: { accessKeyId: testKey.accessKeyId, secretAccessKey, sessionToken: planted.sessionToken },
        maxAttempts: 1,
      })
        .send(new PostToConnectionCommand({ ConnectionId: id, Data: planted.post }))
        .then(
          () => 'ok',
          (error: Error) => `${error.name} ${error.message}`,
        );
    expect(await post(`${testKey.secretAccessKey}-wrong`)).not.toContain(testKey.secretAccessKey);
    await post(testKey.secretAccessKey);
    // A request that no server can read, with a secret in each part.
    const raw = connectTcp(edge().port, '127.0.0.1', () => {
      raw.write(
        `GET /chat/dev?token=${planted.query} HTTP/1.1\r\nauthorization: ${planted.bearer}\r\nbad header\r\n\r\n`,
      );
    });
    raw.on('error', () => {});
    await client.close(4000, planted.closeReason);
    await backEnd.seen('$disconnect', (request) => request.eventType === 'DISCONNECT');
    raw.destroy();
  }

  async function everythingShown(): Promise<Record<string, string>> {
    const shown: Record<string, string> = {};
    for (const each of processes) {
      const bodies = ['/metrics', '/readyz', '/startupz', '/livez', '/'].map(
        async (path) => (await each.admin(path)).body,
      );
      shown[`admin port of ${each.role}`] = (await Promise.all(bodies)).join('\n');
      each.signal('SIGTERM');
      await each.exited;
      shown[`log of ${each.role}`] = each.output();
    }
    shown['traces'] = exported.join('\n');
    return shown;
  }

  it('[X10] are in no log line, metric, admin answer or span, also where things fail', async () => {
    await useEverything();
    await waitFor('the failures in the log', () =>
      processes.some((each) => each.output().split('router.integration_failed').length > 2),
    );
    const shown = await everythingShown();
    // What may be seen is: the search looks at the right texts.
    const connectionId = backEnd.of('CONNECT').at(-1)?.connectionId as string;
    expect(shown['traces']).toContain(connectionId);
    expect(Object.keys(shown).some((where) => where.startsWith('log') && shown[where]?.includes(connectionId))).toBe(
      true,
    );
    const leaks = Object.entries(shown).flatMap(([where, text]) =>
      Object.entries(planted).flatMap(([what, secret]) => {
        const at = text.indexOf(secret);
        return at < 0 ? [] : [`${what} in ${where}: ${text.slice(Math.max(0, at - 200), at + 60)}`];
      }),
    );
    expect(leaks).toEqual([]);
  });

  it('[X10] of the configuration are not in what `sluice check` prints', () => {
    const directory = mkdtempSync(join(tmpdir(), 'sluice-secret-'));
    const check = (config: object) => {
      const file = join(directory, 'sluice.yaml');
      writeFileSync(file, JSON.stringify(config));
      const run = spawnSync(process.execPath, [command, 'check', file], { encoding: 'utf8' });
      return `${run.stdout}${run.stderr}`;
    };
    const redis = { url: `redis://:${planted.redisPassword}@127.0.0.1:6379` };
    const good = check({ ...root(), redis });
    const bad = check({
      ...root(),
      redis: { url: `rdis://:${planted.redisPassword}@x` },
      auth: { keys: [{ ...testKey, accessKeyId: 5 }] },
    });
    rmSync(directory, { recursive: true, force: true });
    expect(good).toContain('chat');
    expect(bad).toContain('auth.keys');
    for (const text of [good, bad]) {
      for (const secret of [planted.redisPassword, planted.secretKey]) expect(text).not.toContain(secret);
    }
  });
});
