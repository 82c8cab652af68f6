import { ApiGatewayManagementApiClient, PostToConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi';
import {
  type BackEnd,
  type BackEndRequest,
  type Cluster,
  connectClient,
  type ReceivedSpan,
  startBackEnd,
  startCluster,
  startTraceReceiver,
  type TraceReceiver,
  testKey,
  waitFor,
} from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chatConfig } from './chat-config.js';

/** A client of `@connections` that passes a trace on, as an instrumented back end does. */
function managementOf(cluster: Cluster, headers: Record<string, string> = {}) {
  const client = new ApiGatewayManagementApiClient({
    endpoint: `http://127.0.0.1:${cluster.the('callback').port}/chat/dev`,
    region: 'us-east-1',
    credentials: { ...testKey },
  });
  client.middlewareStack.add(
    (next) => (args) => {
      Object.assign((args.request as { headers: Record<string, string> }).headers, headers);
      return next(args);
    },
    { step: 'build' },
  );
  return client;
}

const contextOf = ({ headers }: BackEndRequest) => {
  const [, traceId = '', spanId = '', flags = ''] = String(headers['traceparent']).split('-');
  return { traceId, spanId, recorded: (Number.parseInt(flags, 16) & 1) === 1 };
};

const common = { 'messaging.system': 'redis', 'sluice.api': 'chat', 'sluice.stage': 'dev' };

describe('one trace through the cluster', () => {
  let receiver: TraceReceiver;
  let backEnd: BackEnd;
  let cluster: Cluster;

  beforeAll(async () => {
    receiver = await startTraceReceiver();
    backEnd = await startBackEnd(async (request) => {
      const context = String(request.headers['traceparent']);
      if (request.routeKey === 'callback') {
        const post = new PostToConnectionCommand({ ConnectionId: request.connectionId, Data: 'pushed' });
        await managementOf(cluster, { traceparent: context }).send(post);
      }
      return { status: request.body.includes('fail') ? 500 : 200, body: request.body };
    });
    const config = chatConfig(backEnd.url);
    config.apis.chat.integrations.backend.integrationUri += '?key=planted';
    Object.assign(config.apis.chat.routes, {
      callback: 'backend',
      guarded: { integration: 'backend', authorizationType: 'CUSTOM', authorizer: 'doorman' },
    });
    Object.assign(config.apis.chat, {
      authorizers: {
        doorman: {
          authorizerType: 'REQUEST',
          authorizerUri: `${backEnd.url}/authorize`,
          identitySource: ['route.request.body.token'],
        },
      },
    });
    cluster = await startCluster({ config, env: receiver.env() });
  });
  afterAll(async () => {
    await cluster?.stop();
    await backEnd?.stop();
    await receiver?.stop();
  });

  const connect = (headers: Record<string, string> = {}) =>
    connectClient(`ws://127.0.0.1:${cluster.the('edge').port}/chat/dev`, { headers });
  const one = async (name: string, traceId: string): Promise<ReceivedSpan> => {
    const span = await waitFor(`${name} of ${traceId}`, () => receiver.named(name, traceId)[0]);
    expect(receiver.named(name, traceId)).toHaveLength(1);
    return span;
  };
  const handshakeOf = (connectionId: string) =>
    waitFor('the handshake', () =>
      receiver.named('handshake').find(({ attributes }) => attributes['sluice.connection_id'] === connectionId),
    );
  const linksOf = ({ links }: ReceivedSpan) => links.map(({ traceId, spanId }) => `${traceId}-${spanId}`);
  const idOf = ({ traceId, spanId }: ReceivedSpan) => `${traceId}-${spanId}`;

  it('[TR-3] a handshake: its server span under the client, and what $connect leads to below it', async () => {
    const parent = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8) };
    const client = await connect({ traceparent: `00-${parent.traceId}-${parent.spanId}-01`, tracestate: 'vendor=1' });
    const request = backEnd.of('CONNECT').at(-1) as BackEndRequest;
    const handshake = await one('handshake', parent.traceId);
    expect(handshake).toMatchObject({
      kind: 'server',
      parentSpanId: parent.spanId,
      traceState: 'vendor=1',
      failure: undefined,
      attributes: {
        'network.protocol.name': 'websocket',
        'http.request.method': 'GET',
        'http.response.status_code': 101,
        'sluice.api': 'chat',
        'sluice.stage': 'dev',
        'sluice.connection_id': request.connectionId,
      },
      resource: { 'service.name': 'sluice', 'sluice.role': 'edge' },
      scope: { name: 'sluice', schemaUrl: 'https://opentelemetry.io/schemas/1.37.0' },
    });
    const send = await one('send frames', parent.traceId);
    const process = await one('process', parent.traceId);
    const call = await one('POST', parent.traceId);
    expect([send.parentSpanId, process.parentSpanId, call.parentSpanId]).toEqual([
      handshake.spanId,
      send.spanId,
      process.spanId,
    ]);
    expect(process.attributes).toMatchObject({ 'sluice.route': '$connect', 'sluice.result': 'ok' });
    expect(contextOf(request)).toEqual({ traceId: parent.traceId, spanId: call.spanId, recorded: true });
    // It does not travel over the bus. The back end of $connect has it from the client's headers, as any other of them.
    expect([send, process, call].map(({ traceState }) => traceState)).toEqual([undefined, undefined, undefined]);
    expect(request.headers['tracestate']).toBe('vendor=1');
    client.send({ action: 'echo' });
    await client.next();
    expect(backEnd.of('MESSAGE').at(-1)?.headers).not.toHaveProperty('tracestate');
    // It ends at the 101, which comes after the answer of the back end, and not with the connection.
    expect(handshake.endMs).toBeGreaterThanOrEqual(call.endMs);
    await client.close();
  });

  it('[TR-1] a frame: append, wait, process, integration, callback and delivery are one trace, linked to the handshake', async () => {
    const client = await connect();
    client.send({ action: 'callback' });
    expect(await client.next()).toBe('pushed');
    const request = backEnd.of('MESSAGE').at(-1) as BackEndRequest;
    const { traceId, spanId } = contextOf(request);
    const handshake = await handshakeOf(request.connectionId);
    const send = await one('send frames', traceId);
    const wait = await one('wait', traceId);
    const process = await one('process', traceId);
    const call = await one('POST', traceId);
    const server = await one('POST /{stage}/@connections/{connectionId}', traceId);
    const command = await one('send inbox', traceId);
    const deliver = await one('deliver', traceId);
    expect(handshake.traceId).not.toBe(traceId);
    const message = { 'messaging.message.id': request.messageId, 'sluice.connection_id': request.connectionId };
    const stream = { ...common, ...message, 'messaging.destination.name': 'frames' };
    expect(send).toMatchObject({ kind: 'producer', parentSpanId: undefined, attributes: stream });
    expect(linksOf(send)).toEqual([idOf(handshake)]);
    expect(send.attributes).toMatchObject({ 'messaging.operation.name': 'send', 'messaging.operation.type': 'send' });
    expect(wait).toMatchObject({ kind: 'internal', parentSpanId: send.spanId });
    expect(process).toMatchObject({
      kind: 'consumer',
      parentSpanId: send.spanId,
      attributes: {
        ...stream,
        'messaging.operation.name': 'process',
        'messaging.operation.type': 'process',
        'messaging.consumer.group.name': 'routers',
        'messaging.destination.partition.id': '0',
        'sluice.route': 'callback',
        'sluice.result': 'ok',
        'sluice.delivery_count': 1,
      },
      resource: { 'sluice.role': 'router' },
    });
    expect(linksOf(process)).toEqual([idOf(send)]);
    expect(call).toMatchObject({
      kind: 'client',
      parentSpanId: process.spanId,
      spanId,
      attributes: {
        'http.request.method': 'POST',
        'http.response.status_code': 200,
        'url.full': `${backEnd.url}/chat`,
        'server.address': '127.0.0.1',
        'server.port': backEnd.port,
      },
    });
    expect(server).toMatchObject({
      kind: 'server',
      parentSpanId: call.spanId,
      attributes: { 'http.response.status_code': 200, 'sluice.connection_id': request.connectionId },
      resource: { 'sluice.role': 'callback' },
    });
    expect(command).toMatchObject({
      kind: 'producer',
      parentSpanId: server.spanId,
      attributes: { 'messaging.system': 'redis', 'messaging.destination.name': 'inbox' },
    });
    expect(deliver).toMatchObject({
      kind: 'consumer',
      parentSpanId: command.spanId,
      attributes: { ...common, 'sluice.connection_id': request.connectionId },
      resource: { 'sluice.role': 'edge' },
    });
    expect(linksOf(deliver)).toEqual([idOf(command), idOf(handshake)]);
    // The clock of one machine: what follows from something does not begin before it.
    const order = [send, wait, process, call, server, command, deliver];
    for (const [i, span] of order.slice(1).entries()) {
      expect(span.startMs, span.name).toBeGreaterThanOrEqual((order[i] as ReceivedSpan).startMs - 2);
    }
    expect(receiver.spans.filter((span) => span.traceId === traceId)).toHaveLength(order.length);
    await client.close();
  });

  it('[TR-4] a read of the stream is a span of its own, linked to the producers of what it brought', async () => {
    const client = await connect();
    client.send({ action: 'echo' });
    await client.next();
    const { traceId } = contextOf(backEnd.of('MESSAGE').at(-1) as BackEndRequest);
    const send = await one('send frames', traceId);
    const receive = await waitFor('the read', () =>
      receiver.named('receive').find((span) => linksOf(span).includes(idOf(send))),
    );
    expect(receive).toMatchObject({
      kind: 'client',
      parentSpanId: undefined,
      attributes: {
        'messaging.system': 'redis',
        'messaging.destination.name': 'frames',
        'messaging.operation.name': 'receive',
        'messaging.operation.type': 'receive',
        'messaging.consumer.group.name': 'routers',
      },
    });
    expect(receive.attributes['messaging.batch.message_count']).toBeGreaterThanOrEqual(1);
    await client.close();
  });

  it('[TR-2] a post: the delivery at the edge belongs to the trace of the call', async () => {
    const client = await connect();
    const ConnectionId = backEnd.of('CONNECT').at(-1)?.connectionId as string;
    const parent = `00-${'ef'.repeat(16)}-${'12'.repeat(8)}`;
    const post = (context: string) =>
      managementOf(cluster, { traceparent: context }).send(new PostToConnectionCommand({ ConnectionId, Data: 'x' }));
    // An unrecorded caller has nothing recorded.
    await post(`${parent}-00`);
    await post(`${parent}-01`);
    const deliver = await one('deliver', 'ef'.repeat(16));
    const command = await one('send inbox', 'ef'.repeat(16));
    const server = await one('POST /{stage}/@connections/{connectionId}', 'ef'.repeat(16));
    expect([server.parentSpanId, command.parentSpanId, deliver.parentSpanId]).toEqual([
      '12'.repeat(8),
      server.spanId,
      command.spanId,
    ]);
    await client.close();
  });

  it('[TR-5] what fails is seen to fail, what is refused is not, and a $disconnect is linked to its handshake', async () => {
    const client = await connect();
    const { connectionId } = backEnd.of('CONNECT').at(-1) as BackEndRequest;
    client.send({ action: 'tell', say: 'fail' });
    client.send({ action: 'guarded' });
    await client.next();
    await client.close(4000);
    const ofConnection = (name: string) =>
      receiver.named(name).filter(({ attributes }) => attributes['sluice.connection_id'] === connectionId);
    await waitFor('all of them', () => ofConnection('process').length === 4);
    const failed = await waitFor('the failed call', () =>
      receiver.named('POST').find(({ failure }) => failure !== undefined),
    );
    expect(failed).toMatchObject({
      failure: 'status 500',
      attributes: { 'error.type': '500', 'http.response.status_code': 500 },
    });
    const guarded = ofConnection('process').find(({ attributes }) => attributes['sluice.route'] === 'guarded');
    expect(guarded).toMatchObject({ failure: undefined, attributes: { 'sluice.result': 'unauthorized' } });
    const authorize = await one('authorize', guarded?.traceId ?? '');
    expect(authorize).toMatchObject({
      parentSpanId: guarded?.spanId,
      attributes: { 'sluice.authorization_type': 'CUSTOM', 'sluice.authorizer': 'doorman' },
    });
    const handshake = await handshakeOf(connectionId);
    const farewell = ofConnection('send frames').find(({ attributes }) => attributes['sluice.close_code'] === 4000);
    expect(farewell?.traceId).not.toBe(handshake.traceId);
    expect(linksOf(farewell as ReceivedSpan)).toEqual([idOf(handshake)]);
  });

  it('[TR-6] log lines name their trace', async () => {
    const client = await connect();
    backEnd.answer((_request, response) => void response.destroy());
    client.send({ action: 'tell', say: 'nobody answers' });
    const router = cluster.the('router');
    const line = await waitFor('the line', () =>
      router
        .output()
        .split('\n')
        .find((each) => each.includes('router.integration_failed')),
    );
    const { trace_id: traceId } = JSON.parse(line) as { trace_id: string };
    const call = await one('POST', traceId);
    expect(call).toMatchObject({
      failure: 'integration_unreachable',
      attributes: { 'error.type': 'integration_unreachable' },
    });
    backEnd.answer((request) => ({ body: request.body }));
    client.terminate();
  });

  it('[TR-7] nothing that was exported was malformed, had a payload in it, or a query', () => {
    expect(receiver.problems).toEqual([]);
    const text = JSON.stringify(receiver.spans);
    for (const planted of ['planted', 'nobody answers', 'pushed']) expect(text).not.toContain(planted);
  });
});

/** Two signals: the second shortens the drain. */
async function end(gateway: ReturnType<Cluster['the']>): Promise<void> {
  gateway.signal('SIGTERM');
  await waitFor('the drain', () => gateway.output().includes('process.stopping'));
  gateway.signal('SIGTERM');
  expect((await gateway.exited).code).toBe(0);
}

describe('the traces of one in a hundred', () => {
  it('[TR-8] are exactly those whose traceparent says so; nothing of the others is exported', async () => {
    const receiver = await startTraceReceiver();
    const backEnd = await startBackEnd();
    const cluster = await startCluster({ config: chatConfig(backEnd.url), env: receiver.env(0.01) });
    try {
      const client = await connectClient(`ws://127.0.0.1:${cluster.the('edge').port}/chat/dev`);
      for (let n = 0; n < 1_500; n++) client.send({ action: 'echo', n });
      await waitFor('all answers', () => client.messages.length === 1_500, 30_000);
      const contexts = backEnd.of('MESSAGE').map(contextOf);
      expect(new Set(contexts.map(({ traceId }) => traceId)).size).toBe(1_500);
      const recorded = contexts.filter((context) => context.recorded).map(({ traceId }) => traceId);
      // 15 are expected; none at all has a chance of 3 in 10 million, as many as 60 a smaller one.
      expect(recorded.length).toBeGreaterThan(0);
      expect(recorded.length).toBeLessThan(60);
      // Told to end, a process still exports what it has.
      await end(cluster.the('edge'));
      await end(cluster.the('router'));
      const sent = receiver.named('send frames').filter((span) => span.parentSpanId === undefined);
      const isFarewell = ({ attributes }: ReceivedSpan) => attributes['sluice.close_code'] !== undefined;
      const messages = sent.filter((span) => !isFarewell(span));
      expect(new Set(messages.map(({ traceId }) => traceId))).toEqual(new Set(recorded));
      const others = [...receiver.named(/^(handshake|receive)$/), ...sent.filter(isFarewell)];
      const roots = new Set([...recorded, ...others.map(({ traceId }) => traceId)]);
      expect(receiver.spans.filter(({ traceId }) => !roots.has(traceId))).toEqual([]);
    } finally {
      await cluster.stop();
      await backEnd.stop();
      await receiver.stop();
    }
  });
});

describe('a collector that does not answer', () => {
  it('[TR-9] slows nothing down and keeps nobody from stopping; what it costs is counted', async () => {
    const receiver = await startTraceReceiver();
    receiver.behave('silent');
    const backEnd = await startBackEnd();
    const cluster = await startCluster({ config: chatConfig(backEnd.url), env: receiver.env() });
    try {
      const client = await connectClient(`ws://127.0.0.1:${cluster.the('edge').port}/chat/dev`);
      const sent = 4_000;
      for (let n = 0; n < sent; n++) client.send({ action: 'canned', n });
      await waitFor('all answers', () => client.messages.length === sent, 30_000);
      const dropped = () => cluster.the('router').metric('sluice_trace_spans_total', 'dropped');
      await waitFor('dropped spans', async () => (await dropped()) > sent);
      // Bounded, however many more there are.
      for (let n = 0; n < sent; n++) client.send({ action: 'canned', n });
      await waitFor('all answers again', () => client.messages.length === 2 * sent, 30_000);
      const edge = cluster.the('edge');
      client.terminate();
      edge.signal('SIGTERM');
      edge.signal('SIGTERM');
      expect((await edge.exited).code).toBe(0);
    } finally {
      await cluster.stop();
      await backEnd.stop();
      await receiver.stop();
    }
  }, 60_000);
});
