import type { InboxAddress, RedisSettings } from '@sluice/contracts';
import { keySlot, slotCount } from './key-slot.js';

/** Consumer group of all routers: the only group on the frame stream, so that an entry can be deleted when it is acknowledged. */
export const routerGroup = 'routers';

/** The field of a stream entry that holds its batch. One letter: every entry carries it. */
export const batchField = 'b';

/** Keys of one shard. They share a hash tag, because scripts touch several of them at once. */
export interface ShardKeys {
  readonly index: number;
  /** As metric label. */
  readonly label: string;
  /** Stream of batches of envelopes. */
  readonly stream: string;
  /** Stream of dead letters. */
  readonly dead: string;
  /** Hash: entry id → bitmap of its settled envelopes. */
  readonly progress: string;
  /** Counter: entries gone unread that have been reported. */
  readonly lost: string;
  /** First part of the leases of workers; the consumer's name follows. */
  readonly leasePrefix: string;
}

export interface InboxKeys {
  /** Stream of batches of commands; it exists as long as its owner's lease. */
  readonly stream: string;
  /** Token of the life that owns the inbox. */
  readonly owner: string;
}

/** Every Redis key of the bus. Background jobs have `jobsPrefix`, which BullMQ extends by itself. */
export interface BusKeys {
  readonly shards: readonly ShardKeys[];
  inbox(address: InboxAddress): InboxKeys;
  readonly jobsPrefix: string;
}

export function busKeys(settings: Pick<RedisSettings, 'keyPrefix' | 'shards'>): BusKeys {
  const { keyPrefix, shards } = settings;
  if (/[{}\s]/.test(keyPrefix)) throw new RangeError(`key prefix "${keyPrefix}" may not contain braces or blanks`);
  if (!Number.isInteger(shards) || shards < 1) throw new RangeError(`shards must be a positive integer, not ${shards}`);
  return {
    shards: Array.from({ length: shards }, (_, index) => shardKeys(shardTag(keyPrefix, index, shards), index)),
    inbox: (address) => ({ stream: `{${keyPrefix}:inbox:${address}}`, owner: `{${keyPrefix}:inbox:${address}}:owner` }),
    jobsPrefix: `{${keyPrefix}:jobs}`,
  };
}

function shardKeys(tag: string, index: number): ShardKeys {
  return {
    index,
    label: String(index),
    stream: `{${tag}}`,
    dead: `{${tag}}:dead`,
    progress: `{${tag}}:progress`,
    lost: `{${tag}}:lost`,
    leasePrefix: `{${tag}}:worker:`,
  };
}

/**
 * The hash tag of a shard. Plain numbers hash to slots at random, and 16 shards on 4 nodes would then often mean 7 on one and
 * 1 on another. Nodes own contiguous slot ranges, so shard i of S gets a tag from the middle of the i-th of S equal ranges;
 * only from the middle, because the ranges of the nodes may end inside it.
 */
function shardTag(keyPrefix: string, index: number, shards: number): string {
  const plain = `${keyPrefix}:frames:${index}`;
  if (shards === 1) return plain;
  for (let attempt = 0; ; attempt++) {
    const tag = attempt === 0 ? plain : `${plain}.${attempt}`;
    if (Math.abs((keySlot(tag) * shards) / slotCount - index - 0.5) < 0.05) return tag;
  }
}
