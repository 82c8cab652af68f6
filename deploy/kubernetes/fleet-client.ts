import { setTimeout as sleep } from 'node:timers/promises';
import { connectClient, HandshakeRefusedError, type WebSocketClient, waitFor } from '@sluice/testkit';

/** What one client of a fleet has seen; the fleet adds them up. */
export interface Sightings {
  sent: number;
  answered: number;
  duplicated: number;
  /** Error frames: messages that were refused out loud. */
  refused: number;
  closes: Map<number, number>;
  connects: number;
  handshakesRefused: number;
  handshakesFailed: number;
  /** Posts, by their text, and how often each arrived. */
  posts: Map<string, number>;
}

export interface ClientOptions {
  url: string;
  run: string;
  number: number;
  intervalMs: number;
}

/** Tries for one connection: OPERATIONS asks that three are always enough. */
const handshakesMax = 3;

/** One user: holds a connection, sends a numbered message each interval, and comes back when the connection has ended. */
export class FleetClient {
  readonly seen: Sightings = {
    sent: 0,
    answered: 0,
    duplicated: 0,
    refused: 0,
    closes: new Map(),
    connects: 0,
    handshakesRefused: 0,
    handshakesFailed: 0,
    posts: new Map(),
  };
  /** Of the connection that is open now; undefined between two of them. */
  connectionId: string | undefined;
  /** Ids of connections whose end this client has seen. */
  readonly endedIds = new Set<string>();
  /** Why it has given up, if it has. */
  fault: string | undefined;
  /** Without an answer although a later message of the same connection has one, so the edge had read them: none may be missing. */
  readonly gaps: string[] = [];
  /** The last of a connection that the gateway closed: whether the edge has read them nobody here can know. */
  readonly cutOff: string[] = [];
  private readonly unanswered = new Map<string, number>();
  private readonly answeredIds = new Set<string>();
  private lastAnswered = -1;
  private client: WebSocketClient | undefined;
  private stopping = false;
  private readonly life: Promise<void>;

  constructor(private readonly options: ClientOptions) {
    this.life = this.live().catch((error: unknown) => {
      this.fault = error instanceof Error ? error.message : String(error);
    });
  }

  /** Stops sending, waits for the answers that are due, and closes. */
  async stop(): Promise<void> {
    this.stopping = true;
    await waitFor('the last answers', () => this.unanswered.size === 0, 10_000).catch(() => undefined);
    this.gaps.push(...this.unanswered.keys());
    this.unanswered.clear();
    this.client?.close(1000);
    await this.life;
  }

  private async live(): Promise<void> {
    while (!this.stopping) {
      const client = await this.connect();
      this.client = client;
      // Told to stop while it was coming back: nobody else would close this one.
      if (this.stopping) void client.close(1000);
      client.socket.on('message', (data) => this.received(data.toString()));
      client.send({ action: 'whoami' });
      const sending = setInterval(() => this.send(client), this.options.intervalMs);
      const { code } = await client.closed;
      clearInterval(sending);
      this.ended(code);
    }
  }

  private async connect(): Promise<WebSocketClient> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const client = await connectClient(this.options.url, { handshakeTimeout: 10_000 });
        this.seen.connects += 1;
        return client;
      } catch (error) {
        const retryAfter = error instanceof HandshakeRefusedError ? error.refusal.headers['retry-after'] : undefined;
        if (error instanceof HandshakeRefusedError) this.seen.handshakesRefused += 1;
        else this.seen.handshakesFailed += 1;
        if (attempt === handshakesMax) throw error;
        await sleep(Number(retryAfter ?? 1) * 1000);
      }
    }
  }

  private send(client: WebSocketClient): void {
    if (this.stopping || client.socket.readyState !== client.socket.OPEN) return;
    const id = `${this.options.run}.${this.options.number}.${this.seen.sent}`;
    this.unanswered.set(id, this.seen.sent);
    this.seen.sent += 1;
    client.send({ action: 'webhook', id });
  }

  private received(text: string): void {
    const message = JSON.parse(text) as { id?: string; connectionId?: string; post?: string; requestId?: string };
    if (message.post !== undefined) this.seen.posts.set(message.post, (this.seen.posts.get(message.post) ?? 0) + 1);
    else if (message.id !== undefined) this.answeredWith(message.id);
    else if (message.requestId !== undefined) this.seen.refused += 1;
    else if (message.connectionId !== undefined) this.connectionId = message.connectionId;
  }

  private answeredWith(id: string): void {
    const number = this.unanswered.get(id);
    if (number !== undefined) {
      this.unanswered.delete(id);
      this.lastAnswered = Math.max(this.lastAnswered, number);
      this.seen.answered += 1;
      this.answeredIds.add(id);
    } else if (this.answeredIds.has(id)) this.seen.duplicated += 1;
  }

  private ended(code: number): void {
    this.seen.closes.set(code, (this.seen.closes.get(code) ?? 0) + 1);
    if (this.connectionId !== undefined) this.endedIds.add(this.connectionId);
    this.connectionId = undefined;
    for (const [id, number] of this.unanswered) (number < this.lastAnswered ? this.gaps : this.cutOff).push(id);
    this.unanswered.clear();
  }
}
