import type { History, Post, Seen, Session } from './history-record.js';

/** A frame sent this long before its connection broke has been read, and appended or refused. */
const readWithinMs = 2_000;
/** Bytes written to a socket this long before its process was killed have left it. */
const writtenWithinMs = 1_000;
/** Events of two processes can be this much out of step. */
const marginMs = 1_000;

export interface Findings {
  counts: Record<string, number>;
  /** Each breaks a promise. */
  faults: string[];
}

/** Judges a finished history: every client has closed, every survivor has had its time. */
export function checkHistory(history: History): Findings {
  const faults: string[] = [];
  const counts: Record<string, number> = { sessions: history.sessions.length, posts: history.posts.length };
  const add = (name: string, count: number) => {
    counts[name] = (counts[name] ?? 0) + count;
  };
  const seenOf = groupBy(history.seen, (each) => each.session ?? '');
  const postsOf = groupBy(history.posts, (each) => each.session.name);
  for (const session of history.sessions) {
    checkFrames(session, seenOf.get(session.name) ?? [], faults, add);
    checkPosts(session, postsOf.get(session.name) ?? [], faults, add);
    checkEnd(session, history, faults, add);
  }
  checkDisconnects(history, faults, add);
  checkMessageIds(history.seen, faults);
  return { counts, faults };
}

type Add = (name: string, count: number) => void;

/**
 * Every frame reached the back end or was refused by an error frame: those that the back end never saw are as many as the error
 * frames whose request ids it never saw. Both together can be, since an append that Redis answered too late may have been made.
 * What its connection's break caught on the way may be missing without a word: nobody had accepted it.
 */
function checkFrames(session: Session, seen: Seen[], faults: string[], add: Add): void {
  const { name, sent, ended, foreign } = session;
  const delivered = new Map(seen.map((each) => [each.number, each.requestId]));
  const refused = new Set(session.refusals);
  const broke = ended?.byUs === false;
  const judgedUntilMs = broke ? ended.atMs - readWithinMs : Number.POSITIVE_INFINITY;
  const judged = [...sent.entries()].filter(([, frame]) => frame.atMs < judgedUntilMs);
  const missing = judged.filter(([number]) => !delivered.has(number)).map(([number]) => number);
  const reached = new Set(delivered.values());
  const refusedOnly = [...refused].filter((requestId) => !reached.has(requestId)).length;
  add('sent', sent.length);
  add('delivered', delivered.size);
  add('repeated', seen.length - delivered.size);
  add('refused', refused.size);
  add('refusedYetDelivered', refused.size - refusedOnly);
  if (missing.length > refusedOnly) faults.push(`${name}: frames ${missing} never came, ${refusedOnly} were refused`);
  if (!broke && missing.length < refusedOnly) {
    faults.push(`${name}: ${refusedOnly} error frames for ${missing.length} frames that never came`);
  }
  for (const number of delivered.keys()) {
    if (number >= sent.length) faults.push(`${name}: frame ${number} was never sent`);
  }
  for (const text of foreign) faults.push(`${name} received what is not its own: ${text}`);
  checkEchoes(session, delivered, refused, faults, add);
}

/** Each request of a two-way route is answered, by its own echo or an error frame, as long as its connection stands. */
function checkEchoes(
  session: Session,
  delivered: Map<number, string>,
  refused: Set<string>,
  faults: string[],
  add: Add,
): void {
  const echoed = new Set(session.echoed);
  add('echoed', echoed.size);
  for (const number of echoed) {
    if (!delivered.has(number)) faults.push(`${session.name}: echo ${number} without a request`);
  }
  if (session.ended?.byUs === false) return;
  for (const [number, requestId] of delivered) {
    if (session.sent[number]?.route !== 'echo' || echoed.has(number) || refused.has(requestId)) continue;
    faults.push(`${session.name}: echo ${number} was never received`);
  }
}

/** What was answered 200 arrives, once and in order; 410 is said only of connections that are ending or over. */
function checkPosts(session: Session, posts: Post[], faults: string[], add: Add): void {
  const received = new Set(session.posted);
  const { name, posted } = session;
  const endedAtMs = session.ended?.atMs ?? Number.POSITIVE_INFINITY;
  add('posted', received.size);
  if (posted.length > received.size) faults.push(`${name}: ${posted.length - received.size} posts came twice`);
  const confirmed = posts.filter((post) => post.status === 200);
  add('posts200', confirmed.length);
  add('posts410', posts.filter((post) => post.status === 410).length);
  add('postsFailed', posts.filter((post) => post.status !== 200 && post.status !== 410).length);
  for (const post of confirmed) {
    const brokeAfterwards = session.ended?.byUs === false && endedAtMs < post.endedAtMs + writtenWithinMs;
    if (!received.has(post.number) && !brokeAfterwards) faults.push(`${name}: post ${post.number} 200, not received`);
    if (post.startedAtMs > endedAtMs + marginMs) faults.push(`${name}: post ${post.number} 200 after the end`);
  }
  for (const post of posts) {
    if (post.status === 410 && endedAtMs > post.endedAtMs + marginMs) {
      faults.push(`${name}: post ${post.number} 410 while the connection stands`);
    }
  }
  const confirmedNumbers = new Set(confirmed.map((post) => post.number));
  const order = posted.filter((number) => confirmedNumbers.has(number));
  if (order.some((number, at) => at > 0 && number < (order[at - 1] ?? 0))) {
    faults.push(`${name}: posts came in the order ${order}`);
  }
}

/** A connection breaks only with its edge. */
function checkEnd(session: Session, { edgeDeaths }: History, faults: string[], add: Add): void {
  const { ended } = session;
  if (ended === undefined) return void faults.push(`${session.name}: never ended`);
  if (ended.byUs) return;
  add('broken', 1);
  const diedAtMs = edgeDeaths.get(session.edge);
  if (diedAtMs === undefined || Math.abs(ended.atMs - diedAtMs) > 2 * marginMs) {
    faults.push(`${session.name}: closed with ${ended.code} though its edge lived`);
  }
}

/** One `$disconnect` for each connection that was opened, none while it stood, none for what never connected. */
function checkDisconnects({ sessions, seen }: History, faults: string[], add: Add): void {
  const connected = new Set(seen.filter((each) => each.eventType === 'CONNECT').map((each) => each.connectionId));
  const ends = groupBy(
    seen.filter((each) => each.eventType === 'DISCONNECT'),
    (each) => each.connectionId,
  );
  const owners = new Map(sessions.map((session) => [session.connectionId, session]));
  for (const [connectionId, requests] of ends) {
    const name = owners.get(connectionId)?.name ?? connectionId;
    const events = new Set(requests.map((each) => each.requestId));
    add('disconnects', 1);
    add('disconnectsRepeated', requests.length - events.size);
    if (events.size > 1) faults.push(`${name}: ${events.size} different $disconnect`);
    if (!connected.has(connectionId)) faults.push(`${name}: $disconnect without $connect`);
    const endedAtMs = owners.get(connectionId)?.ended?.atMs ?? 0;
    const first = requests[0]?.atMs ?? 0;
    if (first < endedAtMs - marginMs) faults.push(`${name}: $disconnect ${endedAtMs - first} ms before its end`);
  }
  for (const session of sessions) {
    if (session.connectionId === undefined) add('nameless', 1);
    else if (!ends.has(session.connectionId)) faults.push(`${session.name}: no $disconnect`);
  }
}

/** A repeat of a frame carries the message id of the first delivery, so that a back end can tell. */
function checkMessageIds(seen: Seen[], faults: string[]): void {
  const known = new Map<string, string>();
  for (const each of seen) {
    if (each.session === undefined) continue;
    const key = `${each.session}/${each.number}`;
    const before = known.get(key) ?? each.messageId;
    if (before !== each.messageId) faults.push(`${key} came with message ids ${before} and ${each.messageId}`);
    known.set(key, before);
  }
}

function groupBy<T>(list: T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of list) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
