import { connect, type Socket } from 'node:net';
import { type Bus, createMemoryBus, type Delivery, type FrameProducer, type Refusal } from '@sluice/bus';
import {
  type ConnectionRecord,
  type ConnectionStore,
  createMemoryConnectionStore,
  type Membership,
  type MembershipHandlers,
} from '@sluice/connections';
import {
  type ApiDefinition,
  type ApiLimits,
  type ConnectEnvelope,
  type DisconnectEnvelope,
  defaultApiLimits,
  type Envelope,
  edgeInbox,
  type InboxCommand,
  type MessageEnvelope,
  nodeSlotOf,
  type OutcomeCommand,
  type RouteDefinition,
  type VerdictCommand,
} from '@sluice/contracts';
import { createMemoryDefinitionStore, type MemoryDefinitionStore } from '@sluice/definitions';
import { createTelemetry, type Telemetry } from '@sluice/telemetry';
import { afterEach } from 'vitest';
import { WebSocket } from 'ws';
import { createEdge, type Edge, type EdgeSettings, edgeSettings } from './index.js';

const endings: (() => Promise<void> | void)[] = [];

/** Ends what the test has started, last first. Called by every test file that uses the fixture. */
export function endAfterEach(): void {
  afterEach(async () => {
    for (const end of endings.splice(0).reverse()) await end();
  });
}

export function atEnd(end: () => Promise<void> | void): void {
  endings.push(end);
}

export async function until<T>(what: string, probe: () => T | undefined | false, timeoutMs = 5_000): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = probe();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export interface ApiOptions {
  limits?: Partial<ApiLimits>;
  /** Whether `$connect` and `$disconnect` have a target; both by default. */
  connect?: boolean;
  disconnect?: boolean;
  connectTimeoutMs?: number;
  binaryFrames?: boolean;
  allowedOrigins?: string[];
  /** Keys of further routes, and of those the ones with `order: connection`. */
  routes?: string[];
  ordered?: string[];
}

export function apiDefinition(options: ApiOptions = {}, apiId = 'chat'): ApiDefinition {
  const route = (routeKey: string, target = true): RouteDefinition => ({
    routeKey,
    order: options.ordered?.includes(routeKey) === true ? 'connection' : undefined,
    integrationId: target ? 'backend' : undefined,
    hasRouteResponse: false,
  });
  return {
    apiId,
    name: apiId,
    routeSelectionExpression: '$request.body.action',
    isDefault: apiId === 'chat',
    disableExecuteApiEndpoint: false,
    limits: { ...defaultApiLimits, ...options.limits },
    routes: {
      $default: route('$default'),
      ...Object.fromEntries((options.routes ?? []).map((routeKey) => [routeKey, route(routeKey)])),
      ...(options.connect === false ? {} : { $connect: route('$connect') }),
      ...(options.disconnect === false ? {} : { $disconnect: route('$disconnect') }),
    },
    integrations: {
      backend: {
        integrationId: 'backend',
        integrationType: 'HTTP_PROXY',
        integrationUri: 'http://127.0.0.1:9/',
        integrationMethod: 'POST',
        timeoutInMillis: options.connectTimeoutMs ?? 5_000,
        passthroughBehavior: 'WHEN_NO_MATCH',
        requestTemplates: {},
        templateSelectionExpression: undefined,
        integrationResponses: [],
      },
    },
    stages: { dev: { stageName: 'dev', stageVariables: {}, allowedOrigins: options.allowedOrigins } },
    binaryFrames: options.binaryFrames,
  };
}

type Verdict = Omit<VerdictCommand, 'kind' | 'connectionId'>;
export const admitted: Verdict = { status: 200, headers: [], body: new Uint8Array() };

/** The store of one process, with the bad days of a cluster at hand. */
export class TestStore implements ConnectionStore {
  readonly store = createMemoryConnectionStore();
  readonly registered = new Set<string>();
  readonly registrations: ConnectionRecord[] = [];
  /** While set, `register` rejects. */
  away = false;
  /** Put off joining. */
  beforeJoined: (() => Promise<void>) | undefined;
  /** Put off the confirmation of a registration. */
  beforeRegistered: (() => Promise<void>) | undefined;
  /** What `held()` and `renew()` say; undefined is the store's own word. */
  held: boolean | undefined;
  renewal: (() => Promise<boolean>) | undefined;
  handlers: MembershipHandlers | undefined;
  left = 0;

  async join(handlers: MembershipHandlers): Promise<Membership> {
    this.handlers = handlers;
    await this.beforeJoined?.();
    const membership = await this.store.join(handlers);
    const { held, renew } = membership;
    return {
      ...membership,
      held: () => this.held ?? held(),
      renew: () => this.renewal?.() ?? renew(),
      register: async (record) => {
        if (this.away) throw new Error('the store is away');
        await membership.register(record);
        await this.beforeRegistered?.();
        this.registered.add(record.connectionId);
        this.registrations.push(record);
      },
      unregister: (id) => {
        membership.unregister(id);
        this.registered.delete(id);
      },
      leave: async () => {
        this.left += 1;
        await membership.leave();
      },
    };
  }

  nodeState = (slot: number) => this.store.nodeState(slot);
  reapDeadNodes = (emit: (records: ConnectionRecord[]) => Promise<void>) => this.store.reapDeadNodes(emit);
  claimDisconnect = (id: string, claimant: string) => this.store.claimDisconnect(id, claimant);
  close = () => this.store.close();
}

/** The bus of one process, which can be told to refuse. */
export function refusableBus(telemetry: Telemetry): { bus: Bus; state: { refusal: Refusal | undefined } } {
  const memory = createMemoryBus({ telemetry });
  const state: { refusal: Refusal | undefined } = { refusal: undefined };
  const openProducer = (from: string): FrameProducer => {
    const producer = memory.openProducer(from);
    return {
      drain: () => producer.drain(),
      append(envelope, settled) {
        if (state.refusal === undefined) producer.append(envelope, settled);
        else setImmediate(() => settled?.(envelope, state.refusal));
      },
    };
  };
  const bus: Bus = {
    openProducer,
    consume: memory.consume.bind(memory),
    openInbox: memory.openInbox.bind(memory),
    send: memory.send.bind(memory),
    close: memory.close.bind(memory),
    deadLetters: memory.deadLetters,
    get available() {
      return state.refusal === undefined;
    },
  };
  return { bus, state };
}

export interface Gateway {
  edge: Edge;
  port: number;
  url: string;
  bus: Bus;
  busState: { refusal: Refusal | undefined };
  store: TestStore;
  definitions: MemoryDefinitionStore;
  telemetry: Telemetry;
  envelopes: Envelope[];
  connects: () => ConnectEnvelope[];
  messages: () => MessageEnvelope[];
  disconnects: () => DisconnectEnvelope[];
  /** What the router says to a `$connect`; undefined leaves it without a verdict. */
  rule: {
    verdict: (envelope: ConnectEnvelope) => Verdict | undefined;
    /** Answers ordered messages with DONE at once. */
    settlesOrdered: boolean;
  };
  /** Sends a command to the edge that holds the connection. */
  tell(command: InboxCommand): void;
  /** As a callback service does it: sends the command and waits for its outcome. */
  ask(command: {
    kind: 'POST' | 'GET' | 'DELETE';
    connectionId: string;
    body?: Uint8Array;
    binary?: boolean;
    apiId?: string;
  }): Promise<OutcomeCommand>;
  metric(name: string, labels?: Record<string, string>): Promise<number>;
}

/** An edge on a free port with a router and a callback service that the test plays. */
export async function startGateway(
  options: ApiOptions & { settings?: Partial<EdgeSettings>; apis?: ApiDefinition[]; telemetry?: Telemetry } = {},
): Promise<Gateway> {
  const telemetry = options.telemetry ?? createTelemetry({ role: 'edge', logLevel: 'silent' });
  const { bus, state } = refusableBus(telemetry);
  const store = new TestStore();
  const definitions = createMemoryDefinitionStore(options.apis ?? [apiDefinition(options)]);
  const settings = edgeSettings({ port: 0, ...options.settings });
  const edge = createEdge({ bus, connections: store, definitions, telemetry, settings });
  const envelopes: Envelope[] = [];
  const rule: Gateway['rule'] = { verdict: () => admitted, settlesOrdered: false };
  await bus.consume((delivery: Delivery) => {
    envelopes.push(delivery.envelope);
    if (delivery.envelope.kind === 'CONNECT') {
      const verdict = rule.verdict(delivery.envelope);
      const { connectionId } = delivery.envelope;
      if (verdict !== undefined) bus.send(delivery.from, { kind: 'VERDICT', connectionId, ...verdict });
    }
    if (delivery.envelope.kind === 'MESSAGE' && delivery.envelope.ordered === true && rule.settlesOrdered) {
      const { connectionId, messageId } = delivery.envelope;
      bus.send(delivery.from, { kind: 'DONE', connectionId, messageId });
    }
    delivery.done();
  });
  const outcomes = new Map<number, OutcomeCommand>();
  await bus.openInbox('ctest', {
    onCommands(commands) {
      for (const command of commands) if (command.kind === 'OUTCOME') outcomes.set(command.correlation, command);
    },
    onLost() {},
  });
  const { port } = await edge.start();
  atEnd(async () => {
    await edge.close();
    await bus.close();
  });
  const tell = (command: InboxCommand) => {
    const { connectionId } = command as { connectionId: string };
    bus.send(edgeInbox(nodeSlotOf(connectionId) as number), command);
  };
  let correlation = 0;
  return {
    edge,
    port,
    url: `ws://127.0.0.1:${port}/dev`,
    bus,
    busState: state,
    store,
    definitions,
    telemetry,
    envelopes,
    connects: () => envelopes.filter((each) => each.kind === 'CONNECT'),
    messages: () => envelopes.filter((each) => each.kind === 'MESSAGE'),
    disconnects: () => envelopes.filter((each) => each.kind === 'DISCONNECT'),
    rule,
    tell,
    ask(command) {
      const id = correlation++;
      tell({
        body: new Uint8Array(),
        apiId: undefined,
        ...command,
        replyTo: 'ctest',
        correlation: id,
        traceparent: undefined,
      });
      return until('an outcome', () => outcomes.get(id));
    },
    async metric(name, labels = {}) {
      const metric = await telemetry.metrics.registry.getSingleMetric(name)?.get();
      const matching = metric?.values.filter((value) =>
        Object.entries(labels).every(([label, wanted]) => value.labels[label] === wanted),
      );
      return matching?.reduce((sum, value) => sum + value.value, 0) ?? 0;
    },
  };
}

export interface Client {
  socket: WebSocket;
  messages: string[];
  binary: boolean[];
  pings: number;
  closed: Promise<{ code: number; reason: string }>;
}

/** A `ws` client, connected. */
export async function openClient(
  url: string,
  protocols: string[] = [],
  headers: Record<string, string> = {},
): Promise<Client> {
  const socket = new WebSocket(url, protocols, { perMessageDeflate: false, headers });
  const client: Client = {
    socket,
    messages: [],
    binary: [],
    pings: 0,
    closed: new Promise((resolve) => {
      socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    }),
  };
  socket.on('message', (data, isBinary) => {
    client.messages.push(data.toString());
    client.binary.push(isBinary);
  });
  socket.on('ping', () => {
    client.pings += 1;
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  socket.on('error', () => {});
  atEnd(() => socket.terminate());
  return client;
}

/** A TCP client without manners. */
export class RawClient {
  received = Buffer.alloc(0);
  ended = false;
  readonly socket: Socket;

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('data', (chunk) => {
      this.received = Buffer.concat([this.received, chunk]);
    });
    this.socket.on('error', () => {});
    this.socket.on('close', () => {
      this.ended = true;
    });
    atEnd(() => void this.socket.destroy());
  }

  get text(): string {
    return this.received.toString('latin1');
  }

  get status(): number {
    return Number(/^HTTP\/1\.1 (\d{3})/.exec(this.text)?.[1] ?? 0);
  }

  /** Header lines of the answer as they were sent. */
  get headers(): string[] {
    return this.text.slice(0, this.text.indexOf('\r\n\r\n')).split('\r\n').slice(1);
  }

  get body(): string {
    return this.text.slice(this.text.indexOf('\r\n\r\n') + 4);
  }

  header(name: string): string | undefined {
    return this.headers
      .find((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}: `))
      ?.slice(name.length + 2);
  }

  write(data: string | Uint8Array): this {
    this.socket.write(data);
    return this;
  }

  async answer(): Promise<this> {
    await until('an answer', () => this.text.includes('\r\n\r\n'));
    return this;
  }

  async end(timeoutMs?: number): Promise<this> {
    await until('the server to close', () => this.ended, timeoutMs);
    return this;
  }
}

export const upgradeLines = [
  'Host: localhost',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
];

export function upgradeRequest(lines: string[] = upgradeLines, target = '/dev'): string {
  return `GET ${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
}

/** A client frame, masked with zeros. */
export function frame(
  opcode: number,
  payload: string | Uint8Array,
  options: { fin?: boolean; mask?: boolean } = {},
): Buffer {
  const bytes = Buffer.from(payload);
  const { fin = true, mask = true } = options;
  const maskBit = mask ? 0x80 : 0;
  const first = (fin ? 0x80 : 0) | opcode;
  let head: Buffer;
  if (bytes.length < 126) {
    head = Buffer.from([first, maskBit | bytes.length]);
  } else if (bytes.length < 65_536) {
    head = Buffer.from([first, maskBit | 126, bytes.length >> 8, bytes.length & 255]);
  } else {
    head = Buffer.alloc(10);
    head[0] = first;
    head[1] = maskBit | 127;
    head.writeBigUInt64BE(BigInt(bytes.length), 2);
  }
  return Buffer.concat([head, mask ? Buffer.alloc(4) : Buffer.alloc(0), bytes]);
}
