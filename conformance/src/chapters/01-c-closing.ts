import assert from 'node:assert/strict';
import type { Call } from '../back-end/back-end.js';
import { NotApplicable, type Rule, rule } from '../rule.js';
import { newMarker, type Target } from '../target.js';
import { connectOf, disconnectOf, disconnectsOf, echoed, endOf } from '../wire/connection-events.js';
import { clientFrame, type RawConnection, rawUpgrade } from '../wire/raw-connection.js';

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const goingAway = { code: 1001, reason: 'Going away' };

/** A connection without a library at the client's side, with its id. */
async function rawConnection(target: Target): Promise<{ raw: RawConnection; connectionId: string }> {
  const marker = newMarker();
  const raw = await rawUpgrade(target, 'connections', { query: { marker } });
  const { connectionId } = await connectOf(target, marker);
  return { raw, connectionId };
}

/** A client that breaks RFC 6455 loses its connection, and nobody else does. */
function breaks(title: string, bytes: Buffer, codes: number[]): Rule {
  return rule('CN-22', `${title}: the connection ends, with ${codes.join(' or ')} for $disconnect`, async (target) => {
    const bystander = await target.connect('connections');
    const { raw, connectionId } = await rawConnection(target);
    try {
      raw.write(bytes);
      const { code } = await endOf(target, connectionId);
      assert.ok(codes.includes(code), `$disconnect names ${code}`);
      const calls = await target.backEnd.settled(({ event }) => event?.requestContext?.connectionId === connectionId);
      const kinds = calls.map(({ event }) => event.requestContext.eventType).sort();
      assert.deepEqual(kinds, ['CONNECT', 'DISCONNECT']);
      await echoed(bystander);
    } finally {
      raw.destroy();
    }
  });
}

/** A close of the client is answered with the same, and announced with it. */
function echoes(title: string, close: { code: number; reason: string } | undefined): Rule {
  return rule('CN-23', title, async (target) => {
    const { client, connectionId } = await target.connectKnown('connections');
    const seen = await client.close(close?.code, close?.reason);
    assert.deepEqual(seen, close ?? { code: 1005, reason: '' });
    const announced = close ?? { code: 1005, reason: 'Client-side close frame status not set' };
    const context = await disconnectOf(target, connectionId);
    assert.deepEqual({ code: context.disconnectStatusCode, reason: context.disconnectReason }, announced);
    assert.equal(typeof context.disconnectStatusCode, 'number');
    const answer = await target.management('connections', 'GET', `/@connections/${connectionId}`);
    assert.equal(answer.status, 410, 'the callback API still knows it');
    assert.equal(await disconnectsOf(target, connectionId), 1, '$disconnect did not come once');
  });
}

export const closing: Rule[] = [
  echoes('D1, O11: a close without code is echoed so, and is 1005 in the event', undefined),
  echoes('D2: 4001 bye is echoed, and stands in the event', { code: 4001, reason: 'bye' }),
  echoes('a close without reason has the empty one', { code: 1000, reason: '' }),
  rule('CN-24', 'D3, O11: a TCP reset is 1006', async (target) => {
    const { raw, connectionId } = await rawConnection(target);
    raw.reset();
    assert.deepEqual(await endOf(target, connectionId), { code: 1006, reason: 'Connection closed abnormally' });
  }),
  rule('CN-24', 'so is an end of TCP without a close frame', async (target) => {
    const { raw, connectionId } = await rawConnection(target);
    raw.destroy();
    assert.deepEqual(await endOf(target, connectionId), { code: 1006, reason: 'Connection closed abnormally' });
  }),
  rule('CN-21', 'M12: a binary frame closes with 1003, also in the event', async (target) => {
    const binary = { code: 1003, reason: 'Binary is not supported' };
    const { client, connectionId } = await target.connectKnown('connections');
    client.send(Buffer.from('{"script":{"echo":true}}'));
    assert.deepEqual(await client.closed, binary);
    assert.deepEqual(await endOf(target, connectionId), binary);
    assert.deepEqual(client.messages, [], 'the frame reached the integration');
  }),
  breaks('text that is not UTF-8', clientFrame(1, Buffer.from([0x7b, 0xff, 0x7d])), [1007]),
  rule('CN-22', 'a frame without a mask ends the connection', async (target) => {
    const { raw, connectionId } = await rawConnection(target);
    try {
      raw.write(clientFrame(1, '{}', { unmasked: true }));
      const end = await endOf(target, connectionId, 2_000).catch(() => undefined);
      if (end === undefined)
        throw new NotApplicable("not met: this gateway's socket library does not look at the mask bit");
      assert.ok([1002, 1006].includes(end.code), `$disconnect names ${end.code}`);
    } finally {
      raw.destroy();
    }
  }),
  breaks('a reserved opcode', clientFrame(3, '{}'), [1002, 1006]),
  breaks('a reserved bit', clientFrame(1, '{}', { reserved: 0x40 }), [1002, 1006]),
  breaks('a fragmented control frame', clientFrame(9, 'x', { fin: false }), [1002, 1006]),
  breaks('a continuation of nothing', clientFrame(0, '{}'), [1002, 1006]),
  breaks('a ping of 126 bytes', clientFrame(9, 'x'.repeat(126)), [1002, 1006]),
  rule('CN-25', 'without a $disconnect route nobody hears of the end', async (target) => {
    const client = await target.connect('connections-open');
    const { connectionId } = (await echoed(client)).requestContext;
    await client.close(1000);
    assert.equal(await disconnectsOf(target, connectionId), 0);
  }),
  rule('CN-29', 'what $disconnect is answered changes nothing, and it is not asked again', async (target) => {
    const { client, connectionId } = await target.connectKnown('connections-unwelcome');
    assert.deepEqual(await client.close(1000, 'done'), { code: 1000, reason: 'done' });
    const told = ({ way, headers }: Call) => way === 'http' && headers['x-whose'] === connectionId;
    await target.backEnd.seen('$disconnect', told);
    const answer = await target.management('connections-unwelcome', 'GET', `/@connections/${connectionId}`);
    assert.equal(answer.status, 410);
    assert.equal((await target.backEnd.settled(told, 2_500)).length, 1);
  }),
  rule('CN-27', 'a ping gets a pong with its payload', async (target) => {
    const { raw } = await rawConnection(target);
    try {
      raw.write(clientFrame(9, 'heartbeat'));
      const frame = await raw.frame();
      assert.deepEqual([frame.opcode, frame.payload.toString()], [0x0a, 'heartbeat']);
    } finally {
      raw.destroy();
    }
  }),
  rule('CN-27', 'also between the fragments of a message, which stays whole', async (target) => {
    const { raw, connectionId } = await rawConnection(target);
    try {
      raw.write(clientFrame(1, '{"half":', { fin: false }));
      raw.write(clientFrame(9, 'between'));
      assert.equal((await raw.frame()).payload.toString(), 'between');
      raw.write(clientFrame(0, '1}'));
      const whole = ({ event }: Call) =>
        event?.requestContext?.connectionId === connectionId && event.requestContext.eventType === 'MESSAGE';
      assert.equal((await target.backEnd.seen('the message', whole)).event.body, '{"half":1}');
    } finally {
      raw.destroy();
    }
  }),
  rule('CN-30', 'D5: an idle connection is closed with 1001 Going away', async (target) => {
    const startedAtMs = Date.now();
    const { client, connectionId } = await target.connectKnown('connections-idle');
    assert.deepEqual(await client.closed, goingAway);
    const tookMs = Date.now() - startedAtMs;
    assert.ok(tookMs >= 1_900 && tookMs < 5_000, `closed after ${tookMs} ms instead of some 2,000`);
    assert.deepEqual(await endOf(target, connectionId), goingAway);
  }),
  ...(
    [
      ['D7: posts keep a connection from being idle', (target, _raw, id) => post(target, id)],
      ['so do messages', (_target, raw) => raw.write(clientFrame(1, '{}'))],
      ['O12: and pings of the client', (_target, raw) => raw.write(clientFrame(9, ''))],
    ] as [string, (target: Target, raw: RawConnection, connectionId: string) => unknown][]
  ).map(([title, act]) => rule('CN-30', title, async (target) => assert.equal(await outlives(target, act), true))),
  rule('CN-30', 'GET and refused posts do not keep it', async (target) => {
    const tooLong = 'x'.repeat(131_073);
    const outlived = await outlives(target, async (_target, _raw, id) => {
      await target.management('connections-idle', 'GET', `/@connections/${id}`);
      const { status } = await target.management('connections-idle', 'POST', `/@connections/${id}`, { body: tooLong });
      assert.ok([413, 410].includes(status), `the post was answered ${status}`);
    });
    assert.equal(outlived, false);
  }),
  rule('CN-31', 'D6, O11: the lifetime ends a connection with traffic, at most 5 % early', async (target) => {
    const startedAtMs = Date.now();
    const { client, connectionId } = await target.connectKnown('connections-brief');
    const traffic = setInterval(() => client.send({ any: 'message' }), 200);
    try {
      assert.deepEqual(await client.closed, goingAway);
    } finally {
      clearInterval(traffic);
    }
    const tookMs = Date.now() - startedAtMs;
    assert.ok(tookMs >= 2_800 && tookMs < 6_000, `closed after ${tookMs} ms instead of some 3,000`);
    assert.deepEqual(await endOf(target, connectionId), goingAway);
  }),
  rule(
    'CN-32',
    'pings of the gateway come, and their pongs do not keep a connection from being idle',
    async (target) => {
      const client = await target.connect('connections-idle');
      let pings = 0;
      client.socket.on('ping', () => pings++);
      assert.deepEqual(await client.closed, goingAway);
      assert.ok(pings >= 2, `${pings} pings came`);
    },
  ),
  rule('CN-54', 'a message does not wait for an older one', async (target) => {
    const client = await target.connect('connections');
    const reply = (body: string, sleepMs: number) => ({ sleepMs, result: { statusCode: 200, body } });
    client.send({ action: 'slow', script: reply('older', 1_500) });
    client.send({ script: reply('younger', 0) });
    assert.equal(await client.next(1_400), 'younger');
    assert.equal(await client.next(), 'older');
  }),
  rule('CN-54', 'nor does a callback', async (target) => {
    const { client, connectionId } = await target.connectKnown('connections');
    client.send({ action: 'slow', script: { sleepMs: 1_500, result: { statusCode: 200, body: 'older' } } });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const path = `/@connections/${connectionId}`;
    assert.equal((await target.management('connections', 'POST', path, { body: 'pushed' })).status, 200);
    assert.equal(await client.next(1_000), 'pushed');
    assert.equal(await client.next(), 'older');
  }),
  rule('CN-20', 'each message has a requestId and a messageId of its own', async (target) => {
    const client = await target.connect('connections');
    const contexts = [];
    for (let count = 0; count < 3; count++) contexts.push((await echoed(client)).requestContext);
    const ids = contexts.flatMap(({ requestId, messageId }) => [requestId, messageId]);
    assert.equal(new Set(ids).size, 6, ids.join(' '));
  }),
];

async function post(target: Target, connectionId: string): Promise<void> {
  const { status } = await target.management('connections-idle', 'POST', `/@connections/${connectionId}`, {
    body: 'x',
  });
  assert.equal(status, 200);
}

/** Whether a connection whose idle time is 2 s is there after 5 s in which something happened every 600 ms. */
async function outlives(
  target: Target,
  act: (target: Target, raw: RawConnection, connectionId: string) => unknown,
): Promise<boolean> {
  const marker = newMarker();
  const raw = await rawUpgrade(target, 'connections-idle', { query: { marker } });
  try {
    const { connectionId } = await connectOf(target, marker);
    for (let count = 0; count < 8 && !raw.ended; count++) {
      await act(target, raw, connectionId);
      await wait(600);
    }
    return !raw.ended;
  } finally {
    raw.destroy();
  }
}
