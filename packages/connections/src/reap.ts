import { randomUUID } from 'node:crypto';
import { limits } from '@sluice/contracts';
import type { RedisClient } from '@sluice/redis';
import type { ConnectionRecord } from './connection-store.js';
import type { ConnectionKeys, NodeKeys } from './keys.js';
import { decodeRecord, encodeId } from './record-codec.js';
import { finishScript, forgetScript, takeOverScript } from './scripts.js';
import type { ConnectionTiming } from './timing.js';

export type Emit = (records: ConnectionRecord[]) => Promise<void>;

/**
 * One sweep over all nodes. Each node's own keys decide what it is, so sweeps of several processes may overlap: the reaper
 * key makes one of them the winner, and passes to another when the winner dies at its work.
 */
export class Sweep {
  private readonly token = randomUUID();
  nodes = 0;
  connections = 0;

  constructor(
    private readonly client: RedisClient,
    private readonly keys: ConnectionKeys,
    private readonly timing: ConnectionTiming,
    private readonly emit: Emit,
  ) {}

  /** Rejects when the store is away or `emit` rejected; what was not finished stays for the next sweep. */
  async run(): Promise<void> {
    const errors: unknown[] = [];
    for (const member of await this.client.smembers(this.keys.nodes)) {
      const node = this.keys.node(Number(member));
      try {
        if (await this.reapNode(node)) await this.client.srem(this.keys.nodes, member);
      } catch (error) {
        // One node whose shard is away must not keep the others from being reaped.
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }

  /** True where the node is finished: at most its tombstone is left. */
  private async reapNode(node: NodeKeys): Promise<boolean> {
    const { reapSuspectMs, leaseMs } = this.timing;
    const keys = [node.lease, node.node, node.reaper];
    const state = await takeOverScript.run(this.client, keys, [this.token, reapSuspectMs, leaseMs]);
    if (state === 'absent') return true;
    if (state !== 'taken') return false;
    this.nodes += 1;
    let finished = false;
    try {
      await this.emitConnections(node);
    } finally {
      // Also after a failure: it lets go of the node, so that the next sweep need not wait for the reaper key to end.
      const args = [this.token, limits.nodeTombstoneMs];
      finished = (await finishScript.run(this.client, [node.node, node.connections, node.reaper], args)) === 1;
    }
    return finished;
  }

  private async emitConnections(node: NodeKeys): Promise<void> {
    let cursor = '0';
    do {
      const [next, entries] = await this.client.hscanBuffer(
        node.connections,
        cursor,
        'COUNT',
        limits.reapChunkConnections,
      );
      // HSCAN may give a field twice while the hash is rehashed.
      const byId = new Map<string, ConnectionRecord>();
      for (let i = 0; i + 1 < entries.length; i += 2) {
        const record = decodeRecord(entries[i] as Buffer, entries[i + 1] as Buffer);
        byId.set(record.connectionId, record);
      }
      const records = [...byId.values()];
      // A small hash is given back whole, whatever COUNT says.
      for (let start = 0; start < records.length; start += limits.reapChunkConnections) {
        const stillOurs = await this.emitChunk(node, records.slice(start, start + limits.reapChunkConnections));
        if (!stillOurs) return;
      }
      cursor = next.toString();
    } while (cursor !== '0');
  }

  private async emitChunk(node: NodeKeys, records: ConnectionRecord[]): Promise<boolean> {
    await this.emit(records);
    const ids = records.map(({ connectionId }) => encodeId(connectionId));
    const args = [this.token, this.timing.leaseMs, ...ids];
    const stillOurs = (await forgetScript.run(this.client, [node.reaper, node.connections], args)) === 1;
    if (stillOurs) this.connections += records.length;
    return stillOurs;
  }
}
