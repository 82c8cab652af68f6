import { type InboxCommand, limits } from '@sluice/contracts';
import type { Telemetry } from '@sluice/telemetry';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bus, Inbox } from './bus.js';
import { type CuttableProxy, startProxy } from './conformance/cuttable-proxy.js';
import { type RedisFixture, redisFixture } from './conformance/redis-fixture.js';
import { counted, message, reply, replyText, testTiming, until } from './conformance/test-parts.js';
import { busKeys, routerGroup } from './keys.js';
import { RepeatFilter } from './repeat-filter.js';

describe('Redis bus: inboxes', () => {
  let fixture: RedisFixture;
  let bus: Bus;
  let telemetry: Telemetry;
  let inbox: Inbox;
  let received: string[];
  let lost: number;

  beforeEach(async () => {
    fixture = await redisFixture();
    ({ bus, telemetry } = await fixture.open());
    received = [];
    lost = 0;
    inbox = await bus.openInbox('e7', {
      onCommands: (commands: InboxCommand[]) => received.push(...commands.map(replyText)),
      onLost: () => lost++,
    });
  });
  afterEach(() => fixture.stop());

  const keys = () => busKeys(fixture.settings).inbox('e7');

  it('has a lease, and what was read does not stay in Redis', async () => {
    for (let i = 0; i < 500; i++) {
      bus.send('e7', reply(`${i}`));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until('all', () => received.length === 500);
    await until('trimmed', async () => Number(await fixture.raw.call('XLEN', [keys().stream])) === 0);
    const ttl = Number(await fixture.raw.call('PTTL', [keys().stream]));
    expect(ttl).toBeGreaterThan(0);
    expect(ttl).toBeLessThanOrEqual(testTiming.leaseMs);
  });

  it('renews its lease', async () => {
    await fixture.raw.call('PEXPIRE', [keys().stream, 2_500]);
    await until('renewed', async () => Number(await fixture.raw.call('PTTL', [keys().stream])) > 2_500);
    expect(lost).toBe(0);
  });

  it('notices that its inbox is gone, is told once, and receives again after reopening', async () => {
    await fixture.raw.call('DEL', [keys().stream, keys().owner]);
    const undelivered: string[] = [];
    bus.send('e7', reply('into the void'), (_, reason) => undelivered.push(reason));
    await until('gone', () => undelivered.length === 1);
    expect(undelivered).toEqual(['gone']);
    await until('lost', () => lost === 1);
    await inbox.reopen();
    bus.send('e7', reply('again'));
    await until('command', () => received.length === 1);
    expect(received).toEqual(['again']);
    expect(lost).toBe(1);
  });

  it('reopening an inbox that is still there loses nothing', async () => {
    for (let i = 0; i < 50; i++) bus.send('e7', reply(`${i}`));
    await inbox.reopen();
    for (let i = 50; i < 100; i++) {
      bus.send('e7', reply(`${i}`));
      if (i % 10 === 0) await inbox.reopen();
    }
    await until('all', () => received.length >= 100);
    expect(received).toEqual(Array.from({ length: 100 }, (_, i) => `${i}`));
    expect(lost).toBe(0);
  });

  it('an owner whose address another has taken is told that its inbox is lost', async () => {
    const { bus: other } = await fixture.open();
    const theirs: string[] = [];
    await other.openInbox('e7', { onCommands: (commands) => theirs.push(...commands.map(replyText)), onLost() {} });
    await until('lost', () => lost === 1);
    bus.send('e7', reply('for the new owner'));
    await until('command', () => theirs.length === 1);
    await inbox.close();
    expect(Number(await fixture.raw.call('EXISTS', [keys().stream])), 'the old owner must not remove it').toBe(1);
  });

  it('keeps order and neither loses nor doubles a command over broken connections', async () => {
    const proxy: CuttableProxy = await startProxy(fixture.redis.port);
    const { bus: sender } = await fixture.open(proxy.url);
    const total = 3_000;
    for (let i = 0; i < total; i++) {
      sender.send('e7', reply(`${i}`));
      if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
      if (i % 500 === 250) proxy.shake();
    }
    await until('all', () => received.length >= total, 15_000);
    expect(received).toEqual(Array.from({ length: total }, (_, i) => `${i}`));
    await sender.close();
    await proxy.cut();
  });

  it('delivers what was sent while Redis was frozen, in order and once', async () => {
    bus.send('e7', reply('before'));
    await until('before', () => received.length === 1);
    fixture.redis.pause();
    for (let i = 0; i < 20; i++) {
      bus.send('e7', reply(`${i}`));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    fixture.redis.resume();
    await until('all', () => received.length >= 21, 10_000);
    expect(received).toEqual(['before', ...Array.from({ length: 20 }, (_, i) => `${i}`)]);
  });

  it('holds back `gone` for a while after an outage, because owners need the time to make their inboxes again', async () => {
    const undelivered: string[] = [];
    await fixture.redis.restart();
    // The bus is connected again, perhaps without one command having failed, and the inbox is not there yet.
    const { redisReconnectsTotal } = telemetry.metrics;
    await until('reconnected', async () => (await counted(redisReconnectsTotal, { role: 'test-producer' })) === 1);
    bus.send('e7', reply('early'), (_, reason) => undelivered.push(reason));
    await until('lost', () => lost === 1);
    await inbox.reopen();
    await until('command', () => received.includes('early'));
    expect(undelivered).toEqual([]);
  });

  it('acknowledges an envelope only when the reply sent for it is confirmed', async () => {
    const { bus: router } = await fixture.open();
    const { raw, shard } = fixture;
    await router.consume((delivery) => {
      router.send('e7', reply('answer'));
      delivery.done();
    });
    // Redis refuses the reply, and only the reply: a text stands where the inbox was.
    await raw.call('SET', [keys().stream, 'in the way']);
    bus.openProducer('e1').append(message('question'));
    await until('in work', async () => {
      const [pending] = (await raw.call('XPENDING', [shard.stream, routerGroup])) as [number];
      return pending === 1;
    });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(Number(await raw.call('XLEN', [shard.stream])), 'not acknowledged').toBe(1);
    await inbox.reopen();
    await until('reply', () => received.length === 1);
    await until('acknowledged', async () => Number(await raw.call('XLEN', [shard.stream])) === 0);
    expect(received).toEqual(['answer']);
  });

  it('opens once Redis is there, also where it was frozen for longer than the watchdog waits', async () => {
    const { bus: late } = await fixture.open();
    fixture.redis.pause();
    let opened = false;
    const opening = late.openInbox('e8', { onCommands() {}, onLost() {} }).then(() => {
      opened = true;
    });
    await new Promise((resolve) =>
      setTimeout(resolve, testTiming.blockingReadMs + testTiming.blockingReadGraceMs + 1_000),
    );
    expect(opened).toBe(false);
    fixture.redis.resume();
    await until('opened', () => opened);
    await opening;
  });

  it('a bus closes in bounded time while Redis is away', async () => {
    const { bus: doomed } = await fixture.open();
    await doomed.openInbox('e9', { onCommands() {}, onLost() {} });
    await doomed.consume((delivery) => delivery.done());
    await fixture.redis.kill();
    const startedMs = performance.now();
    await doomed.close();
    expect(performance.now() - startedMs).toBeLessThan(testTiming.busCloseMs + 2 * limits.redisCommandTimeoutMs + 500);
  });

  it('says `failed` when the bus is closed before a command is confirmed', async () => {
    const proxy = await startProxy(fixture.redis.port);
    const { bus: sender } = await fixture.open(proxy.url);
    await proxy.cut();
    const undelivered: string[] = [];
    for (let i = 0; i < 3; i++) sender.send('e7', reply('x'), (_, reason) => undelivered.push(reason));
    await sender.close();
    expect(undelivered).toEqual(['failed', 'failed', 'failed']);
  });
});

describe('repeat filter', () => {
  it('passes each number of a writer once, upwards, and forgets the longest silent writer', () => {
    const filter = new RepeatFilter(2);
    expect(filter.isRepeat('a:1')).toBe(false);
    expect(filter.isRepeat('a:1')).toBe(true);
    expect(filter.isRepeat('b:5')).toBe(false);
    expect(filter.isRepeat('a:3')).toBe(false);
    expect(filter.isRepeat('a:2')).toBe(true);
    expect(filter.isRepeat('c:1')).toBe(false);
    expect(filter.isRepeat('a:3')).toBe(true);
    expect(filter.isRepeat('b:5'), 'b was forgotten').toBe(false);
  });
});
