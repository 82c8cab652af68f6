import { askConnectionId } from './connection-id.js';
import { EchoLoad } from './echo-load.js';
import { HandshakeLoad } from './handshake-load.js';
import type {
  CallMessage,
  EchoTarget,
  HandshakeTarget,
  IdleTarget,
  LoadCalls,
  LoadMessage,
  PostTarget,
} from './load-calls.js';
import { PostLoad, PushReceiver, renderPosts } from './post-load.js';
import {
  HandshakeRefused,
  openWebSocket,
  type WebSocketConnection,
  type WebSocketHandlers,
} from './websocket-connection.js';

/** The load generator: a process of its own that obeys the calls of `load-calls.ts`. The first wrong answer ends it. */

const answersTimeoutMs = 10_000;
const handshakesAtOnce = 32;
const refusedRetryMs = 250;
const refusedRetriesMax = 80;

let echoes: EchoLoad[] = [];
let receivers: PushReceiver[] = [];
let receiverConnections: WebSocketConnection[] = [];
let idle: WebSocketConnection[] = [];
let posts: PostLoad[] = [];
let handshakes: HandshakeLoad[] = [];

type Handlers = { [Name in keyof LoadCalls]: (parameter: LoadCalls[Name][0]) => Promise<LoadCalls[Name][1]> };

const handlers: Handlers = {
  openEcho,
  async start({ inFlight }) {
    for (const echo of echoes) echo.start(inFlight);
    for (const load of [...posts, ...handshakes]) load.start();
  },
  async count() {
    return completed();
  },
  stop,
  roundTrips,
  openIdle,
  openPosts,
  openHandshakes,
  async close() {
    for (const load of loads()) load.close();
    for (const connection of [...receiverConnections, ...idle]) connection.close();
    [echoes, posts, handshakes, receivers, receiverConnections, idle] = [[], [], [], [], [], []];
  },
};

async function openEcho(target: EchoTarget): Promise<undefined> {
  const opened = Array.from({ length: target.connections }, (_, sender) => {
    return new EchoLoad(target.action, sender, target.expectation, fail);
  });
  await inParallel(opened, async (echo, index) => {
    const port = target.ports[index % target.ports.length] as number;
    echo.attach(await openPatiently({ port, path: target.path }, echo));
  });
  echoes = opened;
}

async function stop(): Promise<{ completed: number }> {
  for (const load of loads()) load.stop();
  const pending = () => loads().reduce((sum, load) => sum + load.pending, 0);
  const deadline = Date.now() + answersTimeoutMs;
  while (pending() > 0 || pushed() < posted()) {
    if (Date.now() > deadline) {
      throw new Error(
        `missing after ${answersTimeoutMs} ms: ${pending()} answers, ${posted() - pushed()} pushed messages`,
      );
    }
    await pause(5);
  }
  if (pushed() > posted()) throw new Error(`${posted()} POSTs were answered 200, ${pushed()} messages arrived`);
  return { completed: completed() };
}

function loads(): (EchoLoad | PostLoad | HandshakeLoad)[] {
  return [...echoes, ...posts, ...handshakes];
}

function completed(): number {
  return loads().reduce((sum, load) => sum + load.completed, 0);
}

function posted(): number {
  return posts.reduce((sum, post) => sum + post.completed, 0);
}

function pushed(): number {
  return receivers.reduce((sum, receiver) => sum + receiver.received, 0);
}

async function roundTrips({ count, pauseMs }: LoadCalls['roundTrips'][0]): Promise<number[]> {
  const [echo] = echoes;
  if (echo === undefined || echoes.length !== 1) throw new Error('round trips are measured on one connection');
  const trips: number[] = [];
  for (let i = 0; i < count; i++) {
    trips.push(await echo.roundTrip());
    if (pauseMs > 0) await pause(pauseMs);
  }
  return trips;
}

async function openIdle({ port, path, connections, perSecondMax }: IdleTarget): Promise<number> {
  const silent: WebSocketHandlers = {
    onText: () => fail('a silent connection was sent a message'),
    onReadEnd: () => {},
    onEnd: (reason) => fail(`an idle connection ended: ${reason}`),
  };
  const startedMs = performance.now();
  const wanted = Array.from({ length: connections }, (_, index) => index);
  await inParallel(wanted, async (index) => {
    const earliestMs = startedMs + (index / perSecondMax) * 1_000;
    const waitMs = earliestMs - performance.now();
    if (waitMs > 0) await pause(waitMs);
    idle.push(await openPatiently({ port, path }, silent));
  });
  return idle.length;
}

async function openPosts(target: PostTarget): Promise<undefined> {
  const address = { port: target.edgePort, path: target.path };
  const connectionIds: string[] = [];
  const wanted = Array.from({ length: target.connections }, () => new PushReceiver(fail));
  await inParallel(wanted, async (receiver) => {
    const { connection, connectionId } = await askConnectionId(address, receiver);
    receiverConnections.push(connection);
    connectionIds.push(connectionId);
  });
  receivers = wanted;
  const requests = await renderPosts(target.callbackPort, target.stage, connectionIds, target.key);
  posts = requests.map((_, first) => new PostLoad(target.callbackPort, requests, first, fail));
}

async function openHandshakes({ ports, path, headers, atOnce }: HandshakeTarget): Promise<undefined> {
  let next = 0;
  const nextHeaders = () => headers[next++ % headers.length] as string;
  handshakes = Array.from({ length: atOnce }, (_, client) => {
    const address = { port: ports[client % ports.length] as number, path };
    return new HandshakeLoad(address, nextHeaders, fail);
  });
}

/** Opens a connection; a handshake that the storm limit refuses (503) is tried again for a while. */
async function openPatiently(
  address: { port: number; path: string },
  to: WebSocketHandlers,
): Promise<WebSocketConnection> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await openWebSocket(address, to);
    } catch (error) {
      if (!(error instanceof HandshakeRefused && error.status === 503) || attempt > refusedRetriesMax) throw error;
      await pause(refusedRetryMs);
    }
  }
}

async function inParallel<Item>(items: Item[], work: (item: Item, index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const index = next++;
      await work(items[index] as Item, index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(handshakesAtOnce, items.length) }, worker));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function fail(reason: string): void {
  answer({ failure: reason });
}

function answer(message: LoadMessage): void {
  process.send?.(message);
}

process.on('message', (message: CallMessage) => {
  const handler = handlers[message.call] as (parameter: unknown) => Promise<unknown>;
  handler(message.parameter).then(
    (result) => answer({ id: message.id, result }),
    (error: Error) => answer({ id: message.id, error: error.message }),
  );
});
process.once('disconnect', () => process.exit(0));
