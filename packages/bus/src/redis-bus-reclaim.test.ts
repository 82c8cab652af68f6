import { limits } from '@sluice/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bus, Delivery } from './bus.js';
import { startProxy } from './conformance/cuttable-proxy.js';
import { endLeases, type RedisFixture, redisFixture } from './conformance/redis-fixture.js';
import { counted, message, testTiming, textOf, until } from './conformance/test-parts.js';
import { routerGroup } from './keys.js';

/** Several rounds of reclaiming, also on a busy machine. */
const reclaimMs = 10_000;

describe('Redis bus: routers that die', () => {
  let fixture: RedisFixture;
  let bus: Bus;

  beforeEach(async () => {
    fixture = await redisFixture();
    ({ bus } = await fixture.open());
  });
  afterEach(() => fixture.stop());

  /** A router that takes a batch, finishes the texts named, and then is cut off as kill -9 would. */
  async function takeAndDie(texts: string[], finish: string[]): Promise<Delivery[]> {
    const proxy = await startProxy(fixture.redis.port);
    const doomed = await fixture.open(proxy.url);
    const seen: Delivery[] = [];
    await doomed.bus.consume((delivery) => {
      seen.push(delivery);
      if (finish.includes(textOf(delivery))) delivery.done();
    });
    const producer = bus.openProducer('e7');
    for (const text of texts) producer.append(message(text));
    await until('delivered to the doomed', () => seen.length === texts.length);
    if (finish.length > 0) {
      await until('progress', async () => Number(await fixture.raw.call('HLEN', [fixture.shard.progress])) === 1);
    }
    await proxy.cut();
    await endLeases(fixture);
    return seen;
  }

  async function pendingCount(): Promise<number> {
    const summary = (await fixture.raw.call('XPENDING', [fixture.shard.stream, routerGroup])) as [number];
    return summary[0];
  }

  /** Sets the delivery count of the only entry, as so many routers that died with it would; gives its id. */
  async function countDelivery(count: number): Promise<string> {
    const { raw, shard } = fixture;
    const [[id, owner]] = (await raw.call('XPENDING', [shard.stream, routerGroup, '-', '+', 1])) as [[string, string]];
    await raw.call('XCLAIM', [shard.stream, routerGroup, owner, 0, id, 'RETRYCOUNT', count, 'JUSTID']);
    return id;
  }

  async function leftovers(): Promise<number[]> {
    const { raw, shard } = fixture;
    const left = [raw.call('XLEN', [shard.stream]), raw.call('HLEN', [shard.progress]), pendingCount()];
    return (await Promise.all(left)).map(Number);
  }

  it('a peer takes over what a dead router left: same ids, counted, only what was unfinished, at once', async () => {
    const before = await takeAndDie(['a', 'b', 'c', 'd'], ['a', 'c']);
    const { bus: peer, telemetry } = await fixture.open();
    const again: Delivery[] = [];
    let most = 0;
    const consumer = await peer.consume((delivery) => {
      again.push(delivery);
      most = Math.max(most, consumer.inflight);
      setTimeout(() => delivery.done(), 100);
    });
    await until('redelivery', () => again.length === 2, reclaimMs);
    expect(again.map(textOf)).toEqual(['b', 'd']);
    expect(most).toBe(2);
    for (const delivery of again) {
      const original = before.find((each) => textOf(each) === textOf(delivery));
      expect(delivery.deliveryCount).toBe(2);
      expect(delivery.deliveryId).toBe(original?.deliveryId);
      expect(delivery.envelope).toEqual(original?.envelope);
    }
    await until('nothing left', async () => (await leftovers()).every((count) => count === 0));
    expect(await counted(telemetry.metrics.streamReclaimedTotal, { reason: 'dead' })).toBe(1);
    await until(
      'dead consumer dropped',
      async () => {
        const rows = (await fixture.raw.call('XINFO', ['CONSUMERS', fixture.shard.stream, routerGroup])) as unknown[];
        return rows.length === 1;
      },
      reclaimMs,
    );
  });

  it('[DR-7] a router that stops leaves the group with nothing pending only; what it leaves undone keeps its name there', async () => {
    const members = async () => {
      const rows = (await fixture.raw.call('XINFO', ['CONSUMERS', fixture.shard.stream, routerGroup])) as string[][];
      return rows.map((row) => Number(row[row.indexOf('pending') + 1]));
    };
    let finished = 0;
    const done = await bus.consume((delivery) => {
      finished++;
      delivery.done();
    });
    bus.openProducer('e7').append(message('done'));
    await until('finished', () => finished === 1);
    await until('nothing left', async () => (await leftovers()).every((count) => count === 0));
    await done.stop(1_000);
    expect(await members()).toEqual([]);
    const { bus: other } = await fixture.open();
    const seen: Delivery[] = [];
    const leaving = await other.consume((delivery) => seen.push(delivery));
    bus.openProducer('e7').append(message('undone'));
    await until('in work', () => seen.length === 1);
    await leaving.stop(50);
    expect(await members()).toEqual([1]);
    const { bus: peer } = await fixture.open();
    const again: Delivery[] = [];
    await peer.consume((delivery) => {
      again.push(delivery);
      delivery.done();
    });
    await until('taken over', () => again.length === 1, reclaimMs);
    expect(again[0]?.deliveryCount).toBe(2);
    await until('the name to go', async () => (await members()).length === 1, reclaimMs);
  });

  it('what comes back a second time goes one at a time, each noted before the next', async () => {
    await takeAndDie(['a', 'b', 'c', 'd'], ['a']);
    await countDelivery(limits.deliveriesSerialFrom - 1);
    const { bus: peer } = await fixture.open();
    const notes: number[] = [];
    const again: Delivery[] = [];
    let most = 0;
    const consumer = await peer.consume(async (delivery) => {
      again.push(delivery);
      most = Math.max(most, consumer.inflight);
      const [bitmap] = (await fixture.raw.callBuffer('HVALS', [fixture.shard.progress])) as [Buffer];
      notes.push(bitmap[0] ?? 0);
      delivery.done();
    });
    await until('redelivery', () => again.length === 3, reclaimMs);
    await until('the last look at the notes', () => notes.length === 3);
    expect(again.map(textOf)).toEqual(['b', 'c', 'd']);
    expect(again.every((delivery) => delivery.deliveryCount === limits.deliveriesSerialFrom)).toBe(true);
    expect(most).toBe(1);
    expect(notes).toEqual([0b0001, 0b0011, 0b0111]);
    await until('nothing left', async () => (await leftovers()).every((count) => count === 0));
  });

  it('of several peers one takes each entry', async () => {
    await takeAndDie(['a'], []);
    const seen: string[] = [];
    for (let i = 0; i < 3; i++) {
      const { bus: peer } = await fixture.open();
      await peer.consume((delivery) => {
        seen.push(textOf(delivery));
        delivery.done();
      });
    }
    await until('redelivery', () => seen.length > 0, reclaimMs);
    await new Promise((resolve) => setTimeout(resolve, 4 * testTiming.reclaimIntervalMs));
    expect(seen).toEqual(['a']);
  });

  it('leases that ended because Redis was away are no deaths: what living routers work on stays theirs', async () => {
    await fixture.stop();
    fixture = await redisFixture(['--appendonly', 'yes']);
    const seen: Delivery[] = [];
    const members = await Promise.all(Array.from({ length: 6 }, () => fixture.open()));
    for (const member of members) await member.bus.consume((delivery) => seen.push(delivery));
    const { bus: sender } = await fixture.open();
    const producer = sender.openProducer('e7');
    for (const text of ['a', 'b', 'c', 'd', 'e', 'f']) {
      producer.append(message(text));
      await producer.drain();
    }
    await until('all in work', () => seen.length === 6);
    await fixture.redis.kill();
    await new Promise((resolve) => setTimeout(resolve, testTiming.leaseMs + 500));
    // They come back one by one, up to two seconds apart.
    await fixture.redis.restart();
    await until('service to resume', () => sender.available, reclaimMs);
    await new Promise((resolve) => setTimeout(resolve, testTiming.leaseMs));
    expect(seen.map(textOf)).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    for (const delivery of seen) delivery.done();
    await until('nothing left', async () => (await leftovers()).every((count) => count === 0), reclaimMs);
  }, 40_000);

  it('what kills its router again and again becomes a dead letter; its neighbours are delivered', async () => {
    await takeAndDie(['poison', 'b', 'c'], []);
    const id = await countDelivery(limits.deliveriesMax);
    const { bus: peer, telemetry } = await fixture.open();
    const seen: Delivery[] = [];
    await peer.consume((delivery) => {
      seen.push(delivery);
      delivery.done();
    });
    await until('the neighbours', () => seen.length === 2, reclaimMs);
    expect(seen.map(textOf)).toEqual(['b', 'c']);
    const [letter] = await peer.deadLetters.list();
    expect(letter).toMatchObject({ deliveryCount: limits.deliveriesMax + 1, originalId: id });
    expect(letter?.reason).toContain('not finished after 5 deliveries');
    expect(Buffer.from(letter?.envelope?.kind === 'MESSAGE' ? letter.envelope.body : '').toString()).toBe('poison');
    expect(await counted(telemetry.metrics.deadLettersTotal, { reason: 'deliveries' })).toBe(1);
    await until('nothing left', async () => (await leftovers()).every((count) => count === 0));
  });

  it('an entry that nobody can read is a dead letter at once, with its bytes, and the stream goes on', async () => {
    const { raw, shard } = fixture;
    const seen: string[] = [];
    await bus.consume((delivery) => {
      seen.push(textOf(delivery));
      delivery.done();
    });
    await raw.call('XADD', [shard.stream, '*', 'b', Buffer.from([0, 1, 2, 3])]);
    await raw.call('XADD', [shard.stream, '*', 'other', 'fields']);
    bus.openProducer('e7').append(message('good'));
    await until('the good one', () => seen.includes('good'));
    await until('dead letters', async () => (await bus.deadLetters.count()) === 2);
    const [letter] = await bus.deadLetters.list();
    expect(letter?.envelope).toBeUndefined();
    expect([...(letter?.raw ?? [])]).toEqual([0, 1, 2, 3]);
    expect(letter?.reason).toContain('version 0');
    await until('nothing left', async () => (await leftovers()).every((count) => count === 0));
  });

  it('a pending entry without its body is counted as lost and no longer pending', async () => {
    const before = await takeAndDie(['a'], []);
    await fixture.raw.call('XDEL', [fixture.shard.stream, before[0]?.deliveryId.split(':')[1] ?? '']);
    const { bus: peer, telemetry } = await fixture.open();
    await peer.consume((delivery) => delivery.done());
    await until('counted', async () => (await counted(telemetry.metrics.streamLostTotal)) === 1, reclaimMs);
    expect(await pendingCount()).toBe(0);
  });

  it('entries that go from the stream unread are counted as lost once, and what was read and acknowledged never', async () => {
    const { raw, shard } = fixture;
    const members = [await fixture.open(), await fixture.open()];
    const lost = async () => {
      const counts = members.map(({ telemetry }) => counted(telemetry.metrics.streamLostTotal, { reason: 'unread' }));
      return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
    };
    const producer = bus.openProducer('e7');
    const append = async (text: string) => {
      producer.append(message(text));
      await producer.drain();
    };
    const open: Delivery[] = [];
    for (const member of members) await member.bus.consume((each) => open.push(each), { inflightMax: 1 });
    // One in work at each, four wait.
    for (const text of ['a', 'b', 'c', 'd', 'e', 'f']) await append(text);
    await until('both at work', () => open.length === 2);
    const afterRounds = () => new Promise((resolve) => setTimeout(resolve, 4 * testTiming.reclaimIntervalMs));
    await afterRounds();
    expect(await lost(), 'what waits is not lost').toBe(0);
    await raw.call('XTRIM', [shard.stream, 'MAXLEN', '=', 2]);
    await until('counted', async () => (await lost()) === 2, reclaimMs);
    await afterRounds();
    expect(await lost(), 'by one member, once').toBe(2);
    // The two in work went with the trimming as well; their routers finish them all the same.
    while (open.length > 0) {
      open.shift()?.done();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await until('nothing left', async () => (await leftovers()).every((count) => count === 0));
    await append('g');
    await until('the next', () => open.length === 1);
    await afterRounds();
    expect(await lost()).toBe(2);
    await raw.call('FLUSHALL', []);
    await until('the group is back', async () => Number(await raw.call('EXISTS', [shard.stream])) === 1, reclaimMs);
    open.shift()?.done();
    await append('h');
    await until('the first of the new stream', () => open.length === 1);
    await afterRounds();
    expect(await lost()).toBe(2);
    open.shift()?.done();
  });

  it('an answer lost on its way to a living router is read again, as a first delivery', async () => {
    const { raw, shard } = fixture;
    const seen: Delivery[] = [];
    const { bus: peer, telemetry } = await fixture.open();
    await peer.consume((delivery) => {
      seen.push(delivery);
      delivery.done();
    });
    await until('consumer', async () => Number(await raw.call('EXISTS', [shard.stream])) === 1);
    const [lease] = (await raw.call('KEYS', [`${shard.leasePrefix}*`])) as [string];
    const name = lease.slice(shard.leasePrefix.length);
    // Whatever is read in its name here is what a broken connection would have swallowed.
    let swallowed: unknown = null;
    for (let i = 0; i < 500 && swallowed === null; i++) {
      bus.openProducer('e7').append(message('x'));
      swallowed = await raw.call('XREADGROUP', ['GROUP', routerGroup, name, 'COUNT', 1, 'STREAMS', shard.stream, '>']);
    }
    const [[, [[id]]]] = swallowed as [[string, [[string]]]];
    await until('read again', () => seen.some((each) => each.deliveryId.includes(id)), reclaimMs);
    expect(seen.find((each) => each.deliveryId.includes(id))?.deliveryCount).toBe(1);
    expect(await counted(telemetry.metrics.streamReclaimedTotal, { reason: 'unseen' })).toBeGreaterThanOrEqual(1);
  });

  it('shows the state of the stream in its gauges', async () => {
    const { bus: peer, telemetry } = await fixture.open();
    const consumer = await peer.consume(() => {});
    bus.openProducer('e7').append(message('open'));
    await until('in work', () => consumer.inflight === 1);
    const { metrics } = telemetry;
    await until('pending', async () => (await counted(metrics.streamPending)) === 1, reclaimMs);
    await until('age', async () => (await counted(metrics.streamOldestAgeSeconds)) > 1, reclaimMs);
    expect(await counted(metrics.streamLength)).toBe(1);
    const { raw } = fixture;
    const settingOf = async (name: string) => Number(((await raw.call('CONFIG', ['GET', name])) as string[])[1]);
    expect(await counted(metrics.redisMemoryUsedBytes)).toBeGreaterThan(500_000);
    expect(await counted(metrics.redisMemoryMaxBytes)).toBe(await settingOf('maxmemory'));
    await raw.call('CONFIG', ['SET', 'maxmemory', '300mb']);
    await until('the limit', async () => (await counted(metrics.redisMemoryMaxBytes)) === 300 << 20, reclaimMs);
    expect(await counted(metrics.deadLettersLimit)).toBe(limits.deadLettersMax);
  });
});
