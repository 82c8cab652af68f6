import { limits } from '@sluice/contracts';
import type { EntrySettler } from './entry-settler.js';
import type { GroupMember } from './group-members.js';
import { routerGroup, type ShardKeys } from './keys.js';
import { parkEntry } from './lua/park-entry-1.js';
import type { ConsumerParts } from './router-group.js';

const parkedForm = /^newer:(\d{1,3})$/;

/** The version that a consumer of the group stands for; undefined for a router. */
export function parkedVersion(consumer: string): number | undefined {
  const match = parkedForm.exec(consumer);
  return match === null ? undefined : Number(match[1]);
}

/**
 * Entries of a later release, during an upgrade or after a rollback. They are pending under the name `newer:<version>`, which is no
 * process and so has no lease: a router that reads that version claims them like those of a dead peer, at its next round, and one
 * that does not passes them by. What waits in vain for `newerEntryMsMax` becomes a dead letter, which a newer router can redrive.
 */
export class NewerEntries {
  constructor(
    private readonly parts: ConsumerParts,
    private readonly settler: EntrySettler,
  ) {}

  /** Rejects while Redis is away: the entry stays pending under our name, and is found again by the next round. */
  async park(shard: ShardKeys, id: string, version: number): Promise<void> {
    const { commands, name, telemetry } = this.parts;
    const moved = await commands.script(parkEntry, [shard.stream], [routerGroup, name, `newer:${version}`, id]);
    if (Number(moved) === 0) return;
    telemetry.metrics.streamNewerTotal.labels(shard.label).inc();
    telemetry.log.warn(
      'bus.newer_entry',
      `an entry of version ${version} is left to routers of a newer release; are any running?`,
      { version },
    );
  }

  /** Of several peers the claim lets one bury an entry, and none that a newer router has taken meanwhile. */
  async buryOverdue(shard: ShardKeys, { name: parked }: GroupMember): Promise<void> {
    const { commands, name, timing } = this.parts;
    const idleMs = timing.newerEntryMsMax;
    const range = [shard.stream, routerGroup, 'IDLE', idleMs, '-', '+', limits.readEntriesMax, parked];
    const overdue = (await commands.call('XPENDING', range)) as [string, string, number, number][];
    for (const [id, , , count] of overdue) {
      const claim = [shard.stream, routerGroup, name, idleMs, id, 'RETRYCOUNT', count];
      const [entry] = (await commands.callBuffer('XCLAIM', claim)) as [id: Buffer, fields: Buffer[]][];
      const body = entry?.[1]?.[1];
      if (body === undefined) continue;
      const reason = `no router could read version ${parkedVersion(parked)} within ${idleMs} ms`;
      await this.settler.buryEntry(shard, id, body, reason, count);
    }
  }
}
