import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ApiGatewayManagementApiClient,
  GoneException,
  LimitExceededException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import { limits, newConnectionId } from '@sluice/contracts';
import { type MetricKey, metricDefinitions, metricName } from '@sluice/telemetry';
import {
  type BackEnd,
  type BackEndAnswer,
  type Cluster,
  connectClient,
  type GatewayProcess,
  refusedHandshake,
  startBackEnd,
  startCluster,
  startGatewayProcess,
  startTraceReceiver,
  type TraceReceiver,
  testKey,
  waitFor,
} from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { chatConfig } from './chat-config.js';
import { parseExposition } from './exposition.js';

/** The largest value of each metric that any process has shown, histograms by their count. Every scrape is parsed strictly. */
class Watch {
  private readonly peaks = new Map<string, number>();
  private readonly asking = new Set<GatewayProcess>();
  private readonly timer: NodeJS.Timeout;
  problem: unknown;

  constructor(private readonly processes: () => GatewayProcess[]) {
    this.timer = setInterval(() => this.scrape(), 200);
  }

  peak(key: MetricKey, ...labels: string[]): number {
    const name = metricName(key);
    const wanted = labels.map((label) => `"${label}"`);
    const fitting = [...this.peaks].filter(
      ([series]) => series.startsWith(`${name}{`) && wanted.every((label) => series.includes(label)),
    );
    return Math.max(0, ...fitting.map(([, value]) => value));
  }

  async until(key: MetricKey, ...labels: string[]): Promise<void> {
    await waitFor(`${metricName(key)} ${labels.join()}`, () => this.peak(key, ...labels) > 0, 40_000);
  }

  stop(): void {
    clearInterval(this.timer);
    if (this.problem !== undefined) throw this.problem;
  }

  // A frozen process does not answer, and the others are not to wait for it.
  private scrape(): void {
    for (const each of this.processes()) {
      if (this.asking.has(each)) continue;
      this.asking.add(each);
      each
        .admin('/metrics')
        .then(
          ({ body }) => this.read(body),
          () => {},
        )
        .catch((error: unknown) => {
          this.problem ??= error;
        })
        .finally(() => this.asking.delete(each));
    }
  }

  private read(body: string): void {
    for (const [family, { type, samples }] of parseExposition(body)) {
      for (const { name, labels, value } of samples) {
        if (type === 'histogram' && !name.endsWith('_count')) continue;
        const series = `${family}${JSON.stringify(labels)}`;
        this.peaks.set(series, Math.max(value, this.peaks.get(series) ?? 0));
      }
    }
  }
}

type Answering = (response: ServerResponse) => Promise<BackEndAnswer | undefined>;

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Something that back-end calls wait for. */
function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

describe('metrics of a cluster that meets most of what can happen', () => {
  let backEnd: BackEnd;
  let cluster: Cluster;
  let collector: TraceReceiver;
  let watch: Watch;
  /** How the back end answers `$connect`, `$disconnect` and messages at the moment. */
  let onConnect: Answering = async () => ({});
  let onDisconnect: Answering = async () => ({});
  const messagesGate = gate();
  const lateGate = gate();

  beforeAll(async () => {
    backEnd = await startBackEnd(async (request, response) => {
      if (request.eventType === 'CONNECT') return onConnect(response);
      if (request.eventType === 'DISCONNECT') return onDisconnect(response);
      if (request.body.includes('fail')) return { status: 500 };
      if (request.body.includes('hold')) await messagesGate.opened;
      if (request.routeKey === 'place') await pause(1_000);
      if (request.body.includes('late')) await lateGate.opened;
      return { body: request.body };
    });
    const config = chatConfig(backEnd.url, {
      api: {
        limits: { pingIntervalMs: 1_000 },
        authorizers: {
          doorman: {
            authorizerType: 'REQUEST',
            authorizerUri: `${backEnd.url}/authorize`,
            identitySource: ['route.request.body.token'],
          },
        },
        stages: {
          dev: {
            accessLogSettings: {
              format: '$context.requestId',
              destinationArn: 'arn:aws:logs:us-east-1:000000000000:log-group:access',
            },
          },
          prod: {},
        },
      },
      root: {
        account: { throttlingRateLimit: 100_000, throttlingBurstLimit: 100_000 },
        edge: { handshakesPerSecondMax: 10, handshakesBurstMax: 40 },
        router: { inflightMax: 8 },
      },
    });
    config.apis.chat.integrations.backend.timeoutInMillis = 29_000;
    Object.assign(config.apis.chat.routes, {
      place: { integration: 'backend', order: 'connection' },
      guarded: { integration: 'backend', authorizationType: 'CUSTOM', authorizer: 'doorman' },
    });
    collector = await startTraceReceiver();
    cluster = await startCluster({
      config,
      roles: ['edge', 'edge', 'router', 'router', 'callback'],
      redis: { args: ['--maxmemory', '200mb'] },
      env: {
        ...collector.env(),
        SLUICE_DRAIN_HOLD_MS: '1000',
        SLUICE_DRAIN_WINDOW_MS: '2000',
      },
    });
    watch = new Watch(() => cluster.processes);
  });
  afterAll(async () => {
    messagesGate.open();
    lateGate.open();
    await cluster?.stop();
    await backEnd?.stop();
    await collector?.stop();
  });

  const nth = (role: 'edge' | 'router', n: number) =>
    cluster.processes.filter((each) => each.role === role)[n] as GatewayProcess;
  const urlOf = (edge: GatewayProcess) => `ws://127.0.0.1:${edge.port}/chat/dev`;
  const connect = (edge = nth('edge', 0)) => connectClient(urlOf(edge));
  const lastId = () => backEnd.of('CONNECT').at(-1)?.connectionId as string;
  const redis = (...args: string[]) => {
    const { stdout, stderr } = spawnSync('redis-cli', ['-p', `${cluster.redis.port}`, ...args], { encoding: 'utf8' });
    expect(`${stderr}${/^(ERR|NOGROUP|WRONGTYPE).*/m.exec(stdout)?.[0] ?? ''}`).toBe('');
    return stdout.trim();
  };
  const frames = () => redis('--scan', '--pattern', '{*frames*}');
  const streamKey = () =>
    frames()
      .split('\n')
      .find((key) => key.endsWith('}')) as string;
  const post = (connectionId: string, Data: string) =>
    new ApiGatewayManagementApiClient({
      endpoint: `http://127.0.0.1:${cluster.the('callback').port}/chat/dev`,
      region: 'us-east-1',
      credentials: { ...testKey },
      maxAttempts: 1,
    })
      .send(new PostToConnectionCommand({ ConnectionId: connectionId, Data }))
      .then(
        () => 'ok',
        (error: Error) => error.name,
      );

  it('handshakes by every result', async () => {
    const edge = nth('edge', 0);
    await refusedHandshake(`ws://127.0.0.1:${edge.port}/nobody/here`);
    onConnect = async () => ({ status: 403 });
    await refusedHandshake(urlOf(edge));
    onConnect = async () => ({ status: 500 });
    await refusedHandshake(urlOf(edge));
    const held = gate();
    onConnect = async () => {
      await held.opened;
      return {};
    };
    const calls = backEnd.of('CONNECT').length;
    const impatient = new WebSocket(urlOf(edge));
    impatient.on('error', () => {});
    await waitFor('a held upgrade', () => backEnd.of('CONNECT').length > calls);
    impatient.terminate();
    await watch.until('handshakesTotal', 'aborted');
    held.open();
    onConnect = async () => ({});
    const burst = await Promise.allSettled(Array.from({ length: 60 }, () => connect()));
    for (const each of burst) if (each.status === 'fulfilled') each.value.terminate();
    for (const result of ['unknown', 'refused', 'failed', 'throttled', 'accepted']) {
      await watch.until('handshakesTotal', result);
    }
    await watch.until('throttledTotal', 'handshake_rate');
    await watch.until('closesTotal', 'abnormal');
  });

  it('messages, posts and a client that does not read', async () => {
    await pause(1_000);
    const client = await connect();
    const id = lastId();
    client.send({ action: 'echo' });
    expect(await client.next()).toContain('echo');
    client.send({ action: 'fail' });
    client.send({ action: 'guarded' });
    expect(await client.next()).toContain('Unauthorized');
    expect([await post(id, 'x'), await post(newConnectionId(0), 'x')]).toEqual(['ok', GoneException.name]);
    const unsigned = await fetch(`http://127.0.0.1:${cluster.the('callback').port}/chat/dev/@connections/${id}`, {
      method: 'POST',
      body: 'x',
    });
    expect(unsigned.status).toBe(403);
    client.socket.pause();
    await waitFor('429', async () => (await post(id, 'x'.repeat(100_000))) === LimitExceededException.name, 20_000);
    await watch.until('slowConsumers');
    await watch.until('queuedBytes');
    client.terminate();
    await watch.until('managementRequestsTotal', '429');
    await watch.until('integrationErrorsTotal');
    await watch.until('authorizerSeconds');
    await watch.until('accessLogLinesTotal');
  });

  it('ordered messages, and one over 32 KB', async () => {
    const client = await connect();
    for (let n = 0; n < 3; n++) client.send({ action: 'place', n });
    client.send({ action: 'tell', say: 'x'.repeat(40_000) });
    await watch.until('orderedWaiting');
    await watch.until('orderedMessagesTotal', 'done');
    await watch.until('largeMessagesTotal');
    const placed = () => backEnd.requests.filter(({ routeKey }) => routeKey === 'place').length;
    await waitFor('the last of them', () => placed() === 3);
    await pause(1_200);
    const id = backEnd.of('MESSAGE').at(-1)?.connectionId;
    await client.close();
    await waitFor('its $disconnect', () => backEnd.of('DISCONNECT').some(({ connectionId }) => connectionId === id));
  });

  it('a $disconnect that comes twice, and one whose back end gives no answer', async () => {
    const [first, second] = await Promise.all([connect(), connect()]);
    const held = gate();
    onDisconnect = async () => {
      await held.opened;
      return {};
    };
    const calls = backEnd.of('DISCONNECT').length;
    await first.close();
    await waitFor('the $disconnect', () => backEnd.of('DISCONNECT').length > calls);
    const copy = "local e=redis.call('XRANGE',KEYS[1],'-','+') redis.call('XADD',KEYS[1],'*',unpack(e[#e][2]))";
    redis('EVAL', copy, '1', streamKey());
    await watch.until('duplicatesTotal');
    held.open();
    onDisconnect = async (response) => {
      response.destroy();
      return undefined;
    };
    await second.close();
    await watch.until('integrationRetriesTotal');
    onDisconnect = async () => ({});
    await watch.until('jobsTotal', 'ok');
  });

  it('a backlog, a frozen edge, a killed router, a lost entry', async () => {
    const [client, orphan] = await Promise.all([connect(), connect(nth('edge', 1))]);
    const calls = backEnd.of('MESSAGE').length;
    orphan.send({ action: 'echo', say: 'late' });
    await waitFor('the late call', () => backEnd.of('MESSAGE').length > calls);
    nth('edge', 1).signal('SIGSTOP');
    const frozenAtMs = Date.now();
    for (let n = 0; n < 60; n++) {
      client.send({ action: 'tell', say: 'hold', n });
      await pause(5);
    }
    for (const key of ['streamLag', 'streamPending', 'streamLength', 'streamOldestAgeSeconds'] as const) {
      await watch.until(key);
    }
    await watch.until('integrationInflight');
    await nth('router', 0).kill();
    messagesGate.open();
    await pause(1_000);
    // What stays pending now is the dead router's, but for the call that waits, which is the oldest.
    const pending = redis('XPENDING', streamKey(), 'routers', '-', '+', '100').split('\n');
    const ids = pending.filter((line) => /^\d+-\d+$/.test(line));
    expect(ids.length).toBeGreaterThan(1);
    redis('XDEL', streamKey(), ids.at(-1) as string);
    await watch.until('streamReclaimedTotal');
    await watch.until('streamLostTotal');
    await watch.until('reapedConnectionsTotal');
    expect(watch.peak('reapedConnectionsTotal')).toBe(1);
    await pause(Math.max(0, frozenAtMs + limits.leaseMs + 2_000 - Date.now()));
    lateGate.open();
    await watch.until('inboxUndeliveredTotal');
    nth('edge', 1).signal('SIGCONT');
    await watch.until('fencesTotal');
    client.terminate();
  }, 100_000);

  it('dead letters, up to their cap', async () => {
    redis('XADD', streamKey(), '*', 'b', 'this is no batch');
    await watch.until('deadLettersTotal');
    await watch.until('deadLetters');
    redis(
      ...['EVAL', "for i=1,tonumber(ARGV[1]) do redis.call('XADD',KEYS[1],'*','x','y') end", '1'],
      ...[`${streamKey()}:dead`, `${limits.deadLettersMax}`],
    );
    redis('XADD', streamKey(), '*', 'b', 'nor is this');
    await watch.until('streamTrimmedTotal');
    redis('XADD', streamKey(), '*', 'b', '\u0002 of the next release');
    await watch.until('streamNewerTotal');
  });

  it('Redis that freezes, and one that restarts', async () => {
    cluster.redis.pause();
    // The account's rate is asked of Redis, and then decided without it.
    const asked = post(newConnectionId(0), 'x');
    await pause(limits.blockingReadMs + limits.blockingReadGraceMs + 2_000);
    cluster.redis.resume();
    await asked;
    await watch.until('ratesLocalTotal');
    await watch.until('redisWatchdogTotal');
    await cluster.redis.restart();
    await watch.until('redisReconnectsTotal');
    await watch.until('redisErrorsTotal');
  });

  it('a collector that fails, and one that does not answer', async () => {
    await watch.until('traceSpansTotal', 'exported');
    const client = await waitFor('service to resume', () => connect().catch(() => undefined), 20_000);
    collector.behave('unavailable');
    const echo = setInterval(() => client.send({ action: 'echo' }), 20);
    await watch.until('traceSpansTotal', 'failed');
    collector.behave('silent');
    // What does not fit any more is dropped, and the client is answered all the same.
    for (let n = 0; n < 4_000; n++) {
      client.send({ action: 'echo' });
      if (n % 100 === 0) await pause(20);
    }
    await watch.until('traceSpansTotal', 'dropped');
    clearInterval(echo);
    expect(await client.next()).toContain('echo');
    collector.behave('well');
    client.terminate();
  });

  it('a configuration file that cannot be used', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-metrics-'));
    try {
      const file = join(folder, 'sluice.yaml');
      const auth = { keys: [{ ...testKey, allow: ['*'] }] };
      writeFileSync(file, JSON.stringify({ ...chatConfig(backEnd.url), auth }));
      await cluster.add('callback', { args: ['--config', file] });
      writeFileSync(file, 'apis: nothing of the kind');
      await watch.until('configReloadsTotal', 'refused');
      await watch.until('configAgeSeconds');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('a drain', async () => {
    const edge = nth('edge', 0);
    const client = await waitFor('service to resume', () => connect().catch(() => undefined), 20_000);
    edge.signal('SIGTERM');
    await watch.until('drainRemaining');
    await watch.until('drainsTotal', 'started');
    expect((await client.closed).code).toBe(1001);
    expect((await edge.exited).code).toBe(0);
  });

  it('[O1] every metric has been seen, and every scrape was valid', () => {
    watch.stop();
    const keys = Object.keys(metricDefinitions) as MetricKey[];
    expect(keys.filter((key) => watch.peak(key) === 0)).toEqual([]);
  });
});

describe('the cost of a scrape', () => {
  it('does not depend on how many connections there are', async () => {
    const backEnd = await startBackEnd();
    const gateway = await startGatewayProcess({ role: 'start', config: chatConfig(backEnd.url) });
    const connect = () => connectClient(`ws://127.0.0.1:${gateway.port}/chat/dev`);
    const seriesOf = async () => {
      const families = parseExposition((await gateway.admin('/metrics')).body);
      return [...families].flatMap(([name, { samples }]) => (name.startsWith('nodejs_') ? [] : samples)).length;
    };
    try {
      const one = await connect();
      one.send({ action: 'echo' });
      await one.next();
      const few = await seriesOf();
      const clients = await Promise.all(Array.from({ length: 400 }, connect));
      expect(await gateway.metric('sluice_sockets')).toBe(401);
      expect(await seriesOf()).toBe(few);
      for (const client of [one, ...clients]) client.terminate();
    } finally {
      await gateway.kill();
      await backEnd.stop();
    }
  });
});
