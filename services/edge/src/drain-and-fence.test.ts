import { createServer } from 'node:net';
import { closes, nodeSlotOf } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';
import {
  admitted,
  atEnd,
  endAfterEach,
  openClient,
  RawClient,
  sleep,
  startGateway,
  until,
  upgradeRequest,
} from './edge.fixture.js';

endAfterEach();

describe('drain', () => {
  it('[CN-40] hold, spread and settle: nothing closes in the hold, all get 1001 in the window, the node leaves', async () => {
    const gateway = await startGateway();
    const clients = await Promise.all(Array.from({ length: 20 }, () => openClient(gateway.url)));
    const closedAt: number[] = [];
    for (const client of clients) client.socket.once('close', () => closedAt.push(Date.now()));
    const startedAt = Date.now();
    const drained = gateway.edge.drain({ holdMs: 200, windowMs: 600, settleMs: 1_000 });
    expect(gateway.edge.ready().ok).toBe(false);
    const refused = await new RawClient(gateway.port).write(upgradeRequest()).answer();
    expect([refused.status, refused.header('Connection')]).toEqual([503, 'close']);
    expect(Number(refused.header('Retry-After'))).toBeGreaterThanOrEqual(1);
    expect(Number(refused.header('Retry-After'))).toBeLessThanOrEqual(5);
    // Frames are served until the close.
    clients[0]?.socket.send('still served');
    await drained;
    expect(Math.min(...closedAt) - startedAt).toBeGreaterThanOrEqual(195);
    expect(Math.max(...closedAt) - Math.min(...closedAt)).toBeGreaterThanOrEqual(200);
    for (const client of clients) expect(await client.closed).toEqual(closes.goingAway);
    await until('all announced', () => gateway.disconnects().length === 20);
    expect(gateway.messages().length).toBe(1);
    expect(gateway.disconnects().every((each) => each.disconnectStatusCode === 1001)).toBe(true);
    expect(gateway.store.registered.size).toBe(0);
    expect(gateway.store.left).toBe(1);
    expect(await gateway.metric('sluice_drain_state')).toBe(3);
    expect(await gateway.metric('sluice_drains_total', { result: 'completed' })).toBe(1);
  });

  it('[CN-41] a second call ends the hold and shortens the window', async () => {
    const gateway = await startGateway();
    await openClient(gateway.url);
    const startedAt = Date.now();
    const first = gateway.edge.drain({ holdMs: 60_000, windowMs: 60_000 });
    await sleep(50);
    const second = gateway.edge.drain({ windowMs: 100 });
    await Promise.all([first, second]);
    expect(Date.now() - startedAt).toBeLessThan(2_000);
  });

  it('[CN-40] handshakes that were held when the drain began are no burst at its end', async () => {
    const gateway = await startGateway();
    await Promise.all(Array.from({ length: 40 }, () => openClient(gateway.url)));
    gateway.rule.verdict = () => undefined;
    const held = Array.from({ length: 20 }, () => new RawClient(gateway.port).write(upgradeRequest()));
    await until('all held', () => gateway.connects().length === 60);
    const closedAt: number[] = [];
    for (const client of held) client.socket.once('close', () => closedAt.push(performance.now()));
    const drained = gateway.edge.drain({ holdMs: 0, windowMs: 2_000, settleMs: 1_000 });
    for (const { connectionId } of gateway.connects().slice(40))
      gateway.tell({ kind: 'VERDICT', connectionId, ...admitted });
    await until('all open', () => held.every(({ status }) => status === 101));
    await drained;
    await Promise.all(held.map((client) => client.end()));
    expect(Math.max(...closedAt) - Math.min(...closedAt)).toBeGreaterThanOrEqual(50);
  });

  it('[CN-42] what the bus does not take is left to the survivor: the node keeps its slot and its records', async () => {
    const gateway = await startGateway();
    await openClient(gateway.url);
    gateway.busState.refusal = 'bus_unavailable';
    await gateway.edge.drain({ holdMs: 0, windowMs: 0, settleMs: 200 });
    expect(gateway.store.left).toBe(0);
    expect(gateway.store.registered.size).toBe(1);
    expect(await gateway.metric('sluice_drains_total', { result: 'forced' })).toBe(1);
  });

  it('what is queued for a client that reads late, and its close frame, still reach it', async () => {
    const gateway = await startGateway();
    const client = await openClient(gateway.url);
    const connectionId = gateway.connects()[0]?.connectionId as string;
    client.socket.pause();
    // Until more is queued than the kernel takes: only then something is left for the drain to flush.
    const body = Buffer.alloc(131_072, 'x');
    let sent = 0;
    while ((await gateway.ask({ kind: 'POST', connectionId, body })).result === 'ok') sent++;
    const drained = gateway.edge.drain({ holdMs: 0, windowMs: 0 });
    setTimeout(() => client.socket.resume(), 300);
    await drained;
    expect(await client.closed).toEqual(closes.goingAway);
    expect(client.messages.length).toBe(sent);
  });

  it('a held upgrade is answered before the port goes away', async () => {
    const gateway = await startGateway();
    gateway.rule.verdict = () => undefined;
    const client = new RawClient(gateway.port).write(upgradeRequest());
    await until('CONNECT', () => gateway.connects().length === 1);
    await gateway.edge.drain({ holdMs: 0, windowMs: 0 });
    await client.end();
    expect(client.status).toBe(503);
  });

  it('an upgrade whose record is still being written when the last socket has closed is refused, not cut', async () => {
    const gateway = await startGateway();
    let written: (() => void) | undefined;
    gateway.store.beforeRegistered = () => new Promise((resolve) => (written = resolve));
    const client = new RawClient(gateway.port).write(upgradeRequest());
    await until('the record to be on its way', () => written);
    const other = gateway.disconnects().length;
    const drained = gateway.edge.drain({ holdMs: 0, windowMs: 0, settleMs: 1_000 });
    await sleep(20);
    written?.();
    await drained;
    await client.end();
    expect(client.status).toBe(503);
    expect(gateway.store.registered.size).toBe(0);
    expect(gateway.disconnects().length).toBe(other);
  });
});

describe('a lost lease', () => {
  it('[CN-50] all sockets close with 1001 without $disconnect, and the node serves on under a new slot', async () => {
    const gateway = await startGateway();
    const clients = [await openClient(gateway.url), await openClient(gateway.url)];
    const [id] = gateway.store.registered;
    gateway.store.handlers?.onFenced();
    for (const client of clients) expect(await client.closed).toEqual(closes.goingAway);
    await until('the new life', () => gateway.edge.ready().ok);
    const again = await openClient(gateway.url);
    expect(nodeSlotOf(gateway.connects()[2]?.connectionId as string)).not.toBe(nodeSlotOf(id as string));
    again.socket.send('served');
    await until('the message', () => gateway.messages().length === 1);
    expect(gateway.disconnects()).toEqual([]);
    expect(await gateway.metric('sluice_fences_total')).toBe(1);
  });

  it('[CN-50] while the bus has no inbox for it, no try to join again keeps a slot', async () => {
    const gateway = await startGateway();
    const open = gateway.bus.openInbox;
    let failures = 0;
    gateway.bus.openInbox = async (address, handlers) => {
      if (failures++ < 3) throw new Error('the bus is away');
      return open(address, handlers);
    };
    gateway.store.handlers?.onFenced();
    await until('the new life', () => gateway.edge.ready().ok);
    expect(failures).toBe(4);
    expect(gateway.store.left).toBe(3);
  });

  it('[CN-51] a connection the store never knew is announced by us: no survivor could', async () => {
    const gateway = await startGateway({ connect: false });
    gateway.store.away = true;
    const client = await openClient(gateway.url);
    await sleep(50);
    gateway.store.handlers?.onFenced();
    await client.closed;
    await until('$disconnect', () => gateway.disconnects().length === 1);
  });

  it('[CN-52] while the lease is not held, posts wait; renewed, they are delivered', async () => {
    const gateway = await startGateway();
    const client = await openClient(gateway.url);
    const connectionId = gateway.connects()[0]?.connectionId as string;
    let renew: ((ours: boolean) => void) | undefined;
    gateway.store.held = false;
    gateway.store.renewal = () =>
      new Promise((resolve) => {
        renew = resolve;
      });
    const outcome = gateway.ask({ kind: 'POST', connectionId, body: Buffer.from('late') });
    await until('the question', () => renew !== undefined);
    await sleep(50);
    expect(client.messages).toEqual([]);
    gateway.store.held = undefined;
    renew?.(true);
    expect((await outcome).result).toBe('ok');
    await until('the message', () => client.messages[0] === 'late');
  });

  it('[CN-52] lost, they are gone and no socket sees them', async () => {
    const gateway = await startGateway();
    const client = await openClient(gateway.url);
    const connectionId = gateway.connects()[0]?.connectionId as string;
    gateway.store.held = false;
    let failures = 0;
    gateway.store.renewal = async () => {
      if (failures++ === 0) throw new Error('the store is away');
      gateway.store.handlers?.onFenced();
      gateway.store.held = undefined;
      gateway.store.renewal = undefined;
      return false;
    };
    expect((await gateway.ask({ kind: 'POST', connectionId, body: Buffer.from('x') })).result).toBe('gone');
    expect(await client.closed).toEqual(closes.goingAway);
    expect(client.messages).toEqual([]);
  });

  it('[CN-53] a store that has forgotten the node learns of all live connections again', async () => {
    const gateway = await startGateway();
    await openClient(gateway.url);
    await openClient(gateway.url);
    const ids = [...gateway.store.registered];
    gateway.store.registered.clear();
    gateway.store.handlers?.onForgotten();
    await until('all registered again', () => gateway.store.registered.size === 2);
    expect([...gateway.store.registered].sort()).toEqual(ids.sort());
  });
});

describe('the port', () => {
  it('in use: the start fails and says what to do', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => holder.once('listening', resolve));
    atEnd(() => void holder.close());
    const { port } = holder.address() as { port: number };
    await expect(startGateway({ settings: { port } })).rejects.toThrow(
      new RegExp(`cannot listen on 127\\.0\\.0\\.1:${port}.*--port`),
    );
  });
});
