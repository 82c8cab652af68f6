import type { RedisLink } from '@sluice/redis';
import type { DeadLetter, DeadLetters } from './bus.js';
import { readDeadLetter } from './dead-letter-entry.js';
import { type BusKeys, batchField, type ShardKeys } from './keys.js';
import { redrive } from './lua/redrive-2.js';

type RangeReply = [id: Buffer, fields: Buffer[]][];

const listDefault = 100;
const redriveStep = 100;

/** The dead-letter streams of all shards as one list. An id is `<time>-<sequence>:<shard>`, so that ids order by age. */
export class RedisDeadLetters implements DeadLetters {
  constructor(
    private readonly keys: BusKeys,
    private readonly link: () => RedisLink,
  ) {}

  async count(): Promise<number> {
    const lengths = await Promise.all(this.keys.shards.map((shard) => this.link().call('XLEN', [shard.dead])));
    return lengths.reduce<number>((sum, length) => sum + Number(length), 0);
  }

  async list(options: { countMax?: number; afterId?: string } = {}): Promise<DeadLetter[]> {
    const countMax = options.countMax ?? listDefault;
    const after = options.afterId === undefined ? undefined : parseId(options.afterId);
    const parts = await Promise.all(
      this.keys.shards.map(async (shard) => {
        // Of equal times, lower shards have been listed already.
        const start = after === undefined ? '-' : shard.index <= after.shard ? `(${after.entryId}` : after.entryId;
        const args = [shard.dead, start, '+', 'COUNT', countMax];
        const entries = (await this.link().callBuffer('XRANGE', args)) as RangeReply;
        return entries.map(([id, fields]) => readDeadLetter(`${id}:${shard.label}`, fields));
      }),
    );
    return parts.flat().sort(byAge).slice(0, countMax);
  }

  async redrive(ids?: string[]): Promise<number> {
    if (ids === undefined) {
      const moved = await Promise.all(this.keys.shards.map((shard) => this.redriveAll(shard)));
      return moved.reduce((sum, count) => sum + count, 0);
    }
    let moved = 0;
    for (const shard of this.keys.shards) {
      const own = ids.map(parseId).filter((id) => id.shard === shard.index);
      for (let at = 0; at < own.length; at += redriveStep) {
        moved += await this.move(
          shard,
          own.slice(at, at + redriveStep).map((id) => id.entryId),
        );
      }
    }
    return moved;
  }

  /** Everything that is dead now; what dies again meanwhile is left, or it would go round for ever. */
  private async redriveAll(shard: ShardKeys): Promise<number> {
    const newest = (await this.link().callBuffer('XREVRANGE', [shard.dead, '+', '-', 'COUNT', 1])) as RangeReply;
    const last = newest[0]?.[0];
    let moved = 0;
    while (last !== undefined) {
      const args = [shard.dead, '-', String(last), 'COUNT', redriveStep];
      const entries = (await this.link().callBuffer('XRANGE', args)) as RangeReply;
      if (entries.length === 0) break;
      moved += await this.move(
        shard,
        entries.map(([id]) => String(id)),
      );
    }
    return moved;
  }

  private async move(shard: ShardKeys, entryIds: string[]): Promise<number> {
    return Number(await this.link().script(redrive, [shard.dead, shard.stream], [batchField, ...entryIds]));
  }
}

/** Throws `RangeError` for what is no id of a dead letter. */
function parseId(id: string): { entryId: string; time: number; sequence: number; shard: number } {
  const match = /^(\d+)-(\d+):(\d+)$/.exec(id);
  if (match === null) throw new RangeError(`"${id}" is no id of a dead letter`);
  return {
    entryId: `${match[1]}-${match[2]}`,
    time: Number(match[1]),
    sequence: Number(match[2]),
    shard: Number(match[3]),
  };
}

function byAge(a: DeadLetter, b: DeadLetter): number {
  const left = parseId(a.id);
  const right = parseId(b.id);
  return left.time - right.time || left.sequence - right.sequence || left.shard - right.shard;
}
