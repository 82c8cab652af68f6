import { limits } from '@sluice/contracts';
import type { RedisLink } from '@sluice/redis';
import type { Metrics, Telemetry } from '@sluice/telemetry';
import { deadLetterCauses } from './dead-letter-entry.js';
import { routerGroup, type ShardKeys } from './keys.js';
import { shardState } from './lua/shard-state-3.js';

/** Counters of a shard that alerts watch start at zero: a series that begins with its first event hides it from `increase`. */
export function zeroShardCounters({ label }: ShardKeys, metrics: Metrics): void {
  for (const reason of ['body_missing', 'unread']) metrics.streamLostTotal.labels(label, reason);
  for (const cause of deadLetterCauses) metrics.deadLettersTotal.labels(label, cause);
}

/** Brings the gauges of one shard up to date, and reports entries that have gone from it unread. */
export async function observeShard(link: RedisLink, shard: ShardKeys, { metrics, log }: Telemetry): Promise<void> {
  const keys = [shard.stream, shard.dead, shard.lost];
  const reply = (await link.script(shardState, keys, [routerGroup, limits.lossCheckPendingMax])) as unknown[];
  const [length, lag, pending, firstId, dead, nowMs, lost, memoryUsed, memoryMax] = reply.map(String);
  const { label } = shard;
  metrics.streamLength.labels(label).set(Number(length));
  // After deletions inside the stream Redis cannot tell the lag: the age of the oldest entry is the primary signal then.
  if (Number(lag) >= 0) metrics.streamLag.labels(label).set(Number(lag));
  metrics.streamPending.labels(label).set(Number(pending));
  const bornMs = Number(firstId?.split('-')[0]);
  const ageSeconds = firstId === '' ? 0 : Math.max(0, (Number(nowMs) - bornMs) / 1_000);
  metrics.streamOldestAgeSeconds.labels(label).set(ageSeconds);
  metrics.deadLetters.labels(label).set(Number(dead));
  metrics.deadLettersLimit.labels(label).set(limits.deadLettersMax);
  if (memoryUsed !== '') metrics.redisMemoryUsedBytes.labels(label).set(Number(memoryUsed));
  if (memoryMax !== '') metrics.redisMemoryMaxBytes.labels(label).set(Number(memoryMax));
  const lostCount = Number(lost);
  if (lostCount === 0) return;
  metrics.streamLostTotal.labels(label, 'unread').inc(lostCount);
  log.error('bus.lost_entry', `${lostCount} entries have gone from the stream unread: accepted frames are lost`, {
    count: lostCount,
  });
}
