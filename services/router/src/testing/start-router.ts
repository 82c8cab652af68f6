import { createMemoryBus, createMemoryJobs } from '@sluice/bus';
import { createMemoryConnectionStore } from '@sluice/connections';
import {
  type ApiDefinition,
  type ConnectEnvelope,
  type ConnectionContext,
  defaultApiLimits,
  type Envelope,
  encodeConnectionContext,
  type Handshake,
  type InboxCommand,
  type IntegrationDefinition,
  type MessageEnvelope,
  newConnectionId,
  newRequestId,
  type RouteDefinition,
  type SharedDefinitions,
} from '@sluice/contracts';
import { createMemoryDefinitionStore } from '@sluice/definitions';
import { createTelemetry } from '@sluice/telemetry';
import { waitFor } from '@sluice/testkit';
import { onTestFinished } from 'vitest';
import { createRouter, type RouterParts } from '../index.js';

/** A MOCK whose reply is `reply`. */
export function mock(integrationId: string, reply: string, more: Partial<IntegrationDefinition> = {}) {
  return integration(integrationId, {
    integrationType: 'MOCK',
    requestTemplates: { $default: '{"statusCode":200}' },
    integrationResponses: [
      {
        integrationResponseKey: '$default',
        templateSelectionExpression: undefined,
        responseTemplates: { $default: reply },
      },
    ],
    ...more,
  });
}

export function integration(integrationId: string, more: Partial<IntegrationDefinition>): IntegrationDefinition {
  return {
    integrationId,
    integrationType: 'HTTP_PROXY',
    integrationUri: undefined,
    integrationMethod: 'POST',
    timeoutInMillis: 1_000,
    passthroughBehavior: 'WHEN_NO_MATCH',
    requestTemplates: {},
    templateSelectionExpression: undefined,
    integrationResponses: [],
    ...more,
  };
}

/** An API `chat` with stage `dev`, whose routes all reply through the integration `mock`. */
export function chatApi(
  routes: Record<string, Partial<RouteDefinition>>,
  more: Partial<ApiDefinition> & { stage?: Partial<ApiDefinition['stages'][string]> } = {},
): ApiDefinition {
  const { stage, ...api } = more;
  return {
    apiId: 'chat',
    name: 'chat',
    routeSelectionExpression: '$request.body.action',
    isDefault: false,
    disableExecuteApiEndpoint: false,
    limits: defaultApiLimits,
    integrations: { mock: mock('mock', 'reply') },
    stages: { dev: { stageName: 'dev', stageVariables: {}, ...stage } },
    ...api,
    routes: Object.fromEntries(
      Object.entries(routes).map(([routeKey, route]) => [
        routeKey,
        { routeKey, integrationId: 'mock', hasRouteResponse: true, ...route },
      ]),
    ),
  };
}

export const connection: ConnectionContext = {
  connectedAtMs: 1_689_794_896_000,
  sourceIp: '192.0.2.1',
  userAgent: 'wscat',
  domainName: 'localhost',
};

/** A router on the in-process bus, with one edge's inbox beside it. */
export async function startRouter(
  api: ApiDefinition,
  more: Partial<RouterParts> & { shared?: SharedDefinitions } = {},
) {
  const { shared, ...parts } = more;
  let log = '';
  const logDestination = {
    write(line: string) {
      log += line;
    },
  };
  const telemetry = createTelemetry({ role: 'router', logLevel: 'info', logDestination });
  const definitions = createMemoryDefinitionStore([api], shared);
  const [bus, jobs, connections] = [
    createMemoryBus({ telemetry }),
    createMemoryJobs({ telemetry }),
    createMemoryConnectionStore(),
  ];
  const router = createRouter({ bus, connections, definitions, jobs, telemetry, ...parts });
  await router.start();
  const received: InboxCommand[] = [];
  await bus.openInbox('e1', { onCommands: (commands) => received.push(...commands), onLost: () => {} });
  const producer = bus.openProducer('e1');
  onTestFinished(async () => {
    await router.stop(1_000);
    await jobs.close();
    await bus.close();
    await connections.close();
    await telemetry.close();
  });

  const base = (context: Partial<ConnectionContext>) => ({
    scope: 'chat/dev',
    connectionId: newConnectionId(1),
    requestId: newRequestId(),
    timeMs: Date.now(),
    connectionContext: encodeConnectionContext({ ...connection, ...context }),
    traceparent: undefined,
  });
  /** Sends an envelope and waits until `count` commands have come back for its connection. */
  async function send(envelope: Envelope, count = 1): Promise<InboxCommand[]> {
    const before = received.length;
    producer.append(envelope);
    await waitFor('the answer', () => received.length >= before + count);
    await waitFor('all settled', () => router.inflight === 0);
    return received.slice(before);
  }
  const connectEnvelope = (handshake: Partial<Handshake> = {}): ConnectEnvelope => ({
    kind: 'CONNECT',
    ...base({}),
    handshake: { headers: [], queryString: '', ...handshake },
  });
  const messageEnvelope = (
    body: object | string,
    more: Partial<MessageEnvelope> = {},
    context: Partial<ConnectionContext> = {},
  ): MessageEnvelope => ({
    kind: 'MESSAGE',
    ...base(context),
    messageId: newRequestId(),
    body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    ...more,
  });
  /** The verdict on a handshake, its body as text. */
  async function connect(handshake: Partial<Handshake> = {}) {
    const [verdict] = await send(connectEnvelope(handshake));
    if (verdict?.kind !== 'VERDICT') throw new Error('a verdict was awaited');
    return { ...verdict, headers: Object.fromEntries(verdict.headers), body: Buffer.from(verdict.body).toString() };
  }
  /** The reply to a message, as text. */
  async function message(body: object | string, context: Partial<ConnectionContext> = {}) {
    const [reply] = await send(messageEnvelope(body, {}, context));
    if (reply?.kind !== 'REPLY') throw new Error('a reply was awaited');
    return Buffer.from(reply.body).toString();
  }
  return {
    router,
    bus,
    telemetry,
    definitions,
    received,
    log: () => log,
    send,
    connectEnvelope,
    messageEnvelope,
    connect,
    message,
  };
}
