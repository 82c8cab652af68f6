import { limits } from '@sluice/contracts';
import { startRedis } from '@sluice/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bus, FrameProducer, Refusal } from './bus.js';
import { startProxy } from './conformance/cuttable-proxy.js';
import { endLeases, type RedisFixture, redisFixture } from './conformance/redis-fixture.js';
import { counted, message, quietTelemetry, testTiming, textOf, until } from './conformance/test-parts.js';
import { createRedisBus } from './redis-bus.js';

/** Appends one message and says what became of it, and after how long. */
async function tryAppend(
  producer: FrameProducer,
  text: string,
): Promise<{ refusal: Refusal | undefined; tookMs: number }> {
  const startedMs = performance.now();
  const refusal = await new Promise<Refusal | undefined>((resolve) => {
    producer.append(message(text), (_, each) => resolve(each));
  });
  return { refusal, tookMs: performance.now() - startedMs };
}

describe('Redis bus: bad days of Redis', () => {
  let fixture: RedisFixture;
  let bus: Bus;
  let producer: FrameProducer;
  const seen: string[] = [];

  beforeEach(() => {
    seen.length = 0;
  });
  afterEach(() => fixture.stop());

  async function open(args: string[] = []): Promise<void> {
    fixture = await redisFixture(args);
    ({ bus } = await fixture.open());
    producer = bus.openProducer('e7');
  }

  async function consume(): Promise<void> {
    await bus.consume((delivery) => {
      seen.push(textOf(delivery));
      delivery.done();
    });
  }

  async function flows(text: string, withinMs = 10_000): Promise<void> {
    await until(`accepted: ${text}`, async () => (await tryAppend(producer, text)).refusal === undefined, withinMs);
    await until(`delivered: ${text}`, () => seen.includes(text), withinMs);
  }

  it('goes on after Redis was emptied: group, leases and scripts are made again', async () => {
    await open();
    await consume();
    await flows('before');
    await fixture.raw.call('FLUSHALL', []);
    await fixture.raw.call('SCRIPT', ['FLUSH']);
    await flows('after');
    await until('acknowledged', async () => Number(await fixture.raw.call('XLEN', [fixture.shard.stream])) === 0);
    const leases = (await fixture.raw.call('KEYS', [`${fixture.shard.leasePrefix}*`])) as string[];
    expect(leases).toHaveLength(1);
  });

  it('refuses while Redis is away and goes on with an empty one, without a restart', async () => {
    await open();
    await consume();
    await flows('before');
    await fixture.redis.kill();
    await until('unavailable', async () => (await tryAppend(producer, 'lost')).refusal === 'bus_unavailable');
    expect(bus.available).toBe(false);
    await fixture.redis.restart();
    await until('available', () => bus.available);
    await flows('after');
    expect(seen).not.toContain('lost');
  });

  it('starts while Redis is away, says so, and works once it is there', async () => {
    fixture = await redisFixture();
    await fixture.redis.kill();
    const telemetry = quietTelemetry();
    bus = createRedisBus({ settings: fixture.settings, role: 'test', telemetry, timing: testTiming });
    producer = bus.openProducer('e7');
    expect((await tryAppend(producer, 'early')).refusal).toBe('bus_unavailable');
    const consuming = consume();
    await fixture.redis.restart();
    await consuming;
    await flows('late');
    await bus.close();
  });

  it('refuses within the command timeout while Redis is frozen, cuts the blocking read, and goes on after the thaw', async () => {
    await open();
    await consume();
    await flows('before');
    fixture.redis.pause();
    const frozen = await tryAppend(producer, 'frozen');
    expect(frozen.refusal).toBe('bus_unavailable');
    expect(frozen.tookMs).toBeLessThan(limits.redisCommandTimeoutMs + 300);
    // From now on nobody waits for a timeout any more.
    expect((await tryAppend(producer, 'second')).tookMs).toBeLessThan(50);
    expect(bus.available).toBe(false);
    await new Promise((resolve) =>
      setTimeout(resolve, testTiming.blockingReadMs + testTiming.blockingReadGraceMs + 1_500),
    );
    fixture.redis.resume();
    await until('available', () => bus.available);
    await flows('after');
    expect(seen).not.toContain('second');
  });

  it('a frozen server does not wedge the reader: the watchdog counts', async () => {
    fixture = await redisFixture();
    const opened = await fixture.open();
    bus = opened.bus;
    await consume();
    await until('group', async () => Number(await fixture.raw.call('EXISTS', [fixture.shard.stream])) === 1);
    fixture.redis.pause();
    const withinMs = testTiming.blockingReadMs + testTiming.blockingReadGraceMs + 3_000;
    const { redisWatchdogTotal } = opened.telemetry.metrics;
    await until('watchdog', async () => (await counted(redisWatchdogTotal, { kind: 'blocking' })) > 0, withinMs);
  });

  it('follows a name to the new primary when the old one has become its replica and keeps the connections', async () => {
    fixture = await redisFixture();
    const proxy = await startProxy(fixture.redis.port);
    const successor = await startRedis();
    try {
      ({ bus } = await fixture.open(proxy.url));
      producer = bus.openProducer('e7');
      await consume();
      await flows('before');
      proxy.redirect(successor.port);
      await fixture.raw.call('REPLICAOF', ['127.0.0.1', successor.port]);
      await flows('after');
    } finally {
      await bus.close();
      await proxy.cut();
      await successor.stop();
    }
  });

  it('refuses with bus_unavailable when Redis is out of memory, and goes on when there is room', async () => {
    await open(['--maxmemory', '6mb', '--maxmemory-policy', 'noeviction']);
    const large = 'x'.repeat(100_000);
    await until('full', async () => (await tryAppend(producer, large)).refusal === 'bus_unavailable', 10_000);
    expect(bus.available).toBe(false);
    await fixture.raw.call('CONFIG', ['SET', 'maxmemory', '100mb']);
    await consume();
    await flows('after');
  });

  it('refuses with backlog_full over the limit of waiting batches, and goes on when routers have caught up', async () => {
    await open();
    const filler = `for i = 1, ARGV[1] do redis.call('XADD', KEYS[1], '*', 'b', '') end`;
    await fixture.raw.call('EVAL', [filler, 1, fixture.shard.stream, limits.backlogEntriesMax]);
    await until('refused', async () => (await tryAppend(producer, 'x')).refusal === 'backlog_full');
    await fixture.raw.call('XTRIM', [fixture.shard.stream, 'MAXLEN', 0]);
    await until('accepted', async () => (await tryAppend(producer, 'x')).refusal === undefined);
  });

  it('refuses with backlog_full what goes over the bound on unconfirmed bytes', async () => {
    await open();
    const refusals: (Refusal | undefined)[] = [];
    const large = 'a'.repeat(limits.messageBytesMax);
    const fitting = limits.appendInflightBytesMax / limits.messageBytesMax;
    for (let i = 0; i < fitting + 20; i++) producer.append(message(large), (_, refusal) => refusals.push(refusal));
    await producer.drain();
    expect(refusals).toHaveLength(fitting + 20);
    // What fitted may still have timed out on a busy machine: 32 MB in the time of one command.
    const overTheBound = refusals.filter((refusal) => refusal === 'backlog_full').length;
    expect(overTheBound).toBeGreaterThanOrEqual(20);
    expect(overTheBound).toBeLessThan(fitting / 4);
  });

  it('acknowledges work that was finished while Redis was away', async () => {
    await open();
    const open1: (() => void)[] = [];
    await bus.consume((delivery) => open1.push(() => delivery.done()));
    await tryAppend(producer, 'x');
    await until('in work', () => open1.length === 1);
    fixture.redis.pause();
    for (const done of open1) done();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    fixture.redis.resume();
    await until(
      'acknowledged',
      async () => Number(await fixture.raw.call('XLEN', [fixture.shard.stream])) === 0,
      15_000,
    );
    await endLeases(fixture);
  });
});
