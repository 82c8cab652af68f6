import { type Batch, batchVersion, readBatch } from '@sluice/contracts';
import type { RedisLink } from '@sluice/redis';
import type { Telemetry } from '@sluice/telemetry';
import type { InboxSender } from './inbox-sender.js';
import { routerGroup, type ShardKeys } from './keys.js';
import type { BusTiming } from './timing.js';

/** What a member of the router group is made of. */
export interface ConsumerParts {
  /** Name within the group: this life of the process. */
  name: string;
  shards: readonly ShardKeys[];
  /** For each blocking connection the shards that it reads. */
  readers: { link: RedisLink; shards: readonly ShardKeys[] }[];
  commands: RedisLink;
  sender: InboxSender;
  telemetry: Telemetry;
  timing: BusTiming;
  codec: BatchCodec;
}

/** What a router can read: batches up to this version. */
export interface BatchCodec {
  version: number;
  read(bytes: Buffer): Batch;
}

export const batchCodec: BatchCodec = { version: batchVersion, read: readBatch };

/** Makes the router group, at id 0, so that entries appended before it are delivered too. Harmless where it exists. */
export async function ensureGroup(link: RedisLink, shard: ShardKeys): Promise<void> {
  try {
    await link.call('XGROUP', ['CREATE', shard.stream, routerGroup, '0', 'MKSTREAM']);
  } catch (error) {
    if (!(error as Error).message.startsWith('BUSYGROUP')) throw error;
  }
}
