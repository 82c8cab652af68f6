import { describe, expect, it } from 'vitest';
import { keySlot, slotCount } from './key-slot.js';
import { busKeys } from './keys.js';

/** Which of `nodes` masters owns a slot where slots were dealt out as `redis-cli --cluster create` does. */
function nodeOf(slot: number, nodes: number): number {
  return Math.min(nodes - 1, Math.floor(slot / (slotCount / nodes)));
}

describe('keys', () => {
  it('computes the slots of the Redis Cluster specification', () => {
    expect(keySlot('123456789')).toBe(0x31c3);
    expect(keySlot('foo')).toBe(12182);
    expect(keySlot('{user1000}.following')).toBe(keySlot('{user1000}.followers'));
    expect(keySlot('foo{}{bar}')).toBe(8363);
    expect(keySlot('foo{{bar}}zap')).toBe(keySlot('{bar'));
  });

  it('spreads shards evenly over 1 to 16 nodes: max/min ≤ 1.5 from four shards a node on', () => {
    for (let nodes = 1; nodes <= 16; nodes++) {
      for (const shards of [4 * nodes, 4 * nodes + 1, 5 * nodes - 1, 64]) {
        if (shards < 4 * nodes) continue;
        const counts = new Array<number>(nodes).fill(0);
        for (const shard of busKeys({ keyPrefix: 'sluice', shards }).shards) {
          const node = nodeOf(keySlot(shard.stream), nodes);
          counts[node] = (counts[node] ?? 0) + 1;
        }
        expect(Math.max(...counts) / Math.min(...counts), `${shards} shards on ${nodes} nodes`).toBeLessThanOrEqual(
          1.5,
        );
      }
    }
  });

  it('keeps everything of one shard, and everything of one inbox, in one slot', () => {
    const keys = busKeys({ keyPrefix: 'a:b', shards: 16 });
    for (const shard of keys.shards) {
      const slot = keySlot(shard.stream);
      for (const key of [shard.dead, shard.progress, shard.lost, `${shard.leasePrefix}x`])
        expect(keySlot(key)).toBe(slot);
    }
    const inbox = keys.inbox('e7');
    expect(keySlot(inbox.owner)).toBe(keySlot(inbox.stream));
    expect(new Set(keys.shards.map((shard) => shard.stream)).size).toBe(16);
  });

  it('refuses a prefix that would break the hash tags', () => {
    expect(() => busKeys({ keyPrefix: 'a{b', shards: 1 })).toThrow('braces');
    expect(() => busKeys({ keyPrefix: 'a', shards: 0 })).toThrow('positive');
  });
});
