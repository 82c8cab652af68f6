import { type Bus, createMemoryBus, createRedisBus } from '@sluice/bus';
import { type ConnectionStore, createMemoryConnectionStore, createRedisConnectionStore } from '@sluice/connections';
import { newConnectionId, type RedisSettings } from '@sluice/contracts';
import { createTelemetry } from '@sluice/telemetry';
import { type RedisServer, startRedis } from '@sluice/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { EdgeDouble } from './testing/edge-double.js';
import { startCallbackOn } from './testing/start-callback.js';

const telemetry = createTelemetry({ role: 'test', logLevel: 'silent' });
let redis: RedisServer;
let runs = 0;
const endings: (() => Promise<void>)[] = [];

beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

interface Process {
  bus: Bus;
  connections: ConnectionStore;
}

/** What each process of the cluster has of bus and store. */
function overRedis(): (role: string) => Process {
  const settings: RedisSettings = {
    mode: 'standalone',
    url: redis.url,
    nodes: [],
    sentinelName: '',
    keyPrefix: `t${runs++}`,
    shards: 1,
  };
  return (role) =>
    closing({
      bus: createRedisBus({ settings, role, telemetry }),
      connections: createRedisConnectionStore({ settings, role, telemetry }),
    });
}

/** What the only process has. */
function inOneProcess(): (role: string) => Process {
  const only = closing({ bus: createMemoryBus({ telemetry }), connections: createMemoryConnectionStore() });
  return () => only;
}

const kinds = [
  ['in one process', inOneProcess],
  ['over Redis', overRedis],
] as const;

function closing(process: Process): Process {
  endings.push(
    () => process.connections.close(),
    () => process.bus.close(),
  );
  return process;
}

async function start(makeProcess: (role: string) => Process) {
  const edgeProcess = makeProcess('edge');
  const membership = await edgeProcess.connections.join({ onFenced: () => {}, onForgotten: () => {} });
  const edge = new EdgeDouble(edgeProcess.bus, membership.nodeSlot);
  const inbox = await edge.open();
  const service = await startCallbackOn(makeProcess('callback'));
  endings.push(() => service.callback.stop());
  const ask = (id: string, method = 'POST', body?: string | Uint8Array) =>
    fetch(`${service.base}/dev/@connections/${id}`, { method, ...(body === undefined ? {} : { body }) });
  return { edge, inbox, membership, ask };
}

describe.each(kinds)('@connections %s', (_, prepare) => {
  it('[CB-1][CB-2][CB-3] posts, gets and deletes', async () => {
    const { edge, ask } = await start(prepare());
    const id = edge.connect('chat/dev');
    expect((await ask(id, 'POST', 'héllo')).status).toBe(200);
    expect(await (await ask(id, 'GET')).json()).toMatchObject({ identity: { userAgent: 'wscat' } });
    expect((await ask(id, 'DELETE')).status).toBe(204);
    expect((await ask(id, 'POST', 'x')).status).toBe(410);
    expect(edge.commands.map((command) => command.kind)).toEqual(['POST', 'GET', 'DELETE', 'POST']);
  });

  it('[CB-31] posts awaited one after another arrive in order, and each of many at once arrives once', async () => {
    const { edge, ask } = await start(prepare());
    const id = edge.connect('chat/dev');
    for (let i = 0; i < 20; i++) await ask(id, 'POST', `${i}`);
    expect(edge.received(id)).toEqual(Array.from({ length: 20 }, (_, i) => `${i}`));
    const many = await Promise.all(Array.from({ length: 200 }, (_, i) => ask(id, 'POST', `m${i}`)));
    expect(new Set(many.map((answer) => answer.status))).toEqual(new Set([200]));
    expect(new Set(edge.received(id).slice(20)).size).toBe(200);
  });

  it('[CB-22] an id of a node that never was is 410', async () => {
    const { membership, ask } = await start(prepare());
    expect((await ask(newConnectionId((membership.nodeSlot + 1) % 65_536), 'POST', 'x')).status).toBe(410);
  });

  it('[CB-22] an edge that has left is 410 at once', async () => {
    const { edge, inbox, membership, ask } = await start(prepare());
    const id = edge.connect('chat/dev');
    expect((await ask(id, 'POST', 'x')).status).toBe(200);
    await inbox.close();
    await membership.leave();
    // The callback may remember for a moment that the node was alive.
    await expect.poll(async () => (await ask(id, 'POST', 'y')).status, { timeout: 8_000 }).toBe(410);
    expect(edge.received(id)).toEqual(['x']);
  });

  it('[CB-1] bytes reach the edge as they were posted', async () => {
    const { edge, ask } = await start(prepare());
    const id = edge.connect('chat/dev');
    const bytes = Uint8Array.from({ length: 131_072 }, (_, i) => i % 256);
    expect((await ask(id, 'POST', bytes)).status).toBe(200);
    const [command] = edge.commands;
    expect(command?.kind === 'POST' && Buffer.compare(command.body, bytes)).toBe(0);
  });
});

describe('Redis comes back empty', () => {
  it('[CB-23] a live connection is never called gone, and is reached again', async () => {
    const { edge, ask } = await start(overRedis());
    const id = edge.connect('chat/dev');
    expect((await ask(id, 'POST', 'before')).status).toBe(200);
    await redis.flush();
    const statuses: number[] = [];
    await expect
      .poll(
        async () => {
          const { status } = await ask(id, 'POST', 'after');
          statuses.push(status);
          return status;
        },
        { timeout: 30_000 },
      )
      .toBe(200);
    expect(statuses).not.toContain(410);
    expect(edge.received(id)).toContain('after');
  }, 40_000);
});
