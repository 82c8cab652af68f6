import { FleetClient } from './fleet-client.js';
import type { LoadBackEnd } from './load-back-end.js';

export interface FleetReport {
  sent: number;
  answered: number;
  /** Read by an edge, not refused, and never seen by the back end. */
  lost: number;
  /** Seen by the back end, and the answer had no connection to go to any more. */
  unanswered: number;
  /** Under way when the gateway closed the connection, and never read: the client knows that it has to send them again. */
  cutOff: number;
  duplicated: number;
  refused: number;
  closes: Record<string, number>;
  connects: number;
  handshakesRefused: number;
  handshakesFailed: number;
  faults: string[];
}

export interface FleetOptions {
  url: string;
  run: string;
  size: number;
  intervalMs: number;
}

/** Several users at once, for as long as something happens to the gateway. */
export class Fleet {
  readonly clients: FleetClient[];

  constructor(readonly options: FleetOptions) {
    const url = `${options.url}?run=${options.run}`;
    this.clients = Array.from({ length: options.size }, (_, number) => new FleetClient({ ...options, url, number }));
  }

  /** Clients that hold a connection whose id they know. */
  get connected(): FleetClient[] {
    return this.clients.filter(({ connectionId }) => connectionId !== undefined);
  }

  /** How often a post has arrived, at whichever client. */
  arrivals(post: string): number {
    return this.clients.reduce((sum, { seen }) => sum + (seen.posts.get(post) ?? 0), 0);
  }

  async stop(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.stop()));
  }

  /** After `stop`: what became of every message. */
  async report(backEnd: LoadBackEnd): Promise<FleetReport> {
    const sum = (of: (client: FleetClient) => number) => this.clients.reduce((total, each) => total + of(each), 0);
    const gaps = this.clients.flatMap((client) => client.gaps);
    const tails = this.clients.flatMap((client) => client.cutOff);
    const seenGaps = (await backEnd.seen(gaps)).length;
    const seenTails = (await backEnd.seen(tails)).length;
    const refused = sum(({ seen }) => seen.refused);
    return {
      sent: sum(({ seen }) => seen.sent),
      answered: sum(({ seen }) => seen.answered),
      // An error frame does not say which message it is for: only their number can be compared.
      lost: Math.max(0, gaps.length - seenGaps - refused),
      unanswered: seenGaps + seenTails,
      cutOff: tails.length - seenTails,
      duplicated: sum(({ seen }) => seen.duplicated),
      refused,
      closes: this.closes(),
      connects: sum(({ seen }) => seen.connects),
      handshakesRefused: sum(({ seen }) => seen.handshakesRefused),
      handshakesFailed: sum(({ seen }) => seen.handshakesFailed),
      faults: this.clients.flatMap(({ fault }) => (fault === undefined ? [] : [fault])),
    };
  }

  private closes(): Record<string, number> {
    const all: Record<string, number> = {};
    for (const { seen } of this.clients) {
      for (const [code, count] of seen.closes) all[code] = (all[code] ?? 0) + count;
    }
    return all;
  }
}
