import { ByteWriter, batchVersion, limits, readBatch, writeBatchHead, writeEnvelope } from '@sluice/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Delivery } from './bus.js';
import { type RedisFixture, redisFixture } from './conformance/redis-fixture.js';
import { counted, message, testTiming, textOf, until } from './conformance/test-parts.js';
import { groupMembers } from './group-members.js';
import { routerGroup } from './keys.js';
import type { BatchCodec } from './router-group.js';

/** Several rounds of reclaiming, also on a busy machine. */
const roundsMs = 10_000;
const afterRounds = () => new Promise((resolve) => setTimeout(resolve, 6 * testTiming.reclaimIntervalMs));

/** The next release: its batches differ from ours by their version only. */
const nextRelease: BatchCodec = {
  version: batchVersion + 1,
  read(bytes) {
    const [version = 0] = bytes;
    if (version > this.version) throw new Error(`batch version ${version} in a test of ${this.version}`);
    const body = Buffer.from(bytes);
    body[0] = batchVersion;
    return readBatch(body);
  },
};

function batchOf(text: string, version: number): Buffer {
  const writer = new ByteWriter(512);
  writeBatchHead(writer, 'e7', Date.now());
  writeEnvelope(writer, message(text));
  const bytes = writer.copy();
  bytes[0] = version;
  return bytes;
}

describe('Redis bus: entries of a newer release', () => {
  let fixture: RedisFixture;

  beforeEach(async () => {
    fixture = await redisFixture();
  });
  afterEach(() => fixture.stop());

  const append = (text: string, version: number) =>
    fixture.raw.call('XADD', [fixture.shard.stream, '*', 'b', batchOf(text, version)]);
  const pending = async (): Promise<[owner: string, count: number][]> => {
    const range = [fixture.shard.stream, routerGroup, '-', '+', 100];
    const rows = (await fixture.raw.call('XPENDING', range)) as [string, string, number, number][];
    return rows.map(([, owner, , count]) => [owner, count]);
  };

  /** A router that finishes what it is given at once. */
  async function router(more: Parameters<RedisFixture['open']>[1] = {}) {
    const seen: Delivery[] = [];
    const { bus, telemetry } = await fixture.open(undefined, more);
    await bus.consume((delivery) => {
      seen.push(delivery);
      delivery.done();
    });
    return { bus, telemetry, seen };
  }

  it('[DR-8] wait for a router that can read them, as first deliveries; older routers pass them by and serve on', async () => {
    const old = [await router(), await router()];
    for (const text of ['a', 'b', 'c']) await append(text, batchVersion + 1);
    await append('ours', batchVersion);
    await until('ours', () => old.some(({ seen }) => seen.some((each) => textOf(each) === 'ours')), roundsMs);
    await until('set aside', async () => (await pending()).every(([owner]) => owner === `newer:${batchVersion + 1}`));
    await afterRounds();
    expect(await pending()).toEqual(Array.from({ length: 3 }, () => [`newer:${batchVersion + 1}`, 0]));
    expect(await old[0]?.bus.deadLetters.count()).toBe(0);
    const noted = await Promise.all(old.map(({ telemetry }) => counted(telemetry.metrics.streamNewerTotal)));
    expect(noted.reduce((sum, count) => sum + count, 0)).toBe(3);

    const upgraded = await router({ codec: nextRelease });
    await until('all three', () => upgraded.seen.length === 3, roundsMs);
    expect(upgraded.seen.map(textOf)).toEqual(['a', 'b', 'c']);
    expect(upgraded.seen.every(({ deliveryCount }) => deliveryCount === 1)).toBe(true);
    expect(await counted(upgraded.telemetry.metrics.streamReclaimedTotal, { reason: 'newer' })).toBe(3);
    await until('nothing left', async () => Number(await fixture.raw.call('XLEN', [fixture.shard.stream])) === 0);
    const isGone = async () =>
      (await groupMembers(fixture.raw as never, fixture.shard)).every(({ name }) => !name.startsWith('newer:'));
    await until('the name that they waited under to go', isGone, roundsMs);
    expect(old.flatMap(({ seen }) => seen.map(textOf))).toEqual(['ours']);
  });

  it('[DR-8] a newer router reads the entries of the older release, and its own, side by side', async () => {
    const [old, upgraded] = [await router(), await router({ codec: nextRelease })];
    for (let n = 0; n < 20; n++) await append(`${n}`, batchVersion + (n % 2));
    const all = () => [...old.seen, ...upgraded.seen].map(textOf);
    await until('all of them', () => all().length === 20, roundsMs);
    expect(new Set(all()).size).toBe(20);
    expect(old.seen.every((each) => Number(textOf(each)) % 2 === 0)).toBe(true);
  });

  it('[DR-8] what waits too long is a dead letter, once, and a newer router can redrive it', async () => {
    const timing = { newerEntryMsMax: 1_000 };
    const old = [await router({ timing }), await router({ timing })];
    const startedAtMs = Date.now();
    await append('late', batchVersion + 1);
    await until('a dead letter', async () => (await old[0]?.bus.deadLetters.count()) === 1, roundsMs);
    expect(Date.now() - startedAtMs).toBeGreaterThanOrEqual(1_000);
    await afterRounds();
    const letters = (await old[0]?.bus.deadLetters.list()) ?? [];
    expect(letters.map(({ reason }) => reason)).toEqual([
      `no router could read version ${batchVersion + 1} within 1000 ms`,
    ]);
    expect(await pending()).toEqual([]);
    const upgraded = await router({ codec: nextRelease });
    expect(await upgraded.bus.deadLetters.redrive()).toBe(1);
    await until('redriven', () => upgraded.seen.map(textOf).includes('late'), roundsMs);
  });

  it('[DR-8] more of them than one read takes hide nothing from the older routers', async () => {
    const old = await router();
    for (let n = 0; n < limits.readEntriesMax + 20; n++) await append(`${n}`, batchVersion + 1);
    await append('ours', batchVersion);
    await until('ours', () => old.seen.length === 1, roundsMs);
    await until('set aside', async () => (await pending()).every(([owner]) => owner.startsWith('newer:')));
  });
});

describe('Redis bus: commands of a newer release in an inbox', () => {
  it('[DR-8] are dropped out loud; what can be read before and after them is handed over', async () => {
    const fixture = await redisFixture();
    try {
      const { bus, telemetry } = await fixture.open();
      const seen: string[] = [];
      await bus.openInbox('e9', {
        onCommands: (commands) => void seen.push(...commands.map(({ kind }) => kind)),
        onLost: () => {},
      });
      const done = [7, 1, 0x61, 1, 0x62];
      const [stream] = (await fixture.raw.call('KEYS', ['*:inbox:e9}'])) as [string];
      const put = (name: string, bytes: number[]) => fixture.raw.call('XADD', [stream, '*', name, Buffer.from(bytes)]);
      await put('w:1', [1, ...done, 200, 1, 2]);
      await put('w:2', [2, ...done]);
      await put('w:3', [1, ...done]);
      await until('the last', () => seen.length === 2);
      expect(seen).toEqual(['DONE', 'DONE']);
      const { inboxUndeliveredTotal } = telemetry.metrics;
      expect(await counted(inboxUndeliveredTotal, { reason: 'newer' })).toBe(1);
      expect(await counted(inboxUndeliveredTotal, { reason: 'failed' })).toBe(1);
    } finally {
      await fixture.stop();
    }
  });
});
