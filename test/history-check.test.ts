import { describe, expect, it } from 'vitest';
import { checkHistory } from './history-check.js';
import type { History, Post, Seen, Session } from './history-record.js';

function session(more: Partial<Session> = {}): Session {
  return {
    name: 's0',
    edge: 0,
    openedAtMs: 0,
    connectionId: 'c0',
    ended: { atMs: 90_000, code: 1000, byUs: true },
    sent: [
      { atMs: 1_000, route: 'echo' },
      { atMs: 2_000, route: 'tell' },
    ],
    echoed: [0],
    refusals: [],
    posted: [0, 1],
    foreign: [],
    ...more,
  };
}

function seen(eventType: string, atMs: number, number = -1, more: Partial<Seen> = {}): Seen {
  const own = { requestId: `r${number}`, messageId: `m${number}`, session: number < 0 ? undefined : 's0' };
  return { atMs, eventType, connectionId: 'c0', number, ...own, ...more };
}

const post = (one: Session, number: number, status = 200, atMs = 3_000): Post => {
  return { session: one, number, startedAtMs: atMs, endedAtMs: atMs + 10, status };
};

/** A flawless history of one connection, and what is otherwise in this one. */
function history(more: Partial<History> & { session?: Partial<Session> } = {}): History {
  const one = session(more.session);
  return {
    sessions: [one],
    posts: [post(one, 0), post(one, 1)],
    seen: [seen('CONNECT', 0), seen('MESSAGE', 1_010, 0), seen('MESSAGE', 2_010, 1), seen('DISCONNECT', 90_010)],
    edgeDeaths: new Map(),
    faults: [],
    ...more,
  };
}

const faultsOf = (more: Parameters<typeof history>[0]) => checkHistory(history(more)).faults.join('; ');
const { seen: flawless } = history();
const broken = { atMs: 10_000, code: 1006, byUs: false };
const died = new Map([[0, 9_990]]);

describe('the judge of histories', () => {
  it('finds nothing in a flawless one', () => expect(faultsOf({})).toBe(''));

  it.each<[what: string, history: Parameters<typeof history>[0], fault: RegExp]>([
    ['a lost frame', { seen: flawless.filter(({ number }) => number !== 1) }, /frames 1 never came, 0 were refused/],
    ['a refusal of nothing', { session: { refusals: ['other'] } }, /1 error frames for 0 frames/],
    ['a lost echo', { session: { echoed: [] } }, /echo 0 was never received/],
    ['an invented frame', { seen: [...flawless, seen('MESSAGE', 5_000, 7)] }, /frame 7 was never sent/],
    ['an answer of another', { session: { foreign: ['?'] } }, /not its own/],
    ['a lost post', { session: { posted: [0] } }, /post 1 200, not received/],
    ['a post twice', { session: { posted: [0, 1, 1] } }, /1 posts came twice/],
    ['posts out of order', { session: { posted: [1, 0] } }, /in the order 1,0/],
    ['a break without a reason', { session: { ended: broken } }, /closed with 1006 though its edge lived/],
    ['no $disconnect', { seen: flawless.slice(0, 3) }, /no \$disconnect/],
    ['two $disconnect', { seen: [...flawless, seen('DISCONNECT', 91_000, -2)] }, /2 different \$disconnect/],
    ['an early $disconnect', { seen: [...flawless.slice(0, 3), seen('DISCONNECT', 5_000)] }, /before its end/],
    ['a $disconnect of nobody', { seen: flawless.slice(1) }, /without \$connect/],
    ['a repeat with a new id', { seen: [...flawless, seen('MESSAGE', 5_000, 0, { messageId: 'x' })] }, /message ids/],
  ])('finds %s', (_what, parts, fault) => expect(faultsOf(parts)).toMatch(fault));

  it('finds a false 410, and a 200 after the end', () => {
    const standing = history();
    standing.posts.push(post(standing.sessions[0] as Session, 2, 410));
    expect(checkHistory(standing).faults.join()).toMatch(/post 2 410 while the connection stands/);
    const over = history({ session: { ended: broken, posted: [0, 1, 2] }, edgeDeaths: died });
    over.posts.push(post(over.sessions[0] as Session, 2, 200, 20_000));
    expect(checkHistory(over).faults.join()).toMatch(/post 2 200 after the end/);
  });

  it('excuses what a break caught on the way, and a refusal that names what is missing', () => {
    const late = { atMs: 9_000, route: 'echo' as const };
    const caught = { ended: broken, sent: [...session().sent, late] };
    expect(faultsOf({ session: caught, edgeDeaths: died })).toBe('');
    const refused = { refusals: ['r1'] };
    expect(faultsOf({ session: refused, seen: flawless.filter(({ number }) => number !== 1) })).toBe('');
    expect(faultsOf({ session: refused }), 'refused, yet delivered').toBe('');
  });
});
