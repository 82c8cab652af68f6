import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type BackgroundJobs, type Bus, createMemoryBus, createMemoryJobs, type FrameProducer } from '@sluice/bus';
import { type ConnectionStore, createMemoryConnectionStore } from '@sluice/connections';
import {
  type ApiDefinition,
  defaultApiLimits,
  type Envelope,
  encodeConnectionContext,
  type InboxCommand,
  type IntegrationDefinition,
  newConnectionId,
  newRequestId,
} from '@sluice/contracts';
import { createMemoryDefinitionStore } from '@sluice/definitions';
import { createTelemetry } from '@sluice/telemetry';
import { waitFor } from '@sluice/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createRouter, type Router } from './router.js';

const context = encodeConnectionContext({ connectedAtMs: 1, sourceIp: '::1', userAgent: '', domainName: 'localhost' });

function integration(integrationId: string, more: Partial<IntegrationDefinition>): IntegrationDefinition {
  return {
    integrationId,
    integrationType: 'HTTP_PROXY',
    integrationUri: undefined,
    integrationMethod: 'POST',
    timeoutInMillis: 500,
    passthroughBehavior: 'WHEN_NO_MATCH',
    requestTemplates: {},
    templateSelectionExpression: undefined,
    integrationResponses: [],
    ...more,
  };
}

describe('router', () => {
  let backEnd: Server;
  let backEndUrl: string;
  let requests: string[];
  let answer: { status: number; body: string };
  let bus: Bus;
  let connections: ConnectionStore;
  let jobs: BackgroundJobs;
  let router: Router;
  let producer: FrameProducer;
  let received: InboxCommand[];
  const telemetry = createTelemetry({ role: 'router', logLevel: 'silent' });
  const definitions = createMemoryDefinitionStore([]);

  beforeAll(async () => {
    backEnd = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      requests.push(`${request.headers['x-sluice-event-type']} ${body}`);
      response.writeHead(answer.status, { 'content-length': Buffer.byteLength(answer.body) }).end(answer.body);
    });
    await new Promise<void>((resolve) => backEnd.listen(0, '127.0.0.1', resolve));
    backEndUrl = `http://127.0.0.1:${(backEnd.address() as AddressInfo).port}/`;
  });
  afterAll(() => {
    backEnd.close();
    backEnd.closeAllConnections();
  });

  beforeEach(async () => {
    requests = [];
    received = [];
    answer = { status: 200, body: 'answer' };
    definitions.replace([api()]);
    bus = createMemoryBus({ telemetry });
    connections = createMemoryConnectionStore();
    jobs = createMemoryJobs({ telemetry });
    router = createRouter({ bus, connections, definitions, jobs, telemetry });
    await router.start();
    await bus.openInbox('e1', { onCommands: (commands) => received.push(...commands), onLost: () => {} });
    producer = bus.openProducer('e1');
  });
  afterEach(async () => {
    await router.stop(1_000);
    await jobs.close();
    await bus.close();
    await connections.close();
  });

  function api(): ApiDefinition {
    const route = (routeKey: string, integrationId: string | undefined, hasRouteResponse = false) => ({
      [routeKey]: { routeKey, integrationId, hasRouteResponse },
    });
    return {
      apiId: 'chat',
      name: 'chat',
      routeSelectionExpression: '$request.body.action',
      isDefault: false,
      disableExecuteApiEndpoint: false,
      limits: defaultApiLimits,
      routes: {
        ...route('$connect', 'backend'),
        ...route('$disconnect', 'backend'),
        ...route('echo', 'backend', true),
        ...route('quiet', 'backend'),
        ...route('nowhere', undefined),
        ...route('down', 'down', true),
      },
      integrations: {
        backend: integration('backend', { integrationUri: backEndUrl }),
        down: integration('down', { integrationUri: 'http://127.0.0.1:1/' }),
      },
      stages: { dev: { stageName: 'dev', stageVariables: {} } },
    };
  }

  const base = (connectionId = newConnectionId(1)) => ({
    scope: 'chat/dev',
    connectionId,
    requestId: newRequestId(),
    timeMs: Date.now(),
    connectionContext: context,
    traceparent: undefined,
  });
  function send(envelope: Envelope): void {
    producer.append(envelope);
  }
  const message = (text: string, more: object = {}): Envelope => ({
    kind: 'MESSAGE',
    ...base(),
    messageId: newRequestId(),
    body: Buffer.from(text),
    ...more,
  });
  const disconnect = (connectionId: string): Envelope => ({
    kind: 'DISCONNECT',
    ...base(connectionId),
    disconnectStatusCode: 1001,
    disconnectReason: 'Going away',
  });
  const replies = () =>
    received.map((command) => ('body' in command ? Buffer.from(command.body).toString() : command.kind));

  it('[RS-1] replies through a route response, and stays silent without one', async () => {
    send(message('{"action":"quiet"}'));
    send(message('{"action":"echo"}'));
    await waitFor('both requests and the reply', () => requests.length === 2 && received.length === 1);
    expect(replies()).toEqual(['answer']);
    expect(router.inflight).toBe(0);
  });

  it('[ER-2] [RT-25] [RT-29] answers what cannot be routed or reached with the frame of its reason', async () => {
    for (const [text, expected] of [
      ['{"action":"unknown"}', 'Forbidden'],
      ['{"action":"nowhere"}', 'Internal server error'],
      ['{"action":"down"}', 'Internal server error'],
    ] as const) {
      received.length = 0;
      const envelope = message(text);
      send(envelope);
      await waitFor('the frame', () => received.length === 1);
      expect(replies()).toEqual([
        `{"message": "${expected}", "connectionId":"${envelope.connectionId}", "requestId":"${envelope.requestId}"}`,
      ]);
    }
  });

  it('[CP-10] follows the current definitions, and answers for a stage that has gone', async () => {
    send(message('{"action":"echo"}'));
    await waitFor('the reply', () => received.length === 1);
    const changed = api();
    definitions.replace([
      { ...changed, routes: { echo: { routeKey: 'echo', integrationId: undefined, hasRouteResponse: true } } },
    ]);
    send(message('{"action":"echo"}'));
    await waitFor('the frame', () => received.length === 2);
    definitions.replace([]);
    send(message('{"action":"echo"}'));
    await waitFor('the other frame', () => received.length === 3);
    expect(
      replies()
        .slice(1)
        .every((reply) => reply.startsWith('{"message": "Internal server error"')),
    ).toBe(true);
  });

  it('[CN-5] [ER-5] passes the status of $connect on unchanged, and a failure as 01 §1.3 says', async () => {
    const connect = (): Envelope => ({ kind: 'CONNECT', ...base(), handshake: { headers: [], queryString: '' } });
    answer = { status: 403, body: 'not you' };
    send(connect());
    await waitFor('the refusal', () => received.length === 1);
    expect(received[0]).toMatchObject({ kind: 'VERDICT', status: 403 });
    expect(replies()).toEqual(['not you']);

    const changed = api();
    definitions.replace([
      { ...changed, routes: { $connect: { routeKey: '$connect', integrationId: 'down', hasRouteResponse: false } } },
    ]);
    const failing = connect();
    send(failing);
    await waitFor('the failure', () => received.length === 2);
    expect(received[1]).toMatchObject({ kind: 'VERDICT', status: 500 });
    expect(JSON.parse(replies()[1] as string)).toEqual({
      message: 'Internal server error',
      connectionId: failing.connectionId,
      requestId: failing.requestId,
    });
  });

  it('[PR-5] runs $disconnect once for a connection, however often its end is reported', async () => {
    const connectionId = newConnectionId(1);
    send(disconnect(connectionId));
    send(disconnect(connectionId));
    send(disconnect(newConnectionId(1)));
    await waitFor('two calls', () => requests.length === 2);
    await waitFor('all settled', () => router.inflight === 0);
    expect(requests).toEqual(['DISCONNECT ', 'DISCONNECT ']);
  });

  it('a fault of ours is answered, and its envelope can be looked at afterwards', async () => {
    const broken = api();
    // An expression that the configuration would have refused: compiling it throws here.
    definitions.replace([{ ...broken, routeSelectionExpression: '$context.nothing' }]);
    send(message('{"action":"echo"}'));
    await waitFor('the frame', () => received.length === 1);
    expect(replies()[0]).toContain('"message": "Internal server error"');
    expect(await bus.deadLetters.count()).toBe(1);
    expect((await bus.deadLetters.list())[0]?.reason).toBe('router_error');
  });

  it('a $disconnect that waited for the store and then cannot be processed goes to the dead letters, not through the process', async () => {
    const claim = connections.claimDisconnect.bind(connections);
    let refused = 0;
    connections.claimDisconnect = async (...claimed) => {
      connections.claimDisconnect = claim;
      refused++;
      // By the time it is tried again the definitions cannot be compiled.
      definitions.replace([{ ...api(), routeSelectionExpression: '$context.nothing' }]);
      throw new Error(`the store is away for ${claimed[0]}`);
    };
    send(disconnect(newConnectionId(1)));
    await waitFor('the dead letter', async () => (await bus.deadLetters.count()) === 1);
    expect(refused).toBe(1);
    expect(router.inflight).toBe(0);
  });

  it('once stopped, a $disconnect that waited for the store is not tried again: it is left to a peer', async () => {
    let tries = 0;
    connections.claimDisconnect = async () => {
      tries++;
      throw new Error('the store is away');
    };
    send(disconnect(newConnectionId(1)));
    await waitFor('the first try', () => tries === 1);
    await router.stop(100);
    await new Promise((resolve) => setTimeout(resolve, 1_300));
    expect(tries).toBe(1);
    expect(await bus.deadLetters.count()).toBe(0);
  });

  it('sweeps for dead nodes through one producer, however often it looks', async () => {
    let sweep = async (): Promise<void> => {
      throw new Error('nothing was scheduled');
    };
    let opened = 0;
    const counting: Bus = Object.create(bus, {
      openProducer: {
        value: (from: string) => {
          opened++;
          return bus.openProducer(from);
        },
      },
    });
    const scheduled: BackgroundJobs = {
      every: async (_name, _intervalMs, handler) => {
        sweep = handler;
      },
      handle: async () => {},
      enqueue: async () => {},
      close: async () => {},
    };
    const reaping = createRouter({ bus: counting, connections, definitions, jobs: scheduled, telemetry });
    await reaping.start();
    for (let n = 0; n < 5; n++) await sweep();
    await reaping.stop(100);
    expect(opened).toBe(1);
  });
});
