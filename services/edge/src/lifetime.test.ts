import { closes, defaultApiLimits, limits, MalformedBytesError } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';
import { authorizationEndsAtMs } from './authorization-end.js';
import { type Connection, dueAction, endOfLife, nextDueAtMs, reportedClose } from './connection.js';
import { closeTimesMs, shuffled } from './drain.js';
import {
  endAfterEach,
  frame,
  openClient,
  RawClient,
  sleep,
  startGateway,
  until,
  upgradeRequest,
} from './edge.fixture.js';
import { TimingWheel } from './timing-wheel.js';
import { TokenBucket } from './token-bucket.js';

endAfterEach();

function connectionAt(nowMs: number, changes: Partial<Connection> = {}): Connection {
  return {
    state: 'open',
    openedAtMs: nowMs,
    endsAtMs: 0,
    authorizationEndsAtMs: 0,
    lastActiveAtMs: nowMs,
    lastHeardAtMs: nowMs,
    pingedAtMs: 0,
    slowSinceMs: 0,
    ...changes,
  } as Connection;
}

describe('deadlines of a connection', () => {
  const off = { ...defaultApiLimits, idleTimeoutMs: 0, connectionDurationMs: 0, pingIntervalMs: 0 };

  it('[CN-30] idle counts from client data, pings and deliveries; at the limit 1001', () => {
    const apiLimits = { ...off, idleTimeoutMs: 600_000 };
    const connection = connectionAt(1_000);
    expect(nextDueAtMs(connection, apiLimits)).toBe(601_000);
    expect(dueAction(connection, apiLimits, 600_999).kind).toBe('none');
    expect(dueAction(connection, apiLimits, 601_000)).toEqual({ kind: 'close', close: closes.goingAway });
    connection.lastActiveAtMs = 500_000;
    connection.lastHeardAtMs = 500_000;
    expect(dueAction(connection, apiLimits, 601_000).kind).toBe('none');
    expect(nextDueAtMs(connection, apiLimits)).toBe(1_100_000);
  });

  it('[CN-31] the lifetime is never extended, and jitter only shortens it', () => {
    const connection = connectionAt(1_000, { endsAtMs: 7_201_000, lastActiveAtMs: 7_200_999 });
    expect(dueAction(connection, defaultApiLimits, 7_201_000)).toEqual({ kind: 'close', close: closes.goingAway });
    const of = (connectionDurationMs: number, random: number, connectionDurationJitterPercent = 5) =>
      endOfLife(1_000, { ...off, connectionDurationMs, connectionDurationJitterPercent }, random);
    expect(of(7_200_000, 0)).toBe(7_201_000);
    expect(of(7_200_000, 1)).toBe(6_841_000);
    expect(of(0, 0.5)).toBe(0);
    for (const random of [0, 0.5, 1]) expect(of(7_200_000, random, 0)).toBe(7_201_000);
  });

  it('[CN-70] an authorization that ends closes with 1008, and nothing but a renewal puts it off', () => {
    const connection = connectionAt(1_000, { endsAtMs: 7_201_000, authorizationEndsAtMs: 5_000 });
    expect(nextDueAtMs(connection, off)).toBe(5_000);
    connection.lastActiveAtMs = 4_999;
    connection.lastHeardAtMs = 4_999;
    expect(dueAction(connection, off, 4_999).kind).toBe('none');
    expect(dueAction(connection, off, 5_000)).toEqual({ kind: 'close', close: closes.authorizationExpired });
  });

  it('[CN-70] the end of an authorization is a moment of the monotonic clock, and never one behind the life of the connection', () => {
    const context = (authorizedUntilMs: unknown) =>
      JSON.stringify({ connectedAtMs: 1, sourceIp: '::1', authorizedUntilMs });
    const wallMs = 1_800_000_000_000;
    expect(authorizationEndsAtMs(context(wallMs + 900.7), 0, 100, wallMs)).toBe(1_000);
    expect(authorizationEndsAtMs(context(wallMs + 900), 1_000, 100, wallMs)).toBe(0);
    expect(authorizationEndsAtMs(context(wallMs - 900), 1_000, 100, wallMs)).toBe(100);
    expect(authorizationEndsAtMs(context(undefined), 0, 100, wallMs)).toBe(0);
    expect(authorizationEndsAtMs('{"connectedAtMs":1,"sourceIp":"::1"}', 0, 100, wallMs)).toBe(0);
    for (const bad of ['"soon"', 'null', '{}']) {
      const text = `{"connectedAtMs":1,"sourceIp":"::1","authorizedUntilMs":${bad}}`;
      expect(() => authorizationEndsAtMs(text, 0, 100, wallMs)).toThrow(MalformedBytesError);
    }
    for (const bad of [
      '"authorizedUntilMs"',
      '["authorizedUntilMs"]',
      '{"authorizedUntilMs":1}',
      '{"authorizedUntilMs"',
    ]) {
      expect(() => authorizationEndsAtMs(bad, 0, 100, wallMs)).toThrow(MalformedBytesError);
    }
  });

  it('[CN-32] a ping goes out after silence; without any frame the client is gone 20 s later', () => {
    const connection = connectionAt(1_000);
    const apiLimits = { ...off, pingIntervalMs: 25_000 };
    expect(nextDueAtMs(connection, apiLimits)).toBe(26_000);
    expect(dueAction(connection, apiLimits, 26_000)).toEqual({ kind: 'ping' });
    connection.pingedAtMs = 26_000;
    expect(nextDueAtMs(connection, apiLimits)).toBe(26_000 + limits.pongTimeoutMs);
    expect(dueAction(connection, apiLimits, 45_999).kind).toBe('none');
    expect(dueAction(connection, apiLimits, 46_000)).toEqual({ kind: 'close', close: closes.abnormal });
  });

  it.each([0, 86_400_000])(
    '[CN-32] pingIntervalMs %i: a ping after 15 min of silence all the same, answered before the library would cut the socket',
    (pingIntervalMs) => {
      const apiLimits = { ...off, pingIntervalMs };
      const connection = connectionAt(1_000);
      expect(nextDueAtMs(connection, apiLimits)).toBe(901_000);
      expect(dueAction(connection, apiLimits, 900_999).kind).toBe('none');
      expect(dueAction(connection, apiLimits, 901_000)).toEqual({ kind: 'ping' });
      // The library counts in steps of 4 s, and may be a step early.
      expect(limits.pingIntervalMsMax + limits.pongTimeoutMs).toBeLessThan(limits.transportSilenceMs - 4_000);
    },
  );

  it('a closing connection has nothing to act on', () => {
    const closing = connectionAt(0, { state: 'draining', endsAtMs: 1 });
    expect(dueAction(closing, defaultApiLimits, 1e9).kind).toBe('none');
  });

  it('[QU-12] 10 s over the soft limit is too slow', () => {
    const connection = connectionAt(0, { slowSinceMs: 500 });
    expect(nextDueAtMs(connection, off)).toBe(500 + limits.socketSlowMsMax);
    expect(dueAction(connection, off, 500 + limits.socketSlowMsMax)).toEqual({
      kind: 'close',
      close: closes.slowConsumer,
    });
  });

  it('[CN-22] what the library reports is told apart by its text', () => {
    expect(reportedClose(1005, '')).toBe(closes.noStatus);
    expect(reportedClose(1006, '')).toBe(closes.abnormal);
    expect(reportedClose(1006, 'Received invalid UTF-8')).toBe(closes.invalidUtf8);
    expect(reportedClose(1006, 'Received too big message')).toBe(closes.tooBig);
    expect(reportedClose(4001, 'bye')).toEqual({ code: 4001, reason: 'bye' });
  });
});

describe('the wheel', () => {
  interface Entry {
    id: number;
    dueTick: number;
    wheelIndex: number;
  }
  const entry = (id: number): Entry => ({ id, dueTick: -1, wheelIndex: -1 });

  it('fires every entry once, not before its time and at most a tick late, against a model', () => {
    const due = new Map<Entry, number>();
    const wrong: string[] = [];
    let fired = 0;
    const wheel = new TimingWheel<Entry>(50, 0, (each, now) => {
      const wanted = due.get(each);
      if (wanted === undefined || now < wanted) wrong.push(`entry ${each.id} at ${now}, wanted at ${wanted}`);
      due.delete(each);
      fired += 1;
    });
    const entries = Array.from({ length: 500 }, (_, id) => entry(id));
    let seed = 7;
    const random = () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    let now = 0;
    for (let step = 0; step < 4_000; step++) {
      now += Math.floor(random() * 120);
      const each = entries[Math.floor(random() * entries.length)] as Entry;
      if (random() < 0.2) {
        wheel.remove(each);
        due.delete(each);
      } else {
        const at = now + Math.floor(random() * 100_000);
        wheel.set(each, at);
        due.set(each, at);
      }
      wheel.advance(now);
      for (const [late, at] of due) if (at <= now - 100) wrong.push(`entry ${late.id} of ${at} not met at ${now}`);
    }
    expect(wrong).toEqual([]);
    expect(fired).toBeGreaterThan(500);
  });

  it('meets everything overdue after a freeze longer than a turn', () => {
    const fired: number[] = [];
    const wheel = new TimingWheel<Entry>(50, 0, (each) => fired.push(each.id));
    for (let id = 0; id < 500; id++) wheel.set(entry(id), id * 300);
    wheel.advance(10_000_000);
    expect(fired.length).toBe(500);
  });
});

describe('rates and drain times', () => {
  it('[CN-9] a bucket admits its burst at once and then its rate', () => {
    const bucket = new TokenBucket(500, 1_000, 0);
    let admitted = 0;
    for (let i = 0; i < 2_000; i++) if (bucket.take(0)) admitted++;
    expect(admitted).toBe(1_000);
    for (let ms = 1; ms <= 2_000; ms++) for (let i = 0; i < 3; i++) if (bucket.take(ms)) admitted++;
    expect(admitted).toBeGreaterThanOrEqual(1_999);
    expect(admitted).toBeLessThanOrEqual(2_000);
  });

  it.each([1, 7, 500, 10_000])(
    '[CN-40] %i closes stay within the window, none of its seconds has over twice the mean',
    (count) => {
      const times = closeTimesMs(count, 60_000);
      expect(times.length).toBe(count);
      expect(times.at(-1)).toBeLessThanOrEqual(60_000);
      for (let second = 0; second < 60; second++) {
        const closed = times.filter((at) => at >= second * 1_000 && at < (second + 1) * 1_000).length;
        expect(closed).toBeLessThanOrEqual(Math.ceil((2 * count) / 60) + 1);
      }
      expect([...shuffled(times)].sort((a, b) => a - b)).toEqual(times);
    },
  );
});

describe('deadlines on real sockets', () => {
  it('[CN-30] an idle connection is closed with 1001; data, pings and posts keep another', async () => {
    const gateway = await startGateway({ limits: { idleTimeoutMs: 400 } });
    const idle = await openClient(gateway.url);
    const [posted, pinging] = [await openClient(gateway.url), await openClient(gateway.url)];
    const postedId = gateway.connects()[1]?.connectionId as string;
    let idleClosed = false;
    idle.socket.once('close', () => {
      idleClosed = true;
    });
    for (let i = 0; i < 8; i++) {
      await sleep(100);
      pinging.socket.ping();
      await gateway.ask({ kind: 'POST', connectionId: postedId, body: Buffer.from('x') });
    }
    expect(idleClosed).toBe(true);
    expect(await idle.closed).toEqual(closes.goingAway);
    expect(gateway.edge.socketCount).toBe(2);
    const disconnect = gateway.disconnects()[0];
    expect([disconnect?.disconnectStatusCode, disconnect?.disconnectReason]).toEqual([1001, 'Going away']);
    for (const client of [posted, pinging]) expect(await client.closed).toEqual(closes.goingAway);
  });

  it('[CN-31] a busy connection ends with 1001 when its life is over', async () => {
    const gateway = await startGateway({ limits: { connectionDurationMs: 500 } });
    const client = await openClient(gateway.url);
    const startedAt = Date.now();
    const talk = setInterval(() => client.socket.send('x'), 20);
    expect(await client.closed).toEqual(closes.goingAway);
    clearInterval(talk);
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(450);
  });

  it('[CN-32] server pings do not keep an idle connection alive', async () => {
    const gateway = await startGateway({ limits: { idleTimeoutMs: 500, pingIntervalMs: 100 } });
    const client = await openClient(gateway.url);
    expect(await client.closed).toEqual(closes.goingAway);
    expect(client.pings).toBeGreaterThanOrEqual(2);
    expect(await gateway.metric('sluice_pong_seconds')).toBeGreaterThan(0);
  });

  it('limits changed in the definition hold for open connections', async () => {
    const gateway = await startGateway({ limits: { pingIntervalMs: 100 } });
    const client = await new RawClient(gateway.port).write(upgradeRequest()).answer();
    const api = structuredClone(gateway.definitions.apis()[0]);
    if (api === undefined) throw new Error('no API');
    api.limits.messageBytesMax = 10;
    gateway.definitions.replace([api]);
    client.write(frame(1, 'elevenbytes'));
    const disconnect = await until('$disconnect', () => gateway.disconnects()[0]);
    expect(disconnect.disconnectStatusCode).toBe(1009);
  });

  it('limits reach connections that were opened without any, at once', async () => {
    const none = { idleTimeoutMs: 0, connectionDurationMs: 0, pingIntervalMs: 0 };
    const gateway = await startGateway({ limits: none });
    const client = await openClient(gateway.url);
    await sleep(200);
    const api = structuredClone(gateway.definitions.apis()[0]);
    if (api === undefined) throw new Error('no API');
    Object.assign(api.limits, { idleTimeoutMs: 400, pingIntervalMs: 100 });
    gateway.definitions.replace([api]);
    expect(await client.closed).toEqual(closes.goingAway);
    expect(client.pings).toBeGreaterThanOrEqual(1);
  });
});
