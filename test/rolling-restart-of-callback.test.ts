import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { type BackEnd, type Cluster, connectClient, startBackEnd, startCluster, waitFor } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chatConfig } from './chat-config.js';

const holdMs = 1_500;

/** Callers as a Kubernetes Service gives them: each new TCP connection goes to the process that is current, old ones stay. */
class Callers {
  readonly statuses = new Map<number | string, number>();
  current = 0;
  private going = true;
  private readonly agent = new Agent({ keepAlive: true });

  constructor() {
    Object.assign(this.agent, { createConnection: () => connect(this.current, '127.0.0.1') });
  }

  async run(path: string, pauseMs: () => number): Promise<void> {
    while (this.going) {
      const status = await this.post(path);
      this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
      await new Promise((resolve) => setTimeout(resolve, pauseMs()));
    }
  }

  stop(): void {
    this.going = false;
  }

  private post(path: string): Promise<number | string> {
    return new Promise((resolve) => {
      const asked = request({ path, method: 'POST', agent: this.agent }, (response) => {
        response.resume().once('end', () => resolve(response.statusCode ?? 0));
      });
      asked.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message)).end('x');
    });
  }
}

describe('a rolling restart of the callback service', () => {
  let backEnd: BackEnd;
  let cluster: Cluster;

  beforeAll(async () => {
    backEnd = await startBackEnd();
    cluster = await startCluster({
      config: { ...chatConfig(backEnd.url), auth: { callback: 'none', keys: [] } },
      env: { SLUICE_DRAIN_HOLD_MS: String(holdMs), SLUICE_DRAIN_WINDOW_MS: '1000' },
    });
  });
  afterAll(async () => {
    await cluster?.stop();
    await backEnd?.stop();
  });

  it('[DR-6] is not seen by callers that keep their connections: every call is answered, none is reset or refused', async () => {
    const client = await connectClient(`ws://127.0.0.1:${cluster.the('edge').port}/chat/dev`);
    const { connectionId } = await backEnd.seen('$connect', (each) => each.eventType === 'CONNECT');
    const callers = new Callers();
    let current = cluster.the('callback');
    callers.current = current.port;
    const path = `/chat/dev/@connections/${connectionId}`;
    const runs = [
      ...Array.from({ length: 8 }, () => callers.run(path, () => 1 + Math.random() * 20)),
      ...Array.from({ length: 8 }, () => callers.run(path, () => 200 + Math.random() * 600)),
    ];
    for (let restart = 0; restart < 2; restart++) {
      const next = await cluster.add('callback');
      const old = current;
      current = next;
      old.signal('SIGTERM');
      // Endpoints follow the deletion of a pod late: new connections still come for part of the hold.
      setTimeout(() => {
        callers.current = next.port;
      }, holdMs / 2);
      expect(await old.exited).toEqual({ code: 0, signal: null });
    }
    callers.stop();
    await Promise.all(runs);
    expect([...callers.statuses.keys()]).toEqual([200]);
    expect(callers.statuses.get(200)).toBeGreaterThan(500);
    await client.close();
  });

  it('[DR-6] nor is that of an edge by those who post to its port', async () => {
    const staying = await cluster.add('edge');
    const leaving = cluster.the('edge');
    const client = await connectClient(`ws://127.0.0.1:${staying.port}/chat/dev`);
    const connects = backEnd.of('CONNECT');
    const connectionId = connects.at(-1)?.connectionId;
    const callers = new Callers();
    callers.current = leaving.port;
    const path = `/chat/dev/@connections/${connectionId}`;
    const runs = [
      ...Array.from({ length: 4 }, () => callers.run(path, () => 1 + Math.random() * 20)),
      ...Array.from({ length: 4 }, () => callers.run(path, () => 200 + Math.random() * 600)),
    ];
    await waitFor('calls', () => (callers.statuses.get(200) ?? 0) > 20);
    leaving.signal('SIGTERM');
    setTimeout(() => {
      callers.current = staying.port;
    }, holdMs / 2);
    expect(await leaving.exited).toEqual({ code: 0, signal: null });
    callers.stop();
    await Promise.all(runs);
    expect([...callers.statuses.keys()]).toEqual([200]);
    await client.close();
  });
});
