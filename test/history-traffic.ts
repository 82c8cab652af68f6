import { setTimeout as sleep } from 'node:timers/promises';
import { connectClient, type WebSocketClient } from '@sluice/testkit';
import type { HistoryCluster } from './history-faults.js';
import type { History, Session } from './history-record.js';

const framePauseMs = 60;
const postPauseMs = 80;

/** Keeps one connection alive, sends frames on it and posts to it; a broken one is replaced by another. */
export class Traffic {
  private stopping = false;
  private readonly loops: Promise<void>[] = [];
  private readonly live = new Map<Session, WebSocketClient>();
  private count = 0;

  constructor(
    private readonly cluster: HistoryCluster,
    private readonly history: History,
    private readonly random: () => number,
  ) {}

  start(clients: number): void {
    for (let i = 0; i < clients; i++) this.loops.push(this.keepConnected());
  }

  /** The back end has learned the id of a connection by a frame. */
  named(sessionName: string, connectionId: string): void {
    for (const session of this.live.keys()) if (session.name === sessionName) session.connectionId ??= connectionId;
  }

  /** No more frames and posts; the connections stay. */
  async quiet(): Promise<void> {
    this.stopping = true;
    await Promise.all(this.loops);
  }

  async close(): Promise<void> {
    for (const [session, client] of this.live) {
      session.ended ??= { atMs: Date.now(), code: 1000, byUs: true };
      client.close(1000).catch(() => {});
    }
    await Promise.all([...this.live.values()].map((client) => client.closed));
  }

  private async keepConnected(): Promise<void> {
    while (!this.stopping) {
      const edge = this.cluster.pickEdge();
      const opening = connectClient(`ws://127.0.0.1:${edge.process.port}/chat/dev`, { handshakeTimeout: 15_000 });
      const client = await opening.catch(() => undefined);
      if (client === undefined) await sleep(100);
      else await this.converse(client, edge.index);
    }
  }

  private async converse(client: WebSocketClient, edge: number): Promise<void> {
    const session: Session = {
      name: `s${this.count++}`,
      edge,
      openedAtMs: Date.now(),
      connectionId: undefined,
      ended: undefined,
      sent: [],
      echoed: [],
      refusals: [],
      posted: [],
      foreign: [],
    };
    this.history.sessions.push(session);
    this.live.set(session, client);
    for (const text of client.messages) receive(session, text);
    client.socket.on('message', (data) => receive(session, data.toString()));
    client.socket.on('error', () => {});
    void client.closed.then(({ code }) => {
      session.ended ??= { atMs: Date.now(), code, byUs: false };
      this.live.delete(session);
    });
    // A post to a connection that broke may take its time; its client does not wait for it to come again.
    this.loops.push(this.post(session));
    await this.sendFrames(session, client);
  }

  private async sendFrames(session: Session, client: WebSocketClient): Promise<void> {
    while (!this.stopping && session.ended === undefined) {
      const route = session.sent.length % 3 === 2 ? 'tell' : 'echo';
      client.send({ action: route, session: session.name, number: session.sent.length });
      session.sent.push({ atMs: Date.now(), route });
      await sleep(framePauseMs * (0.5 + this.random()));
    }
  }

  private async post(session: Session): Promise<void> {
    for (let number = 0; !this.stopping && session.ended === undefined; ) {
      const { connectionId } = session;
      if (connectionId !== undefined) await this.postOnce(session, connectionId, number++);
      await sleep(postPauseMs * (0.5 + this.random()));
    }
  }

  private async postOnce(session: Session, connectionId: string, number: number): Promise<void> {
    const startedAtMs = Date.now();
    const url = `${this.cluster.callbackUrl()}/chat/dev/@connections/${encodeURIComponent(connectionId)}`;
    const body = JSON.stringify({ post: number, session: session.name });
    const status = await fetch(url, { method: 'POST', body, signal: AbortSignal.timeout(15_000) }).then(
      async (response) => {
        await response.arrayBuffer();
        return response.status;
      },
      () => 0,
    );
    this.history.posts.push({ session, number, startedAtMs, endedAtMs: Date.now(), status });
    if (status === 0) await sleep(100);
  }
}

function receive(session: Session, text: string): void {
  const message = JSON.parse(text) as Record<string, unknown>;
  if ('requestId' in message && typeof message['connectionId'] === 'string') {
    session.connectionId ??= message['connectionId'];
    session.refusals.push(String(message['requestId']));
    if (session.connectionId !== message['connectionId']) session.foreign.push(text);
  } else if (message['session'] !== session.name) session.foreign.push(text);
  else if (typeof message['post'] === 'number') session.posted.push(message['post']);
  else if (typeof message['number'] === 'number') session.echoed.push(message['number']);
  else session.foreign.push(text);
}
