import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { limits } from '@sluice/contracts';
import { createMemoryDefinitionStore } from '@sluice/definitions';
import { createTelemetry } from '@sluice/telemetry';
import { freePort } from '@sluice/testkit';
import { describe, expect, it, vi } from 'vitest';
import { CorkHost } from './cork-host.js';
import {
  apiDefinition,
  atEnd,
  endAfterEach,
  RawClient,
  refusableBus,
  sleep,
  TestStore,
  upgradeLines,
  upgradeRequest,
} from './edge.fixture.js';
import { createEdge, type EdgeSettings, edgeSettings } from './index.js';
import { SocketServer } from './socket-server.js';

endAfterEach();

function makeEdge(port: number, more: Partial<EdgeSettings> = {}) {
  const events: string[] = [];
  const lines: Record<string, unknown>[] = [];
  const logDestination = {
    write(line: string) {
      const entry = JSON.parse(line);
      lines.push(entry);
      events.push(entry.event);
    },
  };
  const telemetry = createTelemetry({ role: 'edge', logLevel: 'info', logDestination });
  const { bus } = refusableBus(telemetry);
  const connections = new TestStore();
  const definitions = createMemoryDefinitionStore([apiDefinition()]);
  const edge = createEdge({ bus, connections, definitions, telemetry, settings: edgeSettings({ port, ...more }) });
  atEnd(async () => {
    await edge.close();
    await bus.close();
  });
  return { edge, store: connections, events, lines };
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

describe('a handshake for an address that nobody has', () => {
  it('leaves one line with host and path, never the query, and not one for each', async () => {
    const { edge, events, lines } = makeEdge(0);
    const { port } = await edge.start();
    for (let n = 0; n < 30; n++) {
      const client = new RawClient(port).write(upgradeRequest(upgradeLines, '/nowhere?token=pl4nted'));
      expect((await client.answer()).status).toBe(403);
    }
    const found = lines.filter((line) => line['event'] === 'edge.address_unknown');
    expect(found).toHaveLength(limits.logLinesPerEventMax);
    expect(found[0]).toMatchObject({ level: 'info', host: 'localhost', path: '/nowhere' });
    expect(JSON.stringify(lines)).not.toContain('pl4nted');
    expect(events).toContain('edge.listening');
  });
});

describe('a start that does not come to its end', () => {
  it.each([50, 3_000])('closed while it joins for %i ms: never listens, and gives its slot back', async (joinMs) => {
    const port = await freePort();
    const { edge, store, events } = makeEdge(port);
    store.beforeJoined = () => sleep(joinMs);
    const starting = edge.start();
    const refused = expect(starting).rejects.toThrow('closed while it was starting');
    await sleep(10);
    await edge.close();
    await refused;
    expect(await listens(port)).toBe(false);
    expect(store.left).toBe(1);
    expect(edge.ready().ok).toBe(false);
    expect(events).toEqual([]);
  });

  it('on a port in use: gives its slot back, and speaks of no sockets to close', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => holder.once('listening', resolve));
    atEnd(() => void holder.close());
    const { port } = holder.address() as { port: number };
    const { edge, store, events } = makeEdge(port);
    await expect(edge.start()).rejects.toThrow(`cannot listen on 127.0.0.1:${port}`);
    await edge.close();
    expect(store.left).toBe(1);
    expect(events.filter((event) => event.startsWith('drain.'))).toEqual([]);
  });

  const proxyProtocol = { host: '127.0.0.1', port: 0, trustedProxies: ['127.0.0.1'] };

  it('for want of the way from the PROXY port: leaves nothing listening, and says what to do', async () => {
    const port = await freePort();
    const handlers = { serveManagement: undefined } as unknown as Parameters<typeof SocketServer.listen>[2];
    const nowhere = join(tmpdir(), 'sluice-no-such-folder', 'proxied');
    // Its own connection, over which held upgrades are accepted.
    const corkClosed = vi.spyOn(CorkHost.prototype, 'close');
    atEnd(() => void corkClosed.mockRestore());
    await expect(SocketServer.listen('127.0.0.1', port, handlers, nowhere)).rejects.toThrow('edge.proxyProtocol');
    expect(await listens(port)).toBe(false);
    expect(corkClosed).toHaveBeenCalledOnce();
  });

  it('where no folder can be made for it: says which, why, and what to do', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'sluice-start-'));
    rmSync(directory, { recursive: true });
    vi.stubEnv('TMPDIR', directory);
    atEnd(() => void vi.unstubAllEnvs());
    const port = await freePort();
    const { edge, store } = makeEdge(port, { proxyProtocol });
    await expect(edge.start()).rejects.toThrow(
      new RegExp(`cannot make a folder in ${directory}, which edge.proxyProtocol needs: .*ENOENT.*TMPDIR`),
    );
    expect(store.left).toBe(1);
    expect(await listens(port)).toBe(false);
  });
});
