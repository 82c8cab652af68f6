/** What one client connection lived through, by the clock of the test. */
export interface Session {
  name: string;
  /** Index of the edge process it was connected to, in the order of their starts. */
  edge: number;
  openedAtMs: number;
  /** Known once the gateway has named it, in an answer, an error frame or to the back end. */
  connectionId: string | undefined;
  /** Undefined while it stands. */
  ended: { atMs: number; code: number; byUs: boolean } | undefined;
  /** When each numbered frame was sent, and on which route. */
  sent: { atMs: number; route: 'echo' | 'tell' }[];
  /** Numbers of the echoes received, repeats included. */
  echoed: number[];
  /** Request ids of the error frames received. */
  refusals: string[];
  /** Numbers of the posts received, in order, repeats included. */
  posted: number[];
  /** Frames that belong to nobody, or to another session. */
  foreign: string[];
}

/** One call of `@connections`. */
export interface Post {
  session: Session;
  number: number;
  startedAtMs: number;
  endedAtMs: number;
  /** 0 where the call itself failed. */
  status: number;
}

/** One request as the back end saw it, cut down to what is judged. */
export interface Seen {
  atMs: number;
  eventType: string;
  connectionId: string;
  requestId: string;
  messageId: string;
  session: string | undefined;
  number: number;
}

/** When an edge was killed, by its index. */
export type EdgeDeaths = Map<number, number>;

export interface History {
  sessions: Session[];
  posts: Post[];
  seen: Seen[];
  edgeDeaths: EdgeDeaths;
  faults: string[];
}

/** A generator of numbers from 0 to 1 that gives the same ones for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
