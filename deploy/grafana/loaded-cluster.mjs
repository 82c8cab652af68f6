// A cluster of real processes with a real Prometheus, under a load that is bounded in rate and time: what the panels' queries are checked against
// and what the previews show. It chats, pushes through @connections, refuses, fails and drains, so that most series exist.
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiGatewayManagementApiClient, PostToConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi';
import { connectClient, startBackEnd, startCluster, testKey, waitFor } from '@sluice/testkit';
import { startPrometheus } from '../prometheus/start-prometheus.mjs';

const clients = 40;
const messagesPerSecond = 60;
const postsPerSecond = 20;

/** @param {{ seconds: number, say?: (text: string) => void }} options how long the load lasts; a drain begins after two thirds */
export async function runLoadedCluster({ seconds, say = () => {} }) {
  const backEnd = await startBackEnd(answer);
  const prometheus = await startPrometheus();
  let cluster;
  const stop = async () => {
    await cluster?.stop();
    await prometheus.stop();
    await backEnd.stop();
  };
  try {
    cluster = await startCluster({
      config: configuration(backEnd.url),
      roles: ['edge'],
      redis: { args: ['--maxmemory', '256mb'] },
      env: {
        SLUICE_DRAIN_HOLD_MS: '2000',
        SLUICE_DRAIN_WINDOW_MS: '10000',
        // The back end takes the spans as well: it answers 200 to whatever is posted.
        OTEL_EXPORTER_OTLP_ENDPOINT: backEnd.url,
        OTEL_TRACES_SAMPLER_ARG: '0.2',
      },
    });
    // One after the other: all at once are slow to come up on a busy machine.
    for (const role of ['edge', 'router', 'router', 'callback']) await cluster.add(role);
    prometheus.setTargets(targetsOf(cluster.processes));
    const startedAt = Date.now() / 1000;
    say(`load for ${seconds} s`);
    const load = new Load(cluster, backEnd, Date.now() + seconds * 1000);
    const events = [troubleLater(cluster, load, seconds, say), drainLater(cluster, prometheus, seconds, say)];
    await load.run();
    await Promise.all(events);
    return { prometheus, cluster, startedAt, endedAt: Date.now() / 1000, sent: load.sent, posted: load.posted, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Named as pods of a release would be. */
export function targetsOf(processes) {
  const numbers = new Map();
  return processes.map(({ role, adminPort }) => {
    const number = numbers.get(role) ?? 0;
    numbers.set(role, number + 1);
    const labels = { namespace: 'chat', release: 'sluice', pod: `sluice-${role}-${number}` };
    return { address: `127.0.0.1:${adminPort}`, labels };
  });
}

/** What happens in good weather, too: an unsigned call, a client that does not read, a router that is replaced the hard way. */
async function troubleLater(cluster, load, seconds, say) {
  await sleep(seconds * 250);
  const callback = cluster.the('callback');
  const id = load.backEnd.of('CONNECT').at(-1).connectionId;
  for (let call = 0; call < 5; call++) {
    await fetch(`http://127.0.0.1:${callback.port}/chat/dev/@connections/${id}`, { method: 'POST', body: 'x' });
    await sleep(1_500);
  }
  await load.floodSlowReader();
  await sleep(seconds * 100);
  say('one of two routers is killed');
  const router = cluster.processes.find(({ role }) => role === 'router');
  await router.kill();
}

async function drainLater(cluster, prometheus, seconds, say) {
  await sleep((seconds * 2000) / 3);
  const [old] = cluster.processes.filter(({ role }) => role === 'edge');
  await cluster.add('edge');
  prometheus.setTargets(targetsOf(cluster.processes));
  say('one of two edges drains, a third has come');
  old.signal('SIGTERM');
  await old.exited;
}

const configuration = (url) => ({
  apis: {
    chat: {
      routeSelectionExpression: '$request.body.action',
      limits: { pingIntervalMs: 2_000 },
      integrations: {
        backend: { integrationType: 'HTTP_PROXY', integrationUri: `${url}/chat`, timeoutInMillis: 5_000 },
      },
      routes: {
        $connect: 'backend',
        $disconnect: 'backend',
        $default: { integration: 'backend', routeResponse: true },
        say: { integration: 'backend', routeResponse: true },
        place: { integration: 'backend', order: 'connection' },
        guarded: { integration: 'backend', authorizationType: 'CUSTOM', authorizer: 'doorman' },
      },
      authorizers: {
        doorman: {
          authorizerType: 'REQUEST',
          authorizerUri: `${url}/authorize`,
          identitySource: ['route.request.body.token'],
        },
      },
      stages: {
        dev: { accessLogSettings: { format: '$context.requestId $context.routeKey', destinationArn: 'stdout' } },
        prod: {},
      },
    },
  },
});

// Like a back end: mostly some milliseconds, at times more, one call in fifty fails, and some $disconnect gets no answer.
async function answer({ body, eventType }, response) {
  if (eventType === 'DISCONNECT' && Math.random() < 0.05) {
    response.destroy();
    return undefined;
  }
  if (eventType !== 'MESSAGE') return {};
  await sleep(1 + Math.random() ** 6 * 80);
  return Math.random() < 0.02 ? { status: 500 } : { body };
}

class Load {
  sent = 0;
  posted = 0;
  connections = [];

  constructor(cluster, backEnd, untilMs) {
    this.cluster = cluster;
    this.backEnd = backEnd;
    this.untilMs = untilMs;
    this.api = new ApiGatewayManagementApiClient({
      endpoint: `http://127.0.0.1:${cluster.the('callback').port}/chat/dev`,
      region: 'us-east-1',
      credentials: { ...testKey },
      maxAttempts: 1,
    });
  }

  async run() {
    await Promise.all(Array.from({ length: clients }, (_, index) => this.client(index)).concat([this.posts()]));
  }

  edges() {
    return this.cluster.processes.filter(({ role, port }) => role === 'edge' && port > 0);
  }

  get over() {
    return Date.now() > this.untilMs;
  }

  /** Connects, talks for a while, goes, and comes again. */
  async client(index) {
    await sleep(index * 100);
    while (!this.over) {
      const edges = this.edges();
      const edge = edges[Math.floor(Math.random() * edges.length)];
      const stage = index % 4 === 0 ? 'prod' : 'dev';
      const client = await connectClient(`ws://127.0.0.1:${edge.port}/chat/${stage}`).catch(() => undefined);
      if (client === undefined) await sleep(500);
      else await this.talk(client, index);
    }
  }

  async talk(client, index) {
    const goneAt = Date.now() + 15_000 + Math.random() * 20_000;
    let open = true;
    client.closed.then(() => {
      open = false;
    });
    while (open && !this.over && Date.now() < goneAt) {
      // A day in small: the rate swings by half.
      const swing = 1 + 0.5 * Math.sin((Date.now() / 1000) * 0.1);
      await sleep(((Math.random() + 0.5) * 1000 * clients) / (messagesPerSecond * swing));
      if (!open) break;
      client.send(this.message(index));
      this.sent += 1;
    }
    if (open) index % 10 === 0 ? client.terminate() : await client.close(1000);
  }

  message(index) {
    if (Math.random() < 0.01) return { action: 'say', text: 'x'.repeat(40_000) };
    if (Math.random() < 0.02) return { action: 'guarded' };
    const text = 'x'.repeat(20 + Math.floor(Math.random() ** 4 * 4_000));
    if (index % 8 === 1) return { action: 'place', text };
    return Math.random() < 0.9 ? { action: 'say', text } : { action: 'whatever', text };
  }

  async posts() {
    while (!this.over) {
      await sleep(1000 / postsPerSecond);
      const [request] = this.backEnd.requests.slice(-Math.ceil(Math.random() * 200));
      if (request === undefined) continue;
      // 410 where the client has gone meanwhile: a true answer, too.
      this.post(request.connectionId, 'news').catch(() => {});
      this.posted += 1;
    }
  }

  post(ConnectionId, Data) {
    return this.api.send(new PostToConnectionCommand({ ConnectionId, Data }));
  }

  /** Until its queue is full and calls are answered 429, or 15 s. */
  async floodSlowReader() {
    const [edge] = this.edges();
    // On a busy machine an edge says 503 now and then.
    const url = `ws://127.0.0.1:${edge.port}/chat/dev`;
    const client = await waitFor('a slow reader', () => connectClient(url).catch(() => undefined), 30_000);
    // Others connect meanwhile: what it says tells this one.
    client.send({ action: 'say', text: 'the slow reader' });
    const said = ({ body }) => body.includes('the slow reader');
    const { connectionId } = await this.backEnd.seen('the slow reader', said, 30_000);
    client.socket.pause();
    const until = Date.now() + 15_000;
    let full = false;
    while (!full && Date.now() < until) {
      const posts = Array.from({ length: 10 }, () => this.post(connectionId, 'x'.repeat(100_000)));
      full = (await Promise.allSettled(posts)).some(({ reason }) => reason?.name === 'LimitExceededException');
    }
    await sleep(2_500);
    client.terminate();
  }
}
