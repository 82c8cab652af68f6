import type { RedisLink } from '@sluice/redis';
import type { Telemetry } from '@sluice/telemetry';
import { routerGroup, type ShardKeys } from './keys.js';
import { shardState } from './lua/shard-state-2.js';

/** Brings the gauges of one shard up to date: a few counts and ids, no bodies. */
export async function observeShard(link: RedisLink, shard: ShardKeys, { metrics }: Telemetry): Promise<void> {
  const reply = (await link.script(shardState, [shard.stream, shard.dead], [routerGroup])) as unknown[];
  const [length, lag, pending, firstId, dead, nowMs] = reply.map(String);
  const { label } = shard;
  metrics.streamLength.labels(label).set(Number(length));
  // After deletions inside the stream Redis cannot tell the lag: the age of the oldest entry is the primary signal then.
  if (Number(lag) >= 0) metrics.streamLag.labels(label).set(Number(lag));
  metrics.streamPending.labels(label).set(Number(pending));
  const bornMs = Number(firstId?.split('-')[0]);
  const ageSeconds = firstId === '' ? 0 : Math.max(0, (Number(nowMs) - bornMs) / 1_000);
  metrics.streamOldestAgeSeconds.labels(label).set(ageSeconds);
  metrics.deadLetters.labels(label).set(Number(dead));
}
