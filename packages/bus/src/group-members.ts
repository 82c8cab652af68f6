import type { RedisLink } from '@sluice/redis';
import { routerGroup, type ShardKeys } from './keys.js';

/** A consumer of the router group and how many entries it has. */
export interface GroupMember {
  name: string;
  pending: number;
}

/** All members that Redis knows of, dead ones included. Rejects with NOGROUP where the group has to be made again. */
export async function groupMembers(link: RedisLink, shard: ShardKeys): Promise<GroupMember[]> {
  const rows = (await link.call('XINFO', ['CONSUMERS', shard.stream, routerGroup])) as unknown[][];
  return rows.map((row) => ({ name: String(field(row, 'name')), pending: Number(field(row, 'pending')) }));
}

function field(row: unknown[], name: string): unknown {
  const at = row.indexOf(name);
  return at === -1 ? undefined : row[at + 1];
}
